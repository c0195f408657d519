//! Editing and discarding a consent's draft, before anybody has signed it.

use async_graphql::{Context, ID, Object};
use concord_entities::consent;
use concord_entities::ids::ConsentId;
use concord_entities::{consent_document, consent_signature};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::change::{reload, survivor_of};
use super::graphql::Consent;
use super::input::ConsentInput;
use super::{draft, ending, life};
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Faults, Result};
use crate::request::InRequest;
use crate::request::repeated::unless_repeated;
use crate::seal::doomed::DoomedKeys;
use crate::seal::record::RecordKind;
use crate::store::page;

/// Editing and discarding drafts of consents.
#[derive(Default)]
pub struct ConsentDraftMutation;

/// Editing and discarding drafts of consents.
#[Object]
impl ConsentDraftMutation {
    /// Has your draft of a consent say something else, of the same survivor and to the same recipient, before anybody has
    /// signed it. Print its form anew.
    async fn edit_consent_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(
            desc = "All that it is to say from now on; without an `idempotencyKey`, as the same call again changes nothing."
        )]
        consent: ConsentInput,
    ) -> Result<Consent> {
        let change = ctx.request()?.change(Resource::Consent.update()).await?;
        let id: ConsentId = page::id("id", &id)?;
        let events = edit(&change, id, &consent).await?;
        change.commit_all(events).await?;
        reload(ctx, id).await
    }

    /// Discards your draft of a consent before anybody has signed it: it stays as one that should never have been, and what it
    /// said of the person and the packages that were drafted under it are gone for good.
    async fn discard_consent_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
    ) -> Result<Consent> {
        let mut change = ctx.request()?.change(Resource::Consent.update()).await?;
        let id: ConsentId = page::id("id", &id)?;
        let events = discard(&change, id).await?;
        let drafted = ending::standing_on(&change, id).await?;
        for keys in [
            DoomedKeys::Packages(drafted),
            DoomedKeys::Records(RecordKind::Input, vec![id.0]),
        ] {
            change.destroys(keys);
        }
        change.commit_all(events).await?;
        reload(ctx, id).await
    }
}

/// Edits a draft of the acting agency's; returns what goes on record, which is nothing where it says all that already.
async fn edit(change: &Change<'_>, id: ConsentId, input: &ConsentInput) -> Result<Vec<Event>> {
    if input.idempotency_key.is_some() {
        let text = "an edit needs none: the same call again changes nothing";
        return Err(Error::input("consent.idempotencyKey", text).into());
    }
    let found = life::held(change, id).await?;
    require_unsigned(change, &found).await?;
    let (told, survivor) = draft::told(change, input).await?;
    let mut faults = Faults::default();
    let text = "a draft stays this survivor's and to this recipient: discard it, and draft another";
    let is_same = told.survivor_id == found.survivor_id;
    faults.require(is_same, "consent.survivor", text);
    let is_same = told.recipient_id == found.recipient_id;
    faults.require(is_same, "consent.recipient", text);
    faults.none()?;
    let edited = consent::Model {
        id,
        created_at: found.created_at,
        effective_at: input.effective_at.map_or(found.effective_at, |at| at.0),
        ..told
    };
    let edited = unless_repeated(Some(found), &edited.clone(), || edited);
    let Some(edited) = edited else {
        return Ok(Vec::new());
    };
    let edited = edited
        .into_active_model()
        .reset_all()
        .update(change)
        .await?;
    let event = ConsentEvent::of(&edited, survivor.audit_id, None);
    Ok(vec![Event::ConsentDraftEdited(event)])
}

/// Discards a draft of the acting agency's; returns what goes on record, which is nothing where that was done before.
async fn discard(change: &Change<'_>, id: ConsentId) -> Result<Vec<Event>> {
    let found = life::held(change, id).await?;
    if found.signed_at.is_none() && found.entered_in_error_at.is_some() {
        return Ok(Vec::new());
    }
    require_unsigned(change, &found).await?;
    let survivor = survivor_of(change, &found).await?;
    let discarded = life::enter_in_error(change, found).await?;
    consent::Entity::forget_person([id]).exec(change).await?;
    let event = ConsentEvent::of(&discarded, survivor.audit_id, None);
    Ok(vec![Event::ConsentDraftDiscarded(event)])
}

/// Checks that a consent is a draft that nobody has signed, here or on paper.
async fn require_unsigned(change: &Change<'_>, found: &consent::Model) -> Result<()> {
    let is_over = found.revoked_at.is_some() || found.entered_in_error_at.is_some();
    let signatures = consent_signature::Entity::under([found.id])
        .all(change)
        .await?;
    let paper = consent_document::Entity::under(found.id)
        .one(change)
        .await?;
    let is_signed = found.signed_at.is_some() || !signatures.is_empty() || paper.is_some();
    if is_over || is_signed {
        let text = "no draft any more: what somebody has signed is marked as entered in error, and drafted anew";
        return Err(Error::NotNow(text.into()).into());
    }
    Ok(())
}
