//! Templates on the wire.

use async_graphql::SimpleObject;
use concord_entities::vocabulary::{Code, MouKind};

use super::texts::{self, REVIEW_AFTER_DAYS, TERM_DAYS};
use crate::consent::form::texts::FormLanguage;
use crate::error::{Refusal, Result};
use crate::mou::input::MouTerms;
use crate::mou::obligations::language_of;
use crate::wire::scalars::LanguageTag;

/// A draft of an MOU to begin with.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouTemplate {
    /// What such an MOU is for.
    pub kind: MouKind,
    /// The language of its words.
    pub language: LanguageTag,
    /// A title.
    pub title: String,
    /// What each party takes on.
    pub responsibilities: String,
    /// The clauses, the usual numbers, and what such MOUs usually permit.
    pub terms: MouTerms,
    /// How many days it usually runs, from `effectiveOn` on.
    pub term_days: i32,
    /// After how many days it is usually reviewed.
    pub review_after_days: i32,
}

impl MouTemplate {
    /// Returns the template of a kind, or of every kind.
    pub(in crate::mou) fn all(
        kind: Option<MouKind>,
        language: Option<&LanguageTag>,
    ) -> Result<Vec<Self>> {
        let language = language_of(language);
        let kinds = MouKind::ALL.iter().copied();
        kinds
            .filter(|one| kind.is_none_or(|kind| kind == *one))
            .map(|kind| Self::of(kind, language))
            .collect()
    }

    fn of(kind: MouKind, language: FormLanguage) -> Result<Self> {
        let texts = texts::of(kind, language).map_err(Refusal::internal)?;
        Ok(Self {
            kind,
            language: LanguageTag::from(language.tag().to_owned()),
            title: texts.title.clone(),
            responsibilities: texts.responsibilities.clone(),
            terms: MouTerms::told_as(&texts.terms(), &texts::usual_grants(kind)),
            term_days: TERM_DAYS,
            review_after_days: REVIEW_AFTER_DAYS,
        })
    }
}
