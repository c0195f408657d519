//! The files of texts: complete, alike, and with nothing that no page shows.

use std::collections::{BTreeMap, BTreeSet};

use concord::consent::form::page::{PaperSize, Subject};
use concord_entities::grants::Grants;
use concord_entities::vocabulary::{Code, ConsentStatus, DataCategory, Purpose};
use toml::{Table, Value};

use super::{longest, said, subject};

/// Each sentence of the form in a language, by its key.
pub fn sentences(language: &str) -> BTreeMap<String, String> {
    sentences_in("src/consent/form", language)
}

/// Each sentence of a language's file in a folder of the sources, by its key.
pub fn sentences_in(folder: &str, language: &str) -> BTreeMap<String, String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let file = folder.join(format!("{language}.toml"));
    let table: Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let mut found = BTreeMap::new();
    flatten("", &Value::Table(table), &mut found);
    found
}

fn flatten(key: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) => drop(found.insert(key.to_owned(), text.clone())),
        Value::Array(many) => {
            for (place, one) in many.iter().enumerate() {
                flatten(&format!("{key}.{place}"), one, found);
            }
        }
        Value::Table(table) => {
            for (name, one) in table {
                let key = format!("{key}.{name}");
                flatten(key.trim_start_matches('.'), one, found);
            }
        }
        other => panic!("{key}: {other:?}"),
    }
}

pub fn names(sentence: &str) -> BTreeSet<&str> {
    let behind = sentence.split('{').skip(1);
    behind.map(|rest| rest.split('}').next().unwrap()).collect()
}

#[test]
fn both_languages_have_the_same_keys_and_names() {
    let (english, spanish) = (sentences("en"), sentences("es"));
    assert!(english.len() > 70);
    let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&english), keys(&spanish));
    for (key, sentence) in &english {
        if key != "short_date" {
            assert_eq!(names(sentence), names(&spanish[key]), "{key}");
        }
        assert!(
            !sentence.trim().is_empty() && !spanish[key].trim().is_empty(),
            "{key}"
        );
        if !key.starts_with("months") && !key.ends_with("_date") && key.len() > 14 {
            assert_ne!(sentence, &spanish[key], "{key} is not translated");
        }
    }
    assert_eq!(names(&english["short_date"]), names(&spanish["short_date"]));
}

#[test]
fn every_code_has_its_words() {
    for language in ["en", "es"] {
        let texts = sentences(language);
        let missing = |key: String| !texts.contains_key(&key);
        let categories = DataCategory::ALL
            .iter()
            .map(|code| format!("categories.{code}"));
        let purposes = Purpose::ALL.iter().map(|code| format!("purposes.{code}"));
        let statuses = ConsentStatus::ALL
            .iter()
            .filter(|status| **status != ConsentStatus::Active)
            .map(|code| format!("statuses.{code}"));
        let missing: Vec<_> = categories
            .chain(purposes)
            .chain(statuses)
            .filter(|key| missing(key.clone()))
            .collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

#[test]
fn every_sentence_is_on_some_page() {
    for language in ["en", "es"] {
        let all = every_page(language);
        for (key, sentence) in sentences(language) {
            // Between the names that are put in, each piece stands as it is.
            let mut pieces: Vec<&str> = Vec::new();
            for piece in sentence.split('{') {
                pieces.push(piece.split_once('}').map_or(piece, |(_, behind)| behind));
            }
            for piece in pieces.iter().filter(|piece| piece.trim().len() > 1) {
                assert!(
                    all.contains(piece.trim()),
                    "{language}: {key}: no page says `{piece}`"
                );
            }
        }
    }
}

/// All that pages say: of everything, in every month, wherever it stands.
fn every_page(language: &str) -> String {
    let mut all = String::new();
    let mut add = |subject: &Subject, language: &str| {
        all.push_str(&said(&subject.page(language, PaperSize::A4).unwrap().html));
    };
    add(&longest(), language);
    add(&subject(), "vi");
    for status in ConsentStatus::ALL {
        let mut subject = subject();
        subject.status = *status;
        subject.consent.grants = Grants::EMPTY;
        add(&subject, language);
    }
    for month in 1..=12 {
        let mut subject = subject();
        subject.consent.expires_at = format!("2027-{month:02}-05T00:00:00Z").parse().unwrap();
        add(&subject, language);
    }
    all
}

#[test]
fn a_day_is_written_as_the_language_writes_it() {
    let until = |language: &str| {
        let text = super::say(&subject(), language);
        text.lines()
            .find(|line| line.contains("2026"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        until("en"),
        "It starts on March 1, 2026. It ends on May 9, 2026 (05/09/2026) at 17:30 (time zone: UTC), or sooner if you wish."
    );
    assert_eq!(
        until("es"),
        "Empieza el 1 de marzo de 2026. Termina el 9 de mayo de 2026 (09/05/2026) a las 17:30 (zona horaria: UTC), o antes si usted quiere."
    );
}

/// The page says its times by the clocks where the agency works, whatever they show elsewhere.
#[test]
fn times_are_those_where_the_agency_works() {
    let until = |zone: &str, end: &str, language: &str| {
        let mut subject = subject();
        subject.zone = zone.parse().unwrap();
        subject.consent.expires_at = end.parse().unwrap();
        let text = super::say(&subject, language);
        let line = text.lines().find(|line| line.contains("2026")).unwrap();
        line.to_owned()
    };
    assert_eq!(
        until("America/New_York", "2026-05-09T17:30:00Z", "en"),
        "It starts on February 28, 2026. It ends on May 9, 2026 (05/09/2026) at 13:30 (time zone: New York, EDT), or sooner if you wish."
    );
    assert_eq!(
        until("America/New_York", "2026-05-10T04:00:00Z", "en"),
        "It starts on February 28, 2026. It ends when May 9, 2026 (05/09/2026) is over (time zone: New York, EDT), or sooner if you wish."
    );
    assert_eq!(
        until("America/Tijuana", "2026-12-01T08:00:00Z", "es"),
        "Empieza el 28 de febrero de 2026. Termina cuando acaba el 30 de noviembre de 2026 (30/11/2026; zona horaria: Tijuana, PST), o antes si usted quiere."
    );
    assert_eq!(
        until("America/Sao_Paulo", "2026-05-09T17:30:00Z", "en"),
        "It starts on February 28, 2026. It ends on May 9, 2026 (05/09/2026) at 14:30 (time zone: Sao Paulo), or sooner if you wish."
    );
}
