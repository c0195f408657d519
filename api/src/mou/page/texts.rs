//! The words of the page, one file a language. Pure.

use std::collections::HashMap;
use std::sync::LazyLock;

use concord_entities::instant::{Day, Instant};
use concord_entities::promise::StoredPromise;
use concord_entities::vocabulary::{DataCategory, MouKind, MouStatus, Need, Purpose};
use serde::Deserialize;

use crate::consent::form::texts::{FormLanguage, fill};

/// The words of one language; what each is for, its file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MouTexts {
    pub(super) heading: String,
    pub(super) between: String,
    pub(super) purpose_heading: String,
    pub(super) responsibilities_heading: String,
    promise: String,
    promise_people: String,
    pub(super) services_heading: String,
    pub(super) information_heading: String,
    pub(super) ceiling: String,
    pub(super) nothing: String,
    pub(super) confidentiality_heading: String,
    pub(super) obligations_heading: String,
    pub(super) qsoa: String,
    pub(super) breach_heading: String,
    pub(super) breach: String,
    pub(super) training_heading: String,
    pub(super) conflict_heading: String,
    pub(super) term_heading: String,
    pub(super) term: String,
    pub(super) review: String,
    pub(super) ending_heading: String,
    pub(super) notice: String,
    pub(super) at_once: String,
    pub(super) signatures_heading: String,
    pub(super) signing: String,
    pub(super) signed: String,
    pub(super) sign_line: String,
    pub(super) name_line: String,
    pub(super) title_line: String,
    pub(super) date_line: String,
    pub(super) document: String,
    pub(super) version: String,
    pub(super) missing_language: String,
    date: String,
    months: [String; 12],
    needs: HashMap<Need, String>,
    pub(super) kinds: HashMap<MouKind, String>,
    pub(super) statuses: HashMap<MouStatus, String>,
    pub(super) categories: HashMap<DataCategory, String>,
    pub(super) purposes: HashMap<Purpose, String>,
}

/// A language's file cannot be read, which a test would have noticed.
#[derive(Debug, thiserror::Error)]
#[error("the page's texts are broken: {0}")]
pub struct MouTextsError(String);

type Read = Result<MouTexts, String>;

static ENGLISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("en.toml")));
static SPANISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("es.toml")));

fn read(file: &str) -> Read {
    toml::from_str(file).map_err(|fault| fault.to_string())
}

/// Returns a language's words.
pub(super) fn of(language: FormLanguage) -> Result<&'static MouTexts, MouTextsError> {
    let read: &'static Read = match language {
        FormLanguage::English => &ENGLISH,
        FormLanguage::Spanish => &SPANISH,
    };
    read.as_ref().map_err(|fault| MouTextsError(fault.clone()))
}

impl MouTexts {
    /// Writes a day in words.
    pub(super) fn write(&self, day: Day) -> String {
        let text = day.to_string();
        let parts: Vec<&str> = text.split('-').collect();
        let &[year, month, day] = parts.as_slice() else {
            return text;
        };
        let number = month.parse::<usize>().ok();
        let month = number
            .and_then(|number| self.months.get(number.checked_sub(1)?))
            .map_or("", String::as_str);
        let day = day.trim_start_matches('0');
        fill(
            &self.date,
            &[("year", year), ("month", month), ("day", day)],
        )
    }

    /// Writes a promise in words, its languages and areas by their codes.
    pub(super) fn promised(&self, promise: &StoredPromise) -> String {
        let needs: Vec<_> = promise
            .needs
            .iter()
            .filter_map(|need| self.needs.get(&need).map(String::as_str))
            .collect();
        let areas: Vec<_> = promise.areas.iter().map(ToString::to_string).collect();
        let values = [
            ("needs", &*needs.join(", ")),
            ("languages", &*promise.languages.join(", ")),
            ("areas", &*areas.join(", ")),
        ];
        let said = fill(&self.promise, &values);
        let people = promise.capacity.map(|people| {
            let people = people.to_string();
            fill(&self.promise_people, &[("people", &people)])
        });
        people.map_or_else(|| said.clone(), |people| format!("{said} {people}"))
    }

    /// Writes the day of a moment in words.
    pub(super) fn write_day_of(
        &self,
        moment: Instant,
        zone: &concord_entities::zone::Zone,
    ) -> String {
        self.write(zone.day(moment))
    }
}
