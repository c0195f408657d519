//! Changing referrals: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{ConsentId, ReferralId};

use concord_entities::vocabulary::{
    ConsentStatus, Needs, ReferralAction, ReferralStatus, RejectReason, StatusReason, Urgency,
};
use concord_entities::{agency, consent, mou, mou_party, referral, sealed_part};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};

use super::graphql::{Referral, ReferralSelection, found};
use super::input::{OutcomeInput, ReferralInput};
use super::rules::{self, Side, StoredStatus};
use crate::access::grant::{Permission, Resource};
use crate::audit::change::Change;
use crate::audit::event::{Event, ReferralEvent};
use crate::consent::rules as consent_rules;
use crate::error::{Error, Refusal, Result};
use crate::mou::rules as mou_rules;
use crate::request::idempotency::{self, Replay};
use crate::request::{InRequest, Request};
use crate::seal::vault::PackageVersion;
use crate::store::page;

/// Changing referrals.
#[derive(Default)]
pub struct ReferralMutation;

/// Changing referrals.
#[Object]
impl ReferralMutation {
    /// Drafts a referral under one of your agency's consents. The recipient knows nothing of it before it is sent.
    async fn draft_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is needed, and what is told of the person.")]
        referral: ReferralInput,
    ) -> Result<Referral> {
        let request = ctx.request()?;
        request.caller(Resource::Referral, Permission::Create)?;
        let change = request.begin().await?;
        let key = referral.idempotency_key.as_ref();
        match idempotency::replay(&change, "draftReferral", key, &outline(&referral)).await? {
            Replay::Made(id) => {
                drop(change);
                shown(ctx, ReferralId(id)).await
            }
            Replay::Fresh(key) => {
                let drafted = draft(request, &change, referral).await?;
                idempotency::keep(&change, key, drafted.id.0).await?;
                let event =
                    Event::ReferralDrafted(ReferralEvent::of(drafted.id, drafted.recipient_id));
                change.commit(event).await?;
                shown(ctx, drafted.id).await
            }
        }
    }

    /// Sends your draft, under the MOU in force between the two agencies.
    async fn send_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        let request = ctx.request()?;
        request.caller(Resource::Referral, Permission::Update)?;
        let id = page::id("id", &id)?;
        let change = request.begin().await?;
        let found = referral::Entity::written_by(change.agency(), id)
            .one_locked(&*change)
            .await?;
        let sent = send(&change, found.ok_or(Error::NotFound)?).await?;
        change
            .commit(Event::ReferralSent(ReferralEvent::of(
                id,
                sent.recipient_id,
            )))
            .await?;
        shown(ctx, id).await
    }

    /// Takes on a referral that was made to your agency.
    async fn accept_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        let step = RecipientStep {
            action: ReferralAction::Accept,
            status: ReferralStatus::Accepted,
            reason: None,
            event: Event::ReferralAccepted,
        };
        answer(ctx, &id, step, |_| ()).await
    }

    /// Turns down a referral that was made to your agency.
    async fn reject_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "Why, as the sender is told.")] reason: RejectReason,
    ) -> Result<Referral> {
        let step = RecipientStep {
            action: ReferralAction::Reject,
            status: ReferralStatus::Rejected,
            reason: Some(why(reason)),
            event: Event::ReferralRejected,
        };
        answer(ctx, &id, step, |_| ()).await
    }

    /// Completes a referral that your agency took on, with what came of it.
    async fn complete_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "What came of it.")] outcome: OutcomeInput,
    ) -> Result<Referral> {
        let provided: Needs = outcome.provided.iter().copied().collect();
        let step = RecipientStep {
            action: ReferralAction::Complete,
            status: ReferralStatus::Completed,
            reason: None,
            event: Event::ReferralCompleted,
        };
        answer(ctx, &id, step, |referral| {
            referral.outcome = Set(Some(outcome.code));
            referral.provided = Set(provided);
        })
        .await
    }
}

/// A recipient's step in a referral's life.
struct RecipientStep {
    action: ReferralAction,
    status: ReferralStatus,
    reason: Option<StatusReason>,
    event: fn(ReferralEvent) -> Event,
}

/// Takes a recipient's step: who, what, rule, save, record.
async fn answer(
    ctx: &Context<'_>,
    id: &ID,
    step: RecipientStep,
    besides: impl FnOnce(&mut referral::ActiveModel),
) -> Result<Referral> {
    let request = ctx.request()?;
    request.caller(Resource::Referral, Permission::Update)?;
    let id: ReferralId = page::id("id", id)?;
    let change = request.begin().await?;

    let found = referral::Entity::sent_to(change.agency(), id)
        .one_locked(&*change)
        .await?;
    let found = found.ok_or(Error::NotFound)?;
    rules::permit(
        step.action,
        rules::standing(&StoredStatus::from(&found), change.now()),
        Side::Recipient,
    )?;

    let sender = found.sender_id;
    let mut changed = found.into_active_model();
    changed.status = Set(step.status);
    changed.status_reason = Set(step.reason);
    changed.updated_at = Set(change.now());
    besides(&mut changed);
    changed.update(&*change).await?;

    let event = (step.event)(ReferralEvent {
        id,
        counterpart: sender,
        reason: step.reason.map(|reason| reason.to_string()),
    });
    change.commit(event).await?;
    shown(ctx, id).await
}

/// The referral as it stands after the change: read, decided and recorded like any other read.
pub(super) async fn shown(ctx: &Context<'_>, id: ReferralId) -> Result<Referral> {
    let asked = ReferralSelection::below(ctx, &[])?;
    let seen = found(ctx.request()?, id, &asked).await?;
    seen.ok_or_else(|| Error::NotFound.into())
}

/// What of an input a repeated call is compared by. The package's content stays out: a hashed identity is still an
/// identity.
fn outline(input: &ReferralInput) -> String {
    let categories = input.package.categories();
    format!(
        "{:?} {:?} {:?} {categories:?}",
        input.consent, input.needs, input.urgency
    )
}

async fn draft(
    request: &Request,
    change: &Change<'_>,
    input: ReferralInput,
) -> Result<referral::Model> {
    let consent: ConsentId = page::id("referral.consent", &input.consent)?;
    let consent = consent::Entity::held_by(change.agency(), consent)
        .one(&**change)
        .await?
        .ok_or_else(|| {
            Error::input(
                "referral.consent",
                "no consent of your agency's has this id",
            )
        })?;
    if !matches!(
        consent_rules::status(&consent, change.now()),
        ConsentStatus::Draft | ConsentStatus::Active
    ) {
        return Err(Error::input(
            "referral.consent",
            "this consent has ended: the survivor decides on a new one",
        )
        .into());
    }
    input.package.check("referral.package")?;
    let contains = input.package.categories();
    if !contains.within(consent.categories) {
        return Err(Error::input(
            "referral.package",
            "holds a category that the consent does not name",
        )
        .into());
    }
    let needs: Needs = input.needs.iter().copied().collect();
    if needs.is_empty() {
        return Err(Error::input("referral.needs", "name at least one").into());
    }
    let model = referral::Model {
        id: ReferralId::new(),
        sender_id: change.agency(),
        recipient_id: consent.recipient_id,
        survivor_id: consent.survivor_id,
        consent_id: consent.id,
        mou_id: None,
        status: ReferralStatus::Draft,
        status_reason: None,
        needs,
        urgency: input.urgency,
        contains,
        key_version: 1,
        created_at: change.now(),
        sent_at: None,
        respond_by: None,
        updated_at: change.now(),
        consent_until: Some(consent.expires_at),
        mou_until: None,
        halted: false,
        outcome: None,
        provided: Needs::EMPTY,
    };
    let parts = input.package.parts().map_err(Refusal::internal)?;
    let sealed = request
        .worker
        .vault
        .seal(PackageVersion::from(&model), &parts, change.now())
        .await?;
    let model = model.into_active_model().insert(&**change).await?;
    if !sealed.is_empty() {
        let rows = sealed.into_iter().map(IntoActiveModel::into_active_model);
        sealed_part::Entity::insert_many(rows)
            .exec_without_returning(&**change)
            .await?;
    }
    Ok(model)
}

async fn send(change: &Change<'_>, draft: referral::Model) -> Result<referral::Model> {
    rules::permit(
        ReferralAction::Send,
        rules::standing(&StoredStatus::from(&draft), change.now()),
        Side::Sender,
    )?;
    let consent = consent::Entity::held_by(change.agency(), draft.consent_id)
        .one(&**change)
        .await?
        .ok_or(Error::NotFound)?;
    if consent_rules::status(&consent, change.now()) != ConsentStatus::Active {
        let text =
            "the consent that this referral stands on is not in force: sign it, or draft a new one";
        return Err(Error::NotNow(text.into()).into());
    }
    recipient_takes_part(change, &draft).await?;
    let mou = mou_in_force(change, &draft, &consent).await?;
    let urgency: Urgency = draft.urgency;
    let mut sent = draft.into_active_model();
    sent.status = Set(ReferralStatus::Requested);
    sent.sent_at = Set(Some(change.now()));
    sent.updated_at = Set(change.now());
    sent.respond_by = Set(Some(change.now().plus(rules::response_time(urgency))));
    sent.mou_id = Set(Some(mou.id));
    sent.mou_until = Set(Some(mou.expires_on.end()));
    sent.consent_until = Set(Some(consent.expires_at));
    Ok(sent.update(&**change).await?)
}

pub(super) async fn recipient_takes_part(
    change: &Change<'_>,
    draft: &referral::Model,
) -> Result<()> {
    let recipient = agency::Entity::named(draft.recipient_id)
        .one(&**change)
        .await?;
    let active = concord_entities::vocabulary::AgencyStatus::Active;
    match recipient {
        Some(recipient) if recipient.status == active => Ok(()),
        Some(_) | None => {
            Err(Error::NotNow("the recipient does not take part at the moment".into()).into())
        }
    }
}

/// The MOU in force between the two agencies that covers what the package holds and the consent is for.
pub(super) async fn mou_in_force(
    change: &Change<'_>,
    draft: &referral::Model,
    consent: &consent::Model,
) -> Result<mou::Model> {
    let between = mou::Entity::between(draft.sender_id, draft.recipient_id)
        .all(&**change)
        .await?;
    for mou in between {
        let signed = mou_party::Entity::of([mou.id])
            .all(&**change)
            .await?
            .iter()
            .filter(|party| party.signed_at.is_some())
            .count();
        let in_force = mou_rules::in_force(mou_rules::status(&mou, signed, change.now()));
        let covers_purpose = consent
            .purposes
            .iter()
            .any(|purpose| mou.purposes.has(purpose));
        if in_force && covers_purpose && draft.contains.within(mou.categories) {
            return Ok(mou);
        }
    }
    Err(Error::MouRequired.into())
}

impl From<&referral::Model> for StoredStatus {
    fn from(row: &referral::Model) -> Self {
        Self {
            status: row.status,
            reason: row.status_reason,
            sent_at: row.sent_at,
            consent_until: row.consent_until,
            mou_until: row.mou_until,
            halted: row.halted,
        }
    }
}

fn why(reason: RejectReason) -> StatusReason {
    match reason {
        RejectReason::NoCapacity => StatusReason::NoCapacity,
        RejectReason::NotEligible => StatusReason::NotEligible,
        RejectReason::OutsideServiceArea => StatusReason::OutsideServiceArea,
        RejectReason::LanguageNotAvailable => StatusReason::LanguageNotAvailable,
        RejectReason::SafetyConcern => StatusReason::SafetyConcern,
        RejectReason::ConflictOfInterest => StatusReason::ConflictOfInterest,
        RejectReason::SurvivorDecision => StatusReason::SurvivorDecision,
    }
}
