//! The words of the templates, one file a language, and what such MOUs usually permit. Pure.

use std::collections::HashMap;
use std::sync::LazyLock;

use concord_entities::grants::Grants;
use concord_entities::mou::Terms;
use concord_entities::vocabulary::DataCategory::{
    Contact, Demographics, Family, Identity, Language, Needs, Safety,
};
use concord_entities::vocabulary::{DataCategory, MouKind, Purpose};
use serde::Deserialize;

use crate::consent::form::texts::FormLanguage;

/// How many days such an MOU usually runs.
pub const TERM_DAYS: i32 = 365;
/// After how many days it is usually reviewed.
pub const REVIEW_AFTER_DAYS: i32 = 335;
/// Within how many hours a breach is told, where nothing else is agreed.
const BREACH_NOTICE_HOURS: u32 = 24;
/// How many days before leaving a party usually says so.
const TERMINATION_NOTICE_DAYS: u32 = 30;

/// The words of one template.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateTexts {
    /// Its title.
    pub title: String,
    /// What each party takes on.
    pub responsibilities: String,
    purpose: String,
    services: String,
    confidentiality: String,
    training: String,
    conflict_resolution: String,
}

/// A language's file cannot be read, which a test would have noticed.
#[derive(Debug, thiserror::Error)]
#[error("the templates' texts are broken: {0}")]
pub struct TemplateTextsError(String);

type Read = Result<HashMap<MouKind, TemplateTexts>, String>;

static ENGLISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("en.toml")));
static SPANISH: LazyLock<Read> = LazyLock::new(|| read(include_str!("es.toml")));

fn read(file: &str) -> Read {
    toml::from_str(file).map_err(|fault| fault.to_string())
}

/// Returns the words of a kind's template in a language.
///
/// # Errors
/// Where a file is broken.
pub fn of(
    kind: MouKind,
    language: FormLanguage,
) -> Result<&'static TemplateTexts, TemplateTextsError> {
    let read: &'static Read = match language {
        FormLanguage::English => &ENGLISH,
        FormLanguage::Spanish => &SPANISH,
    };
    let texts = read
        .as_ref()
        .map_err(|fault| TemplateTextsError(fault.clone()))?;
    let missing = || TemplateTextsError(format!("none for {kind}"));
    texts.get(&kind).ok_or_else(missing)
}

impl TemplateTexts {
    /// Returns its clauses, with the usual numbers.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            purpose: self.purpose.clone(),
            services: self.services.clone(),
            confidentiality: self.confidentiality.clone(),
            breach_notice_hours: BREACH_NOTICE_HOURS,
            training: self.training.clone(),
            conflict_resolution: self.conflict_resolution.clone(),
            termination_notice_days: TERMINATION_NOTICE_DAYS,
            qsoa: false,
        }
    }
}

/// Returns what an MOU of a kind usually permits: little, and nothing that a rule pack looks at twice.
#[must_use]
pub fn usual_grants(kind: MouKind) -> Grants {
    let some: &[(Purpose, &[DataCategory])] = match kind {
        MouKind::Referral => &[(
            Purpose::ServiceDelivery,
            &[Identity, Contact, Language, Needs],
        )],
        MouKind::InformationSharing => &[
            (Purpose::ServiceDelivery, &[Demographics, Language, Needs]),
            (Purpose::SafetyPlanning, &[Contact, Safety]),
        ],
        MouKind::JointServices => &[
            (
                Purpose::ServiceDelivery,
                &[Identity, Contact, Family, Language, Needs],
            ),
            (Purpose::HousingPlacement, &[Identity, Contact, Family]),
            (Purpose::SafetyPlanning, &[Contact, Safety]),
        ],
    };
    some.iter()
        .map(|(purpose, categories)| (*purpose, categories.iter().copied().collect()))
        .collect()
}
