//! The words of the form, one file a language. Pure.

use std::collections::HashMap;
use std::sync::LazyLock;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ConsentStatus, DataCategory, Purpose};
use concord_entities::zone::Zone;
use serde::Deserialize;

/// A language that there is a form in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormLanguage {
    /// English.
    English,
    /// Spanish.
    Spanish,
}

/// The words of one language; what each is for, its file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FormTexts {
    pub(super) title: String,
    pub(super) intro: String,
    pub(super) your_name: String,
    pub(super) who_heading: String,
    pub(super) who: String,
    pub(super) through: String,
    pub(super) what_heading: String,
    pub(super) what: String,
    pub(super) risks_heading: String,
    pub(super) risks: Vec<String>,
    pub(super) no_heading: String,
    pub(super) no: Vec<String>,
    pub(super) until_heading: String,
    pub(super) until: String,
    pub(super) until_whole_day: String,
    pub(super) after: String,
    pub(super) kept: String,
    pub(super) back_heading: String,
    pub(super) back: Vec<String>,
    pub(super) substance_use: String,
    pub(super) copy_heading: String,
    pub(super) copy: String,
    pub(super) sign_heading: String,
    pub(super) sign: String,
    pub(super) never_signs: String,
    pub(super) survivor: String,
    pub(super) guardian: String,
    pub(super) conservator: String,
    pub(super) witness: String,
    pub(super) interpreter: String,
    pub(super) interpreted_into: String,
    pub(super) sign_line: String,
    pub(super) date_line: String,
    pub(super) document: String,
    pub(super) version: String,
    pub(super) missing_language: String,
    date: String,
    short_date: String,
    months: [String; 12],
    pub(super) statuses: HashMap<ConsentStatus, String>,
    pub(crate) categories: HashMap<DataCategory, String>,
    pub(crate) purposes: HashMap<Purpose, String>,
}

/// A language's file cannot be read, which a test would have noticed.
#[derive(Debug, thiserror::Error)]
#[error("the form's texts are broken: {0}")]
pub struct FormTextsError(String);

type Read = Result<FormTexts, String>;

static ENGLISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("en.toml")));
static SPANISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("es.toml")));

fn read(file: &str) -> Read {
    toml::from_str(file).map_err(|fault| fault.to_string())
}

impl FormLanguage {
    /// Every language that there is a form in.
    pub const ALL: &[Self] = &[Self::English, Self::Spanish];

    /// Returns its tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// Returns the form's language for a tag: any region's Spanish is Spanish.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or("");
        Self::ALL
            .iter()
            .copied()
            .find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// Returns its words.
    pub(crate) fn texts(self) -> Result<&'static FormTexts, FormTextsError> {
        let read: &'static Read = match self {
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
        };
        read.as_ref().map_err(|fault| FormTextsError(fault.clone()))
    }
}

/// A moment in words and in digits, as the language writes it, by the clocks of a time zone.
pub(crate) struct WrittenMoment {
    /// The day in words.
    pub(crate) date: String,
    /// The day in digits.
    pub(super) short: String,
    /// Hour and minute.
    pub(crate) time: String,
}

impl FormTexts {
    /// Writes a moment, as the clocks of `zone` show it.
    pub(crate) fn write(&self, moment: Instant, zone: &Zone) -> WrittenMoment {
        let local = zone.local(moment);
        let text = local.map_or_else(|| moment.to_string(), |local| local.to_string());
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        let (year, month, day) = (part(0..4), part(5..7), part(8..10));
        let named = month
            .parse::<usize>()
            .ok()
            .and_then(|number| self.months.get(number.checked_sub(1)?))
            .map_or("", String::as_str);
        let fill = |pattern: &str| {
            fill(
                pattern,
                &[
                    ("year", year),
                    ("month", named),
                    ("mm", month),
                    ("day", day.trim_start_matches('0')),
                    ("dd", day),
                ],
            )
        };
        WrittenMoment {
            date: fill(&self.date),
            short: fill(&self.short_date),
            time: part(11..16).to_owned(),
        }
    }
}

/// Returns a sentence with what stands for each name in braces. What is put in is not looked through again.
pub(crate) fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}
