//! Drafts of referrals: writing one, editing it, discarding it. The recipient knows nothing of a draft.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ConsentStatus, Needs};
use concord_entities::{consent, referral, sealed_part, survivor};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::change::{save, written};
use super::graphql::Referral;
use super::input::{ReferralDraftInput, ReferralInput};
use super::package::Contents;
use super::resealed::is_sealed_in;
use super::rules::draft::{self as rules, NewReferral};
use super::view::reload;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, ReferralEvent};
use crate::clock;
use crate::consent::rules as consent_rules;
use crate::error::{Error, Faults, Refusal, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::seal::Vault;
use crate::seal::doomed::DoomedKeys;
use crate::seal::vault::PackageVersion;
use crate::store::page;

/// Writing, editing and discarding drafts of referrals.
#[derive(Default)]
pub struct ReferralDraftMutation;

/// Writing, editing and discarding drafts of referrals.
#[Object]
impl ReferralDraftMutation {
    /// Drafts a referral under one of your agency's consents. The recipient knows nothing of it before it is sent. Where the
    /// survivor is referred to the same recipient already for one of these needs, and that is not over, the error
    /// `DUPLICATE_REFERRAL` names the first such referral, unless you say `again: true`.
    async fn draft_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is needed, and what is told of the person.")]
        referral: ReferralInput,
    ) -> Result<Referral> {
        let id = Box::pin(draft_once(ctx.request()?, referral)).await?;
        reload(ctx, id).await
    }

    /// Has your draft say something else. Its package is sealed anew, and what it said before is gone for good.
    async fn edit_referral_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(desc = "All that it is to say from now on.")] referral: ReferralDraftInput,
    ) -> Result<Referral> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.update())?;
        let id: ReferralId = page::id("id", &id)?;
        Box::pin(edit(request, id, referral)).await?;
        reload(ctx, id).await
    }

    /// Discards your draft: it stays in your outbox as cancelled, and what it told of the person is gone for good.
    async fn discard_referral_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Result<Referral> {
        let request = ctx.request()?;
        let mut change = request.change(Resource::Referral.update()).await?;
        let id: ReferralId = page::id("id", &id)?;
        let (doomed, event) = discard(&change, id).await?;
        change.destroys(doomed);
        change.commit_all(event.into_iter().collect()).await?;
        reload(ctx, id).await
    }
}

/// Drafts a referral, unless an earlier call with the same key has done so.
async fn draft_once(request: &Request, input: ReferralInput) -> Result<ReferralId> {
    let change = request.change(Resource::Referral.create()).await?;
    let vault = &request.worker.vault;
    let call = CreatingCall::new(
        "draftReferral",
        "referral.idempotencyKey",
        input.idempotency_key.as_ref(),
        &input,
    )?;
    let created = idempotency::creates_once(change, vault, call, async |change| {
        let (drafted, event) = draft(change, vault, input.draft, input.reopens.as_ref()).await?;
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

/// Drafts a referral, its package sealed, which may take up an earlier one; returns the event to record.
pub(crate) async fn draft(
    change: &Change<'_>,
    vault: &Vault,
    mut input: ReferralDraftInput,
    reopens: Option<&ID>,
) -> Result<(referral::Model, Event)> {
    let consent = consent_to_draft_under(change, &input.consent).await?;
    let reopens = match reopens {
        Some(earlier) => Some(reopened(change, earlier, &consent).await?),
        None => None,
    };
    let faults = tidy(&mut input, change.now());
    let told = told(&input);
    let drafted = rules::draft(&consent, told, reopens, faults, change.now())?;
    refuse_another(change, &consent, &input, told.needs, None).await?;
    let drafted = drafted.into_active_model().insert(change).await?;
    let package = PackageVersion::from(&drafted);
    seal(change, vault, package, &input.package).await?;
    let event = Event::ReferralDrafted(ReferralEvent::of(drafted.id, drafted.recipient_id));
    Ok((drafted, event))
}

/// Returns the earlier referral of the acting agency's that a new one takes up.
async fn reopened(change: &Change<'_>, id: &ID, consent: &consent::Model) -> Result<ReferralId> {
    let id: ReferralId = page::id("referral.reopens", id)?;
    let earlier = referral::Entity::written_by(change.agency(), id)
        .one(change)
        .await?;
    Ok(rules::reopened(earlier.as_ref(), consent, change.now())?)
}

/// Edits a draft of the acting agency's, its package sealed anew.
async fn edit(request: &Request, id: ReferralId, mut input: ReferralDraftInput) -> Result<()> {
    let mut change = request.change(Resource::Referral.update()).await?;
    let faults = tidy(&mut input, change.now());
    let found = written(&change, id).await?;
    rules::require_draft(&found, change.now())?;
    let before = PackageVersion::from(&found);
    let is_same = is_sealed_in(request, &found, &input.package).await?;
    let consent = consent_to_draft_under(&change, &input.consent).await?;
    let told = told(&input);
    let Some(edited) = rules::edit(found, &consent, told, is_same, faults, change.now())? else {
        return change.give_up().await;
    };
    refuse_another(&change, &consent, &input, told.needs, Some(id)).await?;
    let edited = save(&change, edited).await?;
    sealed_part::Entity::remove_of([id]).exec(&change).await?;
    let vault = &request.worker.vault;
    seal(
        &change,
        vault,
        PackageVersion::from(&edited),
        &input.package,
    )
    .await?;
    change.destroys(DoomedKeys::Packages(vec![before]));
    let event = ReferralEvent::of(id, edited.recipient_id);
    change.commit(Event::ReferralDraftEdited(event)).await?;
    Ok(())
}

/// Discards a draft of the acting agency's; returns the keys to destroy, and the event to record, or none where that was done
/// before.
pub(crate) async fn discard(
    change: &Change<'_>,
    id: ReferralId,
) -> Result<(DoomedKeys, Option<Event>)> {
    let draft = written(change, id).await?;
    let doomed = DoomedKeys::Packages(vec![PackageVersion::from(&draft)]);
    let Some(discarded) = rules::discard(draft, change.now())? else {
        return Ok((doomed, None));
    };
    let discarded = save(change, discarded).await?;
    sealed_part::Entity::remove_of([id]).exec(change).await?;
    let event = ReferralEvent::of(id, discarded.recipient_id);
    Ok((doomed, Some(Event::ReferralDraftDiscarded(event))))
}

/// Has a package as it is kept; returns what is wrong with it by itself.
fn tidy(input: &mut ReferralDraftInput, now: Instant) -> Faults {
    let mut faults = Faults::default();
    let package = &mut input.package;
    package.tidy("referral.package", now.day(), &mut faults);
    faults
}

fn told(input: &ReferralDraftInput) -> NewReferral {
    NewReferral {
        needs: input.needs.iter().copied().collect(),
        urgency: input.urgency,
        contains: input.package.categories(),
    }
}

/// Refuses to refer a survivor to a recipient once more for the same need, unless the input says so. The survivor's row is
/// locked: of two drafts at once one sees the other. `but` is the draft that is edited.
async fn refuse_another(
    change: &Change<'_>,
    consent: &consent::Model,
    input: &ReferralDraftInput,
    needs: Needs,
    but: Option<ReferralId>,
) -> Result<()> {
    if input.again {
        return Ok(());
    }
    let survivor = consent.survivor_id;
    survivor::Entity::one_of(change.agency(), survivor)
        .one_locked(change)
        .await?;
    let (agency, recipient) = (change.agency(), consent.recipient_id);
    let mut others = referral::Entity::of_survivor_to(agency, survivor, recipient)
        .all(change)
        .await?;
    others.retain(|one| Some(one.id) != but);
    match rules::unfinished_for(&others, needs, change.now()) {
        Some(first) => Err(Error::DuplicateReferral { first: first.id }.into()),
        None => Ok(()),
    }
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
