//! The verbs that need nothing but the referral: taking it on or turning it down, its service's course, and its end.

use async_graphql::{Context, ID, Object};
use concord_entities::ids::ReferralId;
use concord_entities::referral;
use concord_entities::vocabulary::{
    CancelReason, FailReason, HoldReason, ReferralSide, RejectReason,
};

use super::change::{of_either_side, received, save, written};
use super::graphql::Referral;
use super::rules::steps::{self as rules, Step};
use super::rules::transitions::side_of;
use super::view::reload;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, ReferralEvent};
use crate::error::Result;
use crate::request::InRequest;
use crate::store::page;

/// Bringing referrals on.
#[derive(Default)]
pub struct ReferralStepMutation;

/// Bringing referrals on.
#[Object]
impl ReferralStepMutation {
    /// Takes on a referral that was made to your agency.
    async fn accept_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Accept).await
    }

    /// Turns down a referral that was made to your agency.
    async fn reject_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "Why, as the sender is told.")] reason: RejectReason,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Reject(reason)).await
    }

    /// Says that your service has begun, for a referral that your agency took on.
    async fn start_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Start).await
    }

    /// Pauses a referral that your agency took on.
    async fn hold_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "Why, as the sender is told.")] reason: HoldReason,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Hold(reason)).await
    }

    /// Goes on with a referral that your agency paused: its service is in progress.
    async fn resume_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Resume).await
    }

    /// Ends a referral that your agency took on without success. What came of one that succeeded, even in part,
    /// `completeReferral` says.
    async fn fail_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "Why, as the sender is told.")] reason: FailReason,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Fail(reason)).await
    }

    /// Calls off a referral: one that your agency sent, until it is over, or one that it took on. Your own draft you discard
    /// (`discardReferralDraft`); what you were not to take on you turn down (`rejectReferral`).
    async fn cancel_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "Why, as the other side is told.")] reason: CancelReason,
    ) -> Result<Referral> {
        step(ctx, &id, Step::Cancel(reason)).await
    }

    /// Says that a referral that your agency wrote should never have been. It stays as such, visible to whoever could see it,
    /// and its recipient can read its package no longer.
    async fn mark_referral_entered_in_error(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        step(ctx, &id, Step::MarkEnteredInError).await
    }
}

/// Takes a step with a referral, and returns it as it stands then.
async fn step(ctx: &Context<'_>, id: &ID, step: Step) -> Result<Referral> {
    let change = ctx.request()?.change(Resource::Referral.update()).await?;
    let id: ReferralId = page::id("id", id)?;
    let event = take(&change, id, step).await?;
    change.commit_all(event.into_iter().collect()).await?;
    reload(ctx, id).await
}

/// Takes a step with a referral of the acting agency's side; returns the event to record, or none where that was done before.
pub(crate) async fn take(change: &Change<'_>, id: ReferralId, step: Step) -> Result<Option<Event>> {
    let (referral, side) = match side_of(step.action()) {
        Some(side @ ReferralSide::Sender) => (written(change, id).await?, side),
        Some(side @ ReferralSide::Recipient) => (received(change, id).await?, side),
        None => of_either_side(change, id).await?,
    };
    let Some(taken) = rules::take(referral, side, step, change.now())? else {
        return Ok(None);
    };
    let taken = save(change, taken).await?;
    Ok(Some(event(&taken, side, step)))
}

/// Returns the event that records a step. Of what was never sent the other side is told nothing.
fn event(taken: &referral::Model, side: ReferralSide, step: Step) -> Event {
    let other = match side {
        ReferralSide::Sender => taken.recipient_id,
        ReferralSide::Recipient => taken.sender_id,
    };
    let event = ReferralEvent {
        id: taken.id,
        counterpart: taken.sent_at.map(|_| other),
        reason: step.reason().map(|reason| reason.to_string()),
    };
    match step {
        Step::Accept => Event::ReferralAccepted(event),
        Step::Reject(_) => Event::ReferralRejected(event),
        Step::Start => Event::ReferralStarted(event),
        Step::Hold(_) => Event::ReferralHeld(event),
        Step::Resume => Event::ReferralResumed(event),
        Step::Fail(_) => Event::ReferralFailed(event),
        Step::Cancel(_) => Event::ReferralCancelled(event),
        Step::MarkEnteredInError => Event::ReferralEnteredInError(event),
    }
}
