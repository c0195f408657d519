//! A parent's or guardian's objection: recorded always, and a bar where the law asks for both of them.

use async_graphql::{Context, ID, InputObject, Object};
use concord_entities::consent_objection::Model;
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::SignerRole;
use concord_entities::{consent_objection, consent_signature, survivor};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::graphql::{Consent, find_consent};
use super::grounds::Grounds;
use super::selection::ConsentSelection;
use super::{life, signatures, signers};
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Faults, Result};
use crate::request::InRequest;
use crate::store::page;
use crate::wire::scalars::Date;

/// A parent's or guardian's objection. Never their name: the paper has it.
#[derive(Clone, Debug, InputObject)]
pub struct ObjectionInput {
    /// Which of them, by the number that their signature has, or would have, 1 to 9.
    #[graphql(default = 1)]
    pub signer: i32,
    /// The day on which they objected.
    pub objected_on: Date,
}

/// Objecting to consents.
#[derive(Default)]
pub struct ObjectionMutation;

/// Objecting to consents.
#[Object]
impl ObjectionMutation {
    /// Records that one of a minor's parents or guardians objects to a consent of your agency's. Where your state's law
    /// asks for both of them (`RulePack.bothGuardians`), it cannot be signed any more, and carries no new referral; what
    /// is shared under it ends by `revokeConsent`. They object no longer once they sign. The same objection again changes
    /// nothing. Nobody else is told.
    async fn object_to_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "Who objects, and when.")] objection: ObjectionInput,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        let change = request.change(Resource::Consent.update()).await?;
        let id: ConsentId = page::id("id", &id)?;
        match object(&change, id, &objection).await? {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        let selection = ConsentSelection::below(ctx, &[]);
        let shown = find_consent(request, id, selection).await?;
        shown.ok_or_else(|| Error::NotFound.into())
    }
}

/// Records an objection; returns the event to record, or none where it is on record already.
async fn object(
    change: &Change<'_>,
    id: ConsentId,
    objection: &ObjectionInput,
) -> Result<Option<Event>> {
    let consent = life::held(change, id).await?;
    if consent.dates().has_ended(change.now()) {
        return Err(Error::NotNow("this consent has ended".into()).into());
    }
    let survivor = survivor::Entity::one_of(change.agency(), consent.survivor_id)
        .one(change)
        .await?
        .ok_or(Error::NotFound)?;
    let grounds = Grounds::gather(change, change.agency(), change.now()).await?;
    let situation = grounds.draft(&consent, &survivor).situation();
    if !situation.allows(SignerRole::ParentOrGuardian) {
        let text = "nobody objects for a person who signs alone";
        return Err(Error::NotNow(text.into()).into());
    }
    let mut faults = Faults::default();
    let is_signer = signatures::SIGNERS.contains(&objection.signer);
    faults.require(is_signer, "objection.signer", "1 to 9");
    let is_past = signatures::can_be_signed_on(objection.objected_on.0, change.now());
    faults.require(is_past, "objection.objectedOn", "not a day to come");
    faults.none()?;
    let known = consent_objection::Entity::to([id]).all(change).await?;
    let known = known.into_iter().find(|one| one.signer == objection.signer);
    let signed = consent_signature::Entity::under([id]).all(change).await?;
    if known
        .as_ref()
        .is_some_and(|one| signers::stands(one, &signed))
    {
        return Ok(None);
    }
    let row = Model {
        consent_id: id,
        signer: objection.signer,
        objected_on: objection.objected_on.0,
        recorded_at: change.now(),
    };
    if known.is_some() {
        row.into_active_model().reset_all().update(change).await?;
    } else {
        row.into_active_model().insert(change).await?;
    }
    let event = ConsentEvent::of(&consent, survivor.audit_id, None);
    Ok(Some(Event::ConsentObjectedTo(event)))
}
