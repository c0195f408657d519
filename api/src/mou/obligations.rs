//! What the law asks of the parties of an MOU, by the rule packs that bind them.

use async_graphql::SimpleObject;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::Pack;
use concord_entities::{mou, mou_party, rule_pack};
use sea_orm::ConnectionTrait;

use super::rules::packs::{Obligation, obligations};
use crate::clock;
use crate::consent::form::texts::FormLanguage;
use crate::consent::lint::RulePacks;
use crate::error::Result;
use crate::request::Request;
use crate::wire::scalars::LanguageTag;

/// What the law asks of the parties of an MOU.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouObligation {
    /// Its stable code.
    pub code: String,
    /// The rule pack that asks for it.
    pub pack: Pack,
    /// Where it is written.
    pub citation: String,
    /// It in words.
    pub text: String,
}

/// Returns the rule packs of the parties of an MOU.
pub(super) async fn packs_of(
    database: &impl ConnectionTrait,
    parties: impl IntoIterator<Item = AgencyId>,
) -> Result<RulePacks> {
    let packs = rule_pack::Entity::of_parties(parties).all(database).await?;
    Ok(RulePacks(packs))
}

/// Returns what the law asks of the parties of an MOU: today, on its first day where that is to come, on its last where that is
/// over.
pub(super) async fn by_law(
    database: &impl ConnectionTrait,
    mou: &mou::Model,
    parties: &[mou_party::Model],
    now: Instant,
) -> Result<Vec<Obligation>> {
    let today = mou.time_zone.day(now);
    let day = today.max(mou.effective_on).min(mou.last_day());
    let packs = packs_of(database, parties.iter().map(|party| party.agency_id)).await?;
    Ok(obligations(packs.on(day)))
}

/// Returns what the law asks of the parties of an MOU that the caller may follow.
pub(super) async fn of_mou(
    request: &Request,
    mou: &mou::Model,
    language: Option<&LanguageTag>,
) -> Result<Vec<MouObligation>> {
    let store = &request.worker.store;
    let parties = mou_party::Entity::of([mou.id]).all(&store.read).await?;
    let asked = by_law(&store.read, mou, &parties, clock::now()).await?;
    let language = language_of(language);
    let told = asked.into_iter().map(|one| MouObligation {
        code: one.duty.code.to_owned(),
        pack: one.duty.pack,
        citation: one.citation,
        text: match language {
            FormLanguage::English => one.duty.english.to_owned(),
            FormLanguage::Spanish => one.duty.spanish.to_owned(),
        },
    });
    Ok(told.collect())
}

/// Returns the language that is asked for, or English.
pub(super) fn language_of(asked: Option<&LanguageTag>) -> FormLanguage {
    let found = asked.and_then(|tag| FormLanguage::of(tag.as_str()));
    found.unwrap_or(FormLanguage::English)
}
