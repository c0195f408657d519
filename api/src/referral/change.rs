//! Sending referrals, and completing them with an outcome: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::vocabulary::ReferralSide;
use concord_entities::{agency, consent, membership, mou, mou_party, referral};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::graphql::Referral;
use super::input::OutcomeInput;
use super::rules::basis::{self, Basis, Between};
use super::rules::{completion, transitions};
use super::view::reload;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, ReferralEvent};
use crate::consent::grounds;
use crate::error::{Error, Refusal, Result};
use crate::mou::rules as mou_rules;
use crate::request::InRequest;
use crate::store::page;

/// Sending and completing referrals.
#[derive(Default)]
pub struct ReferralMutation;

/// Sending and completing referrals.
#[Object]
impl ReferralMutation {
    /// Sends your draft, under the MOU in force between the two agencies.
    async fn send_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        let change = ctx.request()?.change(Resource::Referral.update()).await?;
        let id: ReferralId = page::id("id", &id)?;
        let event = send(&change, id).await?;
        change.commit_all(event.into_iter().collect()).await?;
        reload(ctx, id).await
    }

    /// Completes a referral that your agency took on, with what came of it: which of the needs that were asked for you met,
    /// and what else.
    async fn complete_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "What came of it.")] outcome: OutcomeInput,
    ) -> Result<Referral> {
        let change = ctx.request()?.change(Resource::Referral.update()).await?;
        let id: ReferralId = page::id("id", &id)?;
        let event = complete(&change, id, &outcome).await?;
        change.commit_all(event.into_iter().collect()).await?;
        reload(ctx, id).await
    }

    /// Corrects what came of a referral that your agency completed, within 30 days. What was said before stays on record, and
    /// the sender sees both.
    async fn correct_referral_outcome(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "What came of it.")] outcome: OutcomeInput,
    ) -> Result<Referral> {
        let change = ctx.request()?.change(Resource::Referral.update()).await?;
        let id: ReferralId = page::id("id", &id)?;
        let event = correct(&change, id, &outcome).await?;
        change.commit_all(event.into_iter().collect()).await?;
        reload(ctx, id).await
    }
}

/// Sends a draft of the acting agency's; returns the event to record, or none where that was done before.
pub(crate) async fn send(change: &Change<'_>, id: ReferralId) -> Result<Option<Event>> {
    let draft = written(change, id).await?;
    let basis = read_basis(change, &draft, draft.consent_id).await?;
    let Some(sent) = basis::send(draft, &basis, change.now())? else {
        return Ok(None);
    };
    let sent = save(change, sent).await?;
    let event = ReferralEvent::of(id, sent.recipient_id);
    Ok(Some(Event::ReferralSent(event)))
}

/// Completes a referral that the acting agency took on; returns the event to record, or none where that was done before.
pub(crate) async fn complete(
    change: &Change<'_>,
    id: ReferralId,
    outcome: &OutcomeInput,
) -> Result<Option<Event>> {
    let referral = received(change, id).await?;
    let completed = completion::complete(referral, outcome.told(), change.now())?;
    let Some(completed) = completed else {
        return Ok(None);
    };
    let completed = save(change, completed).await?;
    let event = ReferralEvent::of(id, completed.sender_id);
    Ok(Some(Event::ReferralCompleted(event)))
}

/// Corrects what came of a referral that the acting agency completed; returns the event to record, or none where it says that
/// already.
async fn correct(
    change: &Change<'_>,
    id: ReferralId,
    outcome: &OutcomeInput,
) -> Result<Option<Event>> {
    let referral = received(change, id).await?;
    let corrected = completion::correct(&referral, outcome.told(), change.now())?;
    let Some(corrected) = corrected else {
        return Ok(None);
    };
    let corrected = save(change, corrected).await?;
    Ok(Some(Event::ReferralOutcomeCorrected(ReferralEvent {
        id,
        counterpart: Some(corrected.sender_id),
        reason: Some(outcome.code.to_string()),
    })))
}

/// Locks a referral that the acting agency wrote. One that was sent to it is not its to change so.
pub(super) async fn written(change: &Change<'_>, id: ReferralId) -> Result<referral::Model> {
    let own = referral::Entity::written_by(change.agency(), id);
    match own.one_locked(change).await? {
        Some(referral) => Ok(referral),
        None => Err(not_ours(change, id, ReferralSide::Recipient).await?),
    }
}

/// Locks a referral that was sent to the acting agency. One that it wrote is not its to change so.
pub(super) async fn received(change: &Change<'_>, id: ReferralId) -> Result<referral::Model> {
    let own = referral::Entity::sent_to(change.agency(), id);
    match own.one_locked(change).await? {
        Some(referral) => Ok(referral),
        None => Err(not_ours(change, id, ReferralSide::Sender).await?),
    }
}

/// Locks a referral of which the acting agency is a party; says on which side of it.
pub(super) async fn of_either_side(
    change: &Change<'_>,
    id: ReferralId,
) -> Result<(referral::Model, ReferralSide)> {
    let known = referral::Entity::known_to(change.agency(), id)
        .one_locked(change)
        .await?;
    let referral = known.ok_or(Error::NotFound)?;
    let side = if referral.sender_id == change.agency() {
        ReferralSide::Sender
    } else {
        ReferralSide::Recipient
    };
    Ok((referral, side))
}

/// Returns why a referral is not the acting agency's to change: it is on the other `side` of it, or may not know of it.
async fn not_ours(change: &Change<'_>, id: ReferralId, side: ReferralSide) -> Result<Refusal> {
    let known = referral::Entity::known_to(change.agency(), id)
        .one(change)
        .await?;
    let reason = match known {
        Some(referral) => transitions::not_yours(&referral, side, change.now()),
        None => Error::NotFound,
    };
    Ok(reason.into())
}

/// Saves the row that a rule returned.
pub(super) async fn save(change: &Change<'_>, row: referral::Model) -> Result<referral::Model> {
    Ok(row.into_active_model().reset_all().update(change).await?)
}

/// Reads what a referral is to be sent or continued under.
pub(super) async fn read_basis(
    change: &Change<'_>,
    referral: &referral::Model,
    consent: ConsentId,
) -> Result<Basis> {
    let consent = consent::Entity::held_by(change.agency(), consent)
        .one(change)
        .await?;
    let hindrance = match &consent {
        Some(consent) => grounds::hindrance(change, consent, change.now()).await?,
        None => None,
    };
    let recipient = agency::Entity::named(referral.recipient_id)
        .one(change)
        .await?;
    let pair = [referral.sender_id, referral.recipient_id];
    let mous = mou::Entity::between(referral.sender_id, referral.recipient_id);
    let mous = mous.all(change).await?;
    let parties = mou_party::Entity::of(mous.iter().map(|mou| mou.id));
    let parties = parties.all(change).await?;
    let between = |mou| mou_rules::between(mou, &parties, pair);
    Ok(Basis {
        consent,
        hindrance,
        between: Between {
            recipient: recipient.as_ref().map(|agency| agency.status),
            answer_days: recipient.map_or(agency::USUAL_ANSWER_DAYS, |agency| agency.answer_days),
            places: membership::Entity::of([referral.sender_id, referral.recipient_id])
                .all(change)
                .await?,
            mous: mous.into_iter().map(between).collect(),
        },
    })
}
