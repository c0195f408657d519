//! As what each kind of field in a package is kept. What is wrong goes to the faults.

use std::hash::Hash;

use concord_entities::instant::Day;

use crate::error::Faults;
use crate::lists;
use crate::survivor::contact::plan::SafeContactPlan;
use crate::text;
use crate::wire::scalars::Date;

/// A part of a package, of which every field can be had as it is kept.
pub(super) trait Tidied {
    /// Has every field as it is kept.
    fn tidied(&mut self, at: &mut FieldPlace<'_>);
}

/// Where something stands in the arguments, on which day that is judged, and what was found wrong.
pub(super) struct FieldPlace<'a> {
    /// Where it stands.
    pub(super) path: String,
    /// The day on which it is said.
    pub(super) today: Day,
    /// What is wrong.
    pub(super) faults: &'a mut Faults,
}

impl FieldPlace<'_> {
    /// Returns the place of a field within this one, by the name that Rust has for it.
    pub(super) fn of(&mut self, field: &str) -> FieldPlace<'_> {
        let mut words = field.split('_');
        let first = words.next().unwrap_or_default();
        let rest = words.map(|word| {
            let (initial, end) = word.split_at(word.len().min(1));
            initial.to_uppercase() + end
        });
        FieldPlace {
            path: format!("{}.{first}{}", self.path, rest.collect::<String>()),
            today: self.today,
            faults: self.faults,
        }
    }

    fn require(&mut self, holds: bool, remedy: &str) {
        self.faults.require(holds, self.path.as_str(), remedy);
    }
}

impl Tidied for SafeContactPlan {
    fn tidied(&mut self, at: &mut FieldPlace<'_>) {
        self.tidy(&at.path, at.faults);
    }
}

/// A text of one line.
pub(super) fn line(said: &mut Option<String>, at: &mut FieldPlace<'_>) {
    if let Some(said) = said {
        *said = text::line_at(at.faults, at.path.as_str(), said, text::LINE);
    }
}

/// A text that may have several lines.
pub(super) fn prose(said: &mut Option<String>, at: &mut FieldPlace<'_>) {
    if let Some(said) = said {
        *said = text::prose_at(at.faults, at.path.as_str(), said, text::PROSE);
    }
}

/// Texts of one line, each once.
pub(super) fn lines(said: &mut Option<Vec<String>>, at: &mut FieldPlace<'_>) {
    if let Some(said) = said {
        *said = text::lines_at(at.faults, &at.path, said);
    }
}

/// Codes, each once.
pub(super) fn set<T: Clone + Eq + Hash>(said: &mut Option<Vec<T>>, _: &mut FieldPlace<'_>) {
    *said = said.take().map(lists::once);
}

/// A number of something.
pub(super) fn count(said: &mut Option<i32>, at: &mut FieldPlace<'_>) {
    at.require(
        said.is_none_or(|number| number >= 0),
        "not a negative number",
    );
}

/// What has one spelling only.
pub(super) fn any<T>(_: &mut Option<T>, _: &mut FieldPlace<'_>) {}

/// A country (ISO 3166-1 alpha-2).
pub(super) fn country(said: &mut Option<String>, at: &mut FieldPlace<'_>) {
    if let Some(said) = said {
        *said = one_country(said, at);
    }
}

/// Countries, each once.
pub(super) fn countries(said: &mut Option<Vec<String>>, at: &mut FieldPlace<'_>) {
    *said = said.take().map(|codes| {
        let codes = codes.iter().enumerate();
        let known = codes.map(|(nth, code)| one_country(code, &mut at.of(&nth.to_string())));
        lists::once(known.collect())
    });
}

fn one_country(code: &str, at: &mut FieldPlace<'_>) -> String {
    let code = code.trim().to_ascii_uppercase();
    let text = "not a country: write its two letters of ISO 3166-1, such as `GT`";
    at.require(rust_iso3166::from_alpha2(&code).is_some(), text);
    code
}

/// A currency (ISO 4217).
pub(super) fn currency(said: &mut Option<String>, at: &mut FieldPlace<'_>) {
    if let Some(said) = said {
        *said = said.trim().to_ascii_uppercase();
        let text = "not a currency: write its three letters of ISO 4217, such as `USD`";
        at.require(iso_currency::Currency::from_code(said).is_some(), text);
    }
}

/// A day of birth.
pub(super) fn birth(said: &mut Option<Date>, at: &mut FieldPlace<'_>) {
    /// The days of 130 years.
    const OLDEST: i32 = 130 * 365 + 32;
    // A day ahead, for those whose day has begun before UTC's.
    let lived = at.today.plus_days(1 - OLDEST)..=at.today.plus_days(1);
    let text = "a day of birth, not to come and less than 130 years ago";
    at.require(said.is_none_or(|day| lived.contains(&day.0)), text);
}
