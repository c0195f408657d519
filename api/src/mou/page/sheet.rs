//! The page, made of an MOU and a language's words. What people agreed on stands in the words in which they wrote it. Pure.

use askama::Template;
use concord_entities::vocabulary::MouStatus;
use concord_entities::{mou, mou_party};

use super::texts::{self, MouTexts, MouTextsError};
use crate::consent::form::page::{FormPage, PaperSize};
use crate::consent::form::texts::{FormLanguage, fill};
use crate::mou::rules::packs::Obligation;

/// What the page is about.
#[derive(Clone, Debug)]
pub struct PrintedMou {
    /// The MOU.
    pub mou: mou::Model,
    /// Where it stands.
    pub status: MouStatus,
    /// Its parties, each with its agency's name.
    pub parties: Vec<(String, mou_party::Model)>,
    /// What the law asks of them.
    pub obligations: Vec<Obligation>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum MouPageError {
    /// A language's words cannot be read.
    #[error(transparent)]
    Texts(#[from] MouTextsError),
    /// The page cannot be made of them.
    #[error("the page cannot be made: {0}")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "mou_page.html")]
struct MouSheet<'s> {
    texts: &'static MouTexts,
    language: FormLanguage,
    style: &'s str,
    missing: Option<String>,
    status: Option<&'static str>,
    kind: &'static str,
    mou: &'s mou::Model,
    parties: Vec<PrintedParty<'s>>,
    grants: Vec<PermittedPurpose>,
    breach: String,
    term: String,
    review: Option<String>,
    notice: String,
    document: String,
    obligations: Vec<(&'static str, &'s str)>,
}

/// A party as the page shows it.
struct PrintedParty<'s> {
    name: &'s str,
    responsibilities: &'s str,
    promises: Vec<String>,
    signed: Option<PrintedSignature<'s>>,
}

/// A signature on record.
struct PrintedSignature<'s> {
    text: String,
    sha256: &'s str,
}

/// What may be told for one purpose, in words.
struct PermittedPurpose {
    purpose: &'static str,
    categories: Vec<&'static str>,
}

const STYLE: &str = include_str!("../../../templates/mou_page.css");

impl PrintedMou {
    /// Returns the page in the language that is asked for; in English where there is none, and then it says so.
    ///
    /// # Errors
    /// [`MouPageError`].
    pub fn page(&self, asked: &str, paper: PaperSize) -> Result<FormPage, MouPageError> {
        let found = FormLanguage::of(asked);
        let language = found.unwrap_or(FormLanguage::English);
        let texts = texts::of(language)?;
        let missing = found
            .is_none()
            .then(|| fill(&texts.missing_language, &[("tag", asked)]));
        let document = self.document(texts);
        let style = format!("{STYLE}{}", paper.sheets(&document));
        let sheet = self.sheet(texts, language, &style, missing);
        let html = sheet.render()?;
        Ok(FormPage::styled(html, language, &style))
    }

    /// Returns which document the page is.
    fn document(&self, texts: &MouTexts) -> String {
        let mou::Model { id, version, .. } = &self.mou;
        format!("{} {id}, {} {version}", texts.document, texts.version)
    }

    fn sheet<'s>(
        &'s self,
        texts: &'static MouTexts,
        language: FormLanguage,
        style: &'s str,
        missing: Option<String>,
    ) -> MouSheet<'s> {
        let mou = &self.mou;
        let hours = mou.terms.breach_notice_hours.to_string();
        let notice = match mou.terms.termination_notice_days {
            0 => texts.at_once.clone(),
            days => fill(&texts.notice, &[("days", &days.to_string())]),
        };
        let zone = mou.time_zone.to_string();
        let (first, last) = (texts.write(mou.effective_on), texts.write(mou.last_day()));
        let term = [("first", &*first), ("last", &*last), ("zone", &*zone)];
        let review = mou
            .review_on
            .map(|day| fill(&texts.review, &[("day", &texts.write(day))]));
        let grants = mou.grants.iter().filter_map(|(purpose, categories)| {
            let told = categories.iter();
            Some(PermittedPurpose {
                purpose: texts.purposes.get(&purpose)?,
                categories: told
                    .filter_map(|one| texts.categories.get(&one).map(String::as_str))
                    .collect(),
            })
        });
        MouSheet {
            texts,
            language,
            style,
            missing,
            status: texts.statuses.get(&self.status).map(String::as_str),
            kind: texts.kinds.get(&mou.kind).map_or("", String::as_str),
            mou,
            parties: self
                .parties
                .iter()
                .map(|one| self.party(texts, one))
                .collect(),
            grants: grants.collect(),
            breach: fill(&texts.breach, &[("hours", &hours)]),
            term: fill(&texts.term, &term),
            review,
            notice,
            document: self.document(texts),
            obligations: self.obligations(language),
        }
    }

    /// Returns what the law asks of the parties, each with where it is written.
    fn obligations(&self, language: FormLanguage) -> Vec<(&'static str, &str)> {
        let asked = self.obligations.iter();
        asked
            .map(|one| {
                let text = match language {
                    FormLanguage::English => one.duty.english,
                    FormLanguage::Spanish => one.duty.spanish,
                };
                (text, &*one.citation)
            })
            .collect()
    }

    fn party<'s>(
        &'s self,
        texts: &MouTexts,
        (name, party): &'s (String, mou_party::Model),
    ) -> PrintedParty<'s> {
        let signed = party.signed_at.map(|at| {
            let day = texts.write_day_of(at, &self.mou.time_zone);
            let values = [
                ("signatory", party.signatory.as_deref().unwrap_or_default()),
                ("title", party.title.as_deref().unwrap_or_default()),
                ("day", &*day),
            ];
            PrintedSignature {
                text: fill(&texts.signed, &values),
                sha256: party.document_sha256.as_deref().unwrap_or_default(),
            }
        });
        PrintedParty {
            name,
            responsibilities: &party.responsibilities,
            promises: party
                .promises
                .0
                .iter()
                .map(|promise| texts.promised(promise))
                .collect(),
            signed,
        }
    }
}
