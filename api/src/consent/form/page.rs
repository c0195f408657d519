//! The page, made of a consent and a language's words. It shows nobody's identity: a name is written on it by hand. Pure.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord_entities::consent;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ConsentStatus, DataCategory};
use concord_entities::zone::Zone;

use super::texts::{FormLanguage, FormTexts, FormTextsError, fill};

/// The size of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperSize {
    /// 210 by 297 millimetres (ISO 216).
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

/// What the page is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The consent.
    pub consent: consent::Model,
    /// Where it stands.
    pub status: ConsentStatus,
    /// The name of the agency that may disclose.
    pub discloser: String,
    /// The name of the one agency that may be told.
    pub recipient: String,
    /// The name of the agency that passes it on, where one is used.
    pub intermediary: Option<String>,
    /// Where the discloser works: the page says its times as the clocks there show them.
    pub zone: Zone,
    /// Whether a parent or guardian signs too: the survivor is under 18, and no law lets them sign alone.
    pub guarded: bool,
}

/// A page, and what must be said about it.
#[derive(Clone, Debug)]
pub struct FormPage {
    /// HTML.
    pub html: String,
    /// The language in which it is.
    pub language: FormLanguage,
    /// What a browser may load for it: its own style and nothing else (CSP 3).
    pub policy: String,
}

impl FormPage {
    /// Returns a page that loads nothing but this style, which stands in it.
    #[must_use]
    pub(crate) fn styled(html: String, language: FormLanguage, style: &str) -> Self {
        let sum = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        Self {
            html,
            language,
            policy: format!(
                "default-src 'none'; style-src 'sha256-{sum}'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'"
            ),
        }
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum FormPageError {
    /// A language's words cannot be read.
    #[error(transparent)]
    Texts(#[from] FormTextsError),
    /// The page cannot be made of them.
    #[error("the form cannot be made: {0}")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "consent_form.html")]
struct Sheet<'s> {
    texts: &'static FormTexts,
    language: FormLanguage,
    style: &'s str,
    notices: Vec<LanguageNotice>,
    status: Option<&'static str>,
    through: bool,
    until: &'static str,
    grants: Vec<ReadGrant>,
    substance_use: bool,
    signers: Vec<&'static str>,
    document: String,
    values: Vec<(&'static str, String)>,
}

/// What may be told for one purpose, in words.
struct ReadGrant {
    purpose: &'static str,
    categories: Vec<&'static str>,
}

/// That there is no form in some language, said in this one.
struct LanguageNotice {
    language: FormLanguage,
    text: String,
}

const STYLE: &str = include_str!("../../../templates/consent_form.css");

impl PaperSize {
    /// Every size.
    pub const ALL: &[Self] = &[Self::A4, Self::Letter];

    /// Returns the word for it, in an address and in CSS (CSS Paged Media 3, 7.1).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::A4 => "a4",
            Self::Letter => "letter",
        }
    }

    /// Returns the style of its sheets. Every sheet says in its margin which document it is of: sheets that were parted can be
    /// brought together again.
    #[must_use]
    pub(crate) fn sheets(self, document: &str) -> String {
        let plain = |letter: &char| letter.is_alphanumeric() || " _,-".contains(*letter);
        let document: String = document.chars().filter(plain).collect();
        format!(
            "@page {{ size: {}; margin: 13mm 16mm 16mm; \
             @bottom-left {{ content: \"{document}\"; font: 8pt sans-serif; }} \
             @bottom-right {{ content: counter(page) \" / \" counter(pages); font: 8pt sans-serif; }} }}\n",
            self.word()
        )
    }
}

impl Subject {
    /// Returns the page in the language that is asked for; in English where there is none, and then it says so.
    ///
    /// # Errors
    /// [`FormPageError`].
    pub fn page(&self, asked: &str, paper: PaperSize) -> Result<FormPage, FormPageError> {
        let language = FormLanguage::of(asked);
        let notices = match language {
            Some(_) => Vec::new(),
            None => missing(asked)?,
        };
        let language = language.unwrap_or(FormLanguage::English);
        let document = self.document(language.texts()?);
        let style = format!("{STYLE}{}", paper.sheets(&document));
        let html = self.sheet(language, &style, notices)?.render()?;
        Ok(FormPage::styled(html, language, &style))
    }

    /// Returns which document the page is.
    fn document(&self, texts: &FormTexts) -> String {
        let consent::Model { id, version, .. } = &self.consent;
        format!("{} {id}, {} {version}", texts.document, texts.version)
    }

    fn sheet<'s>(
        &self,
        language: FormLanguage,
        style: &'s str,
        notices: Vec<LanguageNotice>,
    ) -> Result<Sheet<'s>, FormTextsError> {
        let texts = language.texts()?;
        let consent = &self.consent;
        let start = texts.write(consent.effective_at, &self.zone);
        let (last, until) = match self.whole_last_day() {
            Some(last) => (last, &texts.until_whole_day),
            None => (consent.expires_at, &texts.until),
        };
        let end = texts.write(last, &self.zone);
        let grants = consent.grants.iter();
        Ok(Sheet {
            texts,
            language,
            style,
            notices,
            status: texts.statuses.get(&self.status).map(String::as_str),
            through: self.intermediary.is_some(),
            until,
            grants: grants
                .filter_map(|(purpose, categories)| {
                    Some(ReadGrant {
                        purpose: texts.purposes.get(&purpose)?,
                        categories: categories
                            .iter()
                            .filter_map(|one| texts.categories.get(&one).map(String::as_str))
                            .collect(),
                    })
                })
                .collect(),
            substance_use: consent.grants.categories().has(DataCategory::SubstanceUse),
            signers: self.signers(texts),
            document: self.document(texts),
            values: vec![
                ("discloser", self.discloser.clone()),
                ("recipient", self.recipient.clone()),
                (
                    "intermediary",
                    self.intermediary.clone().unwrap_or_default(),
                ),
                ("start", start.date),
                ("end", end.date),
                ("end_short", end.short),
                ("end_time", end.time),
                ("zone", self.zone_in_words()),
            ],
        })
    }

    /// Returns when the consent's last day begins, where that day counts whole.
    fn whole_last_day(&self) -> Option<Instant> {
        let end = self.consent.expires_at;
        let last = self.zone.day(end).plus_days(-1);
        (self.zone.end(last) == end).then(|| self.zone.start(last))
    }

    /// Returns what people call the time in the zone when the consent ends, and a city that has it.
    fn zone_in_words(&self) -> String {
        let city = self.zone.city();
        let called = self.zone.abbreviation(self.consent.expires_at);
        match called.filter(|called| *called != city) {
            Some(called) => format!("{city}, {called}"),
            None => city,
        }
    }

    /// Returns who may have to sign (28 CFR 94.115(a)(2)).
    fn signers(&self, texts: &'static FormTexts) -> Vec<&'static str> {
        let guardian = self.guarded.then_some(&texts.guardian);
        [Some(&texts.survivor), guardian]
            .into_iter()
            .flatten()
            .chain([&texts.conservator, &texts.witness, &texts.interpreter])
            .map(String::as_str)
            .collect()
    }
}

/// Says that a language is missing, in every language that is not.
fn missing(asked: &str) -> Result<Vec<LanguageNotice>, FormTextsError> {
    let notice = |language: &FormLanguage| {
        Ok(LanguageNotice {
            language: *language,
            text: fill(&language.texts()?.missing_language, &[("tag", asked)]),
        })
    };
    FormLanguage::ALL.iter().map(notice).collect()
}

impl Sheet<'_> {
    /// Returns a sentence about this consent.
    fn say(&self, sentence: &str) -> String {
        let values: Vec<(&str, &str)> = self
            .values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        fill(sentence, &values)
    }
}
