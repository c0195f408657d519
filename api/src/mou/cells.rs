//! How an MOU stands in the cells of a spreadsheet: written where the register leaves, read where one comes in, so that each says
//! in the other what it said here.
//!
//! A spreadsheet takes what begins with certain characters for a formula, and may run it. What people wrote stands behind an
//! apostrophe where it begins so (OWASP, CSV injection), and comes in without it.

use std::collections::BTreeMap;

use concord_entities::grants::Grants;
use concord_entities::ids::AgencyId;
use concord_entities::name_key::NameKey;
use concord_entities::promise::StoredPromise;
use concord_entities::vocabulary::{Categories, Code, DataCategory, Need, Purpose};

use super::promises::{CAPACITY, Promise};
use crate::error::Faults;
use crate::wire::scalars::LanguageTag;

/// What stands between the agencies of one cell, and between promises: no spreadsheet takes it for the end of the cell.
pub(super) const BETWEEN: &str = " | ";

/// What may stand there where people write it.
const BETWEENS: [char; 3] = ['|', ';', '\n'];

/// Returns the parts of a cell, each without the spaces around it.
pub(super) fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(BETWEENS)
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Returns by what an agency is called in a cell of several: its name, or its id where the name would be taken for two.
pub(super) fn called(name: &str, id: AgencyId) -> String {
    if name.contains(BETWEENS) {
        id.to_string()
    } else {
        name.to_owned()
    }
}

/// Writes what the parties take on: once where it is the same for all, else each party's beneath its name and a colon.
pub(super) fn responsibilities(parties: &[(&str, &str)]) -> String {
    let mut different = parties.windows(2).filter(|two| match two {
        [(_, one), (_, other)] => one != other,
        _ => false,
    });
    match parties.first() {
        Some((_, all)) if different.next().is_none() => (*all).to_owned(),
        Some(_) | None => {
            let beneath = parties
                .iter()
                .map(|(party, own)| format!("{party}:\n{own}"));
            beneath.collect::<Vec<_>>().join("\n")
        }
    }
}

/// Reads what each of the parties takes on, in their order. None where the cell does not name all of them, each once, on lines
/// of their own with a colon: then it says the same of all.
pub(super) fn parted<'c>(cell: &'c str, parties: &[String]) -> Option<Vec<String>> {
    let keys: Vec<NameKey> = parties.iter().map(|party| NameKey::of(party)).collect();
    let headed = |line: &'c str| {
        let name = line.trim().strip_suffix(':')?;
        let key = NameKey::of(name);
        keys.iter().position(|party| *party == key)
    };
    let mut told: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut current = None;
    for line in cell.lines() {
        if let Some(party) = headed(line) {
            if told.insert(party, Vec::new()).is_some() {
                return None;
            }
            current = Some(party);
        } else {
            told.get_mut(&current?)?.push(line);
        }
    }
    let is_all = told.len() == parties.len();
    is_all.then(|| told.into_values().map(|lines| lines.join("\n")).collect())
}

/// Writes what is permitted: `HOUSING_PLACEMENT: CONTACT NEEDS; HEALTH_CARE: MEDICAL`.
pub(super) fn grants(grants: &Grants) -> String {
    let pairs = grants.iter().map(|(purpose, categories)| {
        let categories: Vec<_> = categories.iter().map(Code::code).collect();
        format!("{}: {}", purpose.code(), categories.join(" "))
    });
    pairs.collect::<Vec<_>>().join("; ")
}

/// Reads what is permitted; none where some of it is no code.
pub(super) fn read_grants(cell: &str) -> Option<Grants> {
    let pairs: Option<Vec<(Purpose, Categories)>> = parts(cell).map(grant).collect();
    Some(pairs?.into_iter().collect())
}

fn grant(pair: &str) -> Option<(Purpose, Categories)> {
    let (purpose, categories) = pair.split_once(':')?;
    let purpose = Purpose::from_code(purpose.trim())?;
    let categories = words(categories)
        .map(DataCategory::from_code)
        .collect::<Option<Categories>>()?;
    (!categories.is_empty()).then_some((purpose, categories))
}

fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([' ', ',']).filter(|word| !word.is_empty())
}

/// Writes what the parties promise: `North House: HOUSING LEGAL / en es / US-HI 15003 / 4`, the last where it says for how many.
pub(super) fn promises(parties: &[(&str, &[Promise])]) -> String {
    let promise = |party: &str, promise: &Promise| {
        let needs: Vec<_> = promise.needs.iter().map(|need| need.code()).collect();
        let languages: Vec<_> = promise.languages.iter().map(LanguageTag::as_str).collect();
        let mut told = vec![
            needs.join(" "),
            languages.join(" "),
            promise.areas.join(" "),
        ];
        told.extend(promise.capacity.map(|people| people.to_string()));
        format!("{party}: {}", told.join(" / "))
    };
    let all = parties
        .iter()
        .flat_map(|(party, made)| made.iter().map(move |one| promise(party, one)));
    all.collect::<Vec<_>>().join(BETWEEN)
}

/// A promise as a cell says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseCell {
    /// Whose it is, by name or id.
    pub party: String,
    /// What is promised.
    pub promise: StoredPromise,
}

/// Reads what the parties promise; what is wrong with it goes to `faults`.
pub(super) fn read_promises(cell: &str, faults: &mut Faults) -> Vec<PromiseCell> {
    let numbered = parts(cell).enumerate();
    let read = numbered.filter_map(|(index, said)| {
        let mut wrong = Faults::default();
        let read = read_promise(said, &format!("promises.{index}"), &mut wrong);
        match wrong.found() {
            Some(found) => {
                faults.extend(found);
                None
            }
            None => read,
        }
    });
    read.collect()
}

fn read_promise(said: &str, place: &str, faults: &mut Faults) -> Option<PromiseCell> {
    let form = "a party's name, a colon, and with `/` between them needs, languages, areas and for how many people, such as \
        `North House: HOUSING LEGAL / en es / US-HI 15003 / 4`; `|` between promises";
    // No code has a colon; a name may.
    let named = said.rsplit_once(':');
    let told: Vec<&str> = named
        .map(|(_, told)| told.split('/').map(str::trim).collect())
        .unwrap_or_default();
    let (Some((party, _)), [needs, languages, areas, rest @ ..]) = (named, told.as_slice()) else {
        faults.add(place, form);
        return None;
    };
    faults.require(rest.len() < 2, place, form);
    let promise = Promise {
        needs: read_codes(
            needs,
            &format!("{place}.needs"),
            &one_of_the_needs(),
            faults,
            |code| Need::from_code(&code.to_uppercase()),
        ),
        languages: read_codes(
            languages,
            &format!("{place}.languages"),
            "not a language tag: write one of BCP 47's registry, such as `es-GT`",
            faults,
            LanguageTag::new,
        ),
        areas: words(areas).map(str::to_uppercase).collect(),
        capacity: match rest.first().filter(|people| !people.is_empty()) {
            Some(people) => {
                let people = people.parse().ok();
                faults.require(people.is_some(), format!("{place}.capacity"), CAPACITY);
                people
            }
            None => None,
        },
    };
    // What is no code at all was told already.
    if faults.found().is_some() {
        return None;
    }
    Some(PromiseCell {
        party: party.trim().to_owned(),
        promise: promise.read(place, faults),
    })
}

fn one_of_the_needs() -> String {
    let all: Vec<&str> = Need::ALL.iter().map(|need| need.code()).collect();
    format!("one of {}", all.join(", "))
}

/// Reads codes, those that are none left out and added to `faults`.
fn read_codes<T>(
    cell: &str,
    place: &str,
    remedy: &str,
    faults: &mut Faults,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let numbered = words(cell).enumerate();
    let read = numbered.filter_map(|(index, code)| {
        let read = read(code);
        faults.require(read.is_some(), format!("{place}.{index}"), remedy);
        read
    });
    read.collect()
}

/// Writes whether something holds.
pub(super) fn flag(holds: bool) -> String {
    if holds {
        "true".to_owned()
    } else {
        String::new()
    }
}

/// Reads whether something holds; not where the cell is empty, and none where it says neither.
pub(super) fn read_flag(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "yes" | "verdadero" | "sí" => Some(true),
        "" | "false" | "no" | "falso" => Some(false),
        _ => None,
    }
}
