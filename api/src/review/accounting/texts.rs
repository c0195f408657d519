//! The words of an accounting's page, one file a language. Pure.

use std::collections::HashMap;
use std::sync::LazyLock;

use concord_entities::vocabulary::{ContactChannel, MandateInstrument, OutsideRecipient};
use serde::Deserialize;

use crate::consent::form::texts::FormLanguage;

/// The words of one language; what each is for, its file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountingTexts {
    pub(super) title: String,
    pub(super) intro: String,
    pub(super) period: String,
    pub(super) nothing: String,
    pub(super) when: String,
    pub(super) once: String,
    pub(super) times: String,
    pub(super) what: String,
    pub(super) what_first: String,
    pub(super) what_later: String,
    pub(super) why: String,
    pub(super) consented: String,
    pub(super) mandated: String,
    pub(super) ordered_by: String,
    pub(super) gone: String,
    pub(super) ask_heading: String,
    pub(super) ask: Vec<String>,
    pub(super) document: String,
    pub(super) made: String,
    pub(super) missing_language: String,
    pub(super) staff: String,
    pub(super) staff_no_plan: String,
    pub(super) staff_never: String,
    pub(super) staff_open: String,
    pub(super) staff_open_until: String,
    pub(super) staff_later: String,
    pub(super) staff_no: String,
    pub(super) instruments: HashMap<MandateInstrument, String>,
    pub(super) outside: HashMap<OutsideRecipient, String>,
    pub(super) ways: HashMap<ContactChannel, String>,
}

/// A language's file cannot be read, which a test would have noticed.
#[derive(Debug, thiserror::Error)]
#[error("the accounting's texts are broken: {0}")]
pub struct AccountingTextsError(String);

type Read = Result<AccountingTexts, String>;

static ENGLISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("en.toml")));
static SPANISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("es.toml")));

fn read(file: &str) -> Read {
    toml::from_str(file).map_err(|fault| fault.to_string())
}

/// Returns a language's words.
pub(super) fn of(language: FormLanguage) -> Result<&'static AccountingTexts, AccountingTextsError> {
    let read: &'static Read = match language {
        FormLanguage::English => &ENGLISH,
        FormLanguage::Spanish => &SPANISH,
    };
    read.as_ref()
        .map_err(|fault| AccountingTextsError(fault.clone()))
}
