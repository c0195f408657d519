//! Changing referrals: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, ConsentId, ReferralId};
use concord_entities::vocabulary::{AgencyStatus, ConsentStatus, Needs, RejectReason};
use concord_entities::{agency, consent, membership, mou, referral, sealed_part};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::graphql::Referral;
use super::input::{OutcomeInput, ReferralInput};
use super::package::Contents;
use super::rules::{self, Basis, NewReferral};
use super::view::reload;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, ReferralEvent};
use crate::clock;
use crate::consent::rules as consent_rules;
use crate::error::{Error, Refusal, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::seal::Vault;
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
        let id = Box::pin(draft_once(ctx.request()?, referral)).await?;
        reload(ctx, id).await
    }

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

    /// Takes on a referral that was made to your agency.
    async fn accept_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        let change = ctx.request()?.change(Resource::Referral.update()).await?;
        let id: ReferralId = page::id("id", &id)?;
        let event = accept(&change, id).await?;
        change.commit_all(event.into_iter().collect()).await?;
        reload(ctx, id).await
    }

    /// Turns down a referral that was made to your agency.
    async fn reject_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "Why, as the sender is told.")] reason: RejectReason,
    ) -> Result<Referral> {
        let change = ctx.request()?.change(Resource::Referral.update()).await?;
        let id: ReferralId = page::id("id", &id)?;
        let event = reject(&change, id, reason).await?;
        change.commit_all(event.into_iter().collect()).await?;
        reload(ctx, id).await
    }

    /// Completes a referral that your agency took on, with what came of it.
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
}

/// Sends a draft of the acting agency's; returns the event to record, or none where that was done before.
pub(crate) async fn send(change: &Change<'_>, id: ReferralId) -> Result<Option<Event>> {
    let draft = written(change, id).await?;
    let basis = basis(change, &draft, draft.consent_id).await?;
    let Some(sent) = rules::send(draft, &basis, change.now())? else {
        return Ok(None);
    };
    let sent = save(change, sent).await?;
    let event = ReferralEvent::of(id, sent.recipient_id);
    Ok(Some(Event::ReferralSent(event)))
}

/// Accepts a referral that was sent to the acting agency; returns the event to record, or none where that was done before.
pub(crate) async fn accept(change: &Change<'_>, id: ReferralId) -> Result<Option<Event>> {
    let referral = received(change, id).await?;
    let Some(accepted) = rules::accept(referral, change.now())? else {
        return Ok(None);
    };
    let accepted = save(change, accepted).await?;
    let event = ReferralEvent::of(id, accepted.sender_id);
    Ok(Some(Event::ReferralAccepted(event)))
}

/// Rejects a referral that was sent to the acting agency; returns the event to record, or none where that was done before.
pub(crate) async fn reject(
    change: &Change<'_>,
    id: ReferralId,
    reason: RejectReason,
) -> Result<Option<Event>> {
    let referral = received(change, id).await?;
    let Some(rejected) = rules::reject(referral, reason, change.now())? else {
        return Ok(None);
    };
    let rejected = save(change, rejected).await?;
    Ok(Some(Event::ReferralRejected(ReferralEvent {
        id,
        counterpart: rejected.sender_id,
        reason: Some(reason.to_string()),
    })))
}

/// Completes a referral that the acting agency took on; returns the event to record, or none where that was done before.
pub(crate) async fn complete(
    change: &Change<'_>,
    id: ReferralId,
    outcome: &OutcomeInput,
) -> Result<Option<Event>> {
    let referral = received(change, id).await?;
    let provided: Needs = outcome.provided.iter().copied().collect();
    let completed = rules::complete(referral, outcome.code, provided, change.now())?;
    let Some(completed) = completed else {
        return Ok(None);
    };
    let completed = save(change, completed).await?;
    let event = ReferralEvent::of(id, completed.sender_id);
    Ok(Some(Event::ReferralCompleted(event)))
}

/// Locks a referral that the acting agency wrote.
pub(super) async fn written(change: &Change<'_>, id: ReferralId) -> Result<referral::Model> {
    let referral = referral::Entity::written_by(change.agency(), id)
        .one_locked(change)
        .await?;
    referral.ok_or_else(|| Error::NotFound.into())
}

/// Locks a referral that was sent to the acting agency.
async fn received(change: &Change<'_>, id: ReferralId) -> Result<referral::Model> {
    let referral = referral::Entity::sent_to(change.agency(), id)
        .one_locked(change)
        .await?;
    referral.ok_or_else(|| Error::NotFound.into())
}

/// Saves the row that a rule returned.
pub(super) async fn save(change: &Change<'_>, row: referral::Model) -> Result<referral::Model> {
    Ok(row.into_active_model().reset_all().update(change).await?)
}

/// Reads what a referral is to be sent or continued under.
pub(super) async fn basis(
    change: &Change<'_>,
    referral: &referral::Model,
    consent: ConsentId,
) -> Result<Basis> {
    Ok(Basis {
        consent: consent::Entity::held_by(change.agency(), consent)
            .one(change)
            .await?,
        recipient: status_of(change, referral.recipient_id).await?,
        places: membership::Entity::of([referral.sender_id, referral.recipient_id])
            .all(change)
            .await?,
        mous: mou::Entity::between(referral.sender_id, referral.recipient_id)
            .all(change)
            .await?,
    })
}

async fn status_of(change: &Change<'_>, agency: AgencyId) -> Result<Option<AgencyStatus>> {
    let agency = agency::Entity::named(agency).one(change).await?;
    Ok(agency.map(|agency| agency.status))
}

/// Drafts a referral, unless an earlier call with the same key has done so.
async fn draft_once(request: &Request, input: ReferralInput) -> Result<ReferralId> {
    let change = request.change(Resource::Referral.create()).await?;
    let vault = &request.worker.vault;
    let call = CreatingCall::new("draftReferral", input.idempotency_key.as_ref(), &input)?;
    let created = idempotency::creates_once(change, vault, call, async |change| {
        let (drafted, event) = draft(change, vault, input).await?;
        Ok(Creation {
            id: drafted.id.0,
            made: drafted.id,
            event,
        })
    })
    .await?;
    Ok(match created {
        Created::Now(id) => id,
        Created::Before(id) => ReferralId(id),
    })
}

/// Drafts a referral, its package sealed; returns the event to record.
pub(crate) async fn draft(
    change: &Change<'_>,
    vault: &Vault,
    input: ReferralInput,
) -> Result<(referral::Model, Event)> {
    let consent = consent_to_draft_under(change, &input.consent).await?;
    input.package.check("referral.package")?;
    let told = NewReferral {
        needs: input.needs.iter().copied().collect(),
        urgency: input.urgency,
        contains: input.package.categories(),
    };
    let drafted = rules::draft(&consent, told, change.now())?;
    let drafted = drafted.into_active_model().insert(change).await?;
    let package = PackageVersion::from(&drafted);
    seal(change, vault, package, &input.package).await?;
    let event = Event::ReferralDrafted(ReferralEvent::of(drafted.id, drafted.recipient_id));
    Ok((drafted, event))
}

/// Reads a consent of the acting agency's that has not ended.
async fn consent_to_draft_under(change: &Change<'_>, id: &ID) -> Result<consent::Model> {
    let refused = |text| Error::input("referral.consent", text);
    let id: ConsentId = page::id("referral.consent", id)?;
    let consent = consent::Entity::held_by(change.agency(), id)
        .one(change)
        .await?
        .ok_or_else(|| refused("no consent of your agency's has this id"))?;
    match consent_rules::status(&consent, change.now()) {
        ConsentStatus::Draft | ConsentStatus::Active => Ok(consent),
        ConsentStatus::Suspended => {
            let text = "this consent is suspended for what it lacks: its findings say what; draft its next version";
            Err(refused(text).into())
        }
        ConsentStatus::Expired
        | ConsentStatus::Revoked
        | ConsentStatus::Superseded
        | ConsentStatus::EnteredInError => {
            let text = "this consent has ended: the survivor decides on a new one";
            Err(refused(text).into())
        }
    }
}

/// Seals a package under a key of its own, and saves it.
pub(super) async fn seal(
    change: &Change<'_>,
    vault: &Vault,
    package: PackageVersion,
    contents: &Contents,
) -> Result<()> {
    let parts = contents.parts().map_err(Refusal::internal)?;
    // The key is made now, whenever the change is said to be: the sweep takes an old key that seals nothing yet.
    let sealed = vault.seal(package, &parts, clock::now()).await?;
    if !sealed.is_empty() {
        let rows = sealed.into_iter().map(IntoActiveModel::into_active_model);
        sealed_part::Entity::insert_many(rows)
            .exec_without_returning(change)
            .await?;
    }
    Ok(())
}
