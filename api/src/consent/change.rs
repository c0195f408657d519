//! Changing consents: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::consent::{self};
use concord_entities::ids::ConsentId;
use concord_entities::survivor;
use concord_entities::vocabulary::RevocationChannel;

use super::checks::ConsentCheck;
use super::ending::{self, By};
use super::graphql::{Consent, ConsentView, Revocation, found, revoked_before};
use super::input::{ConsentInput, SignatureInput};
use super::sign::{self, Defects, Signing};
use super::{draft, life};
use crate::access::grant::{Permission, Resource};
use crate::audit::change::Change;
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Refusal, Result};
use crate::request::idempotency::{self, Replay};
use crate::request::{InRequest, Request};
use crate::seal::vault::PackageVersion;
use crate::store::page;
use crate::wire::scalars::DateTime;

/// Changing consents.
#[derive(Default)]
pub struct ConsentMutation;

/// Changing consents.
#[Object]
impl ConsentMutation {
    /// Drafts a consent of your agency's survivor; it allows nothing before it is signed.
    async fn draft_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose it is, who may be told what, what for, and until when.")]
        consent: ConsentInput,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Create)?;
        let change = request.begin().await?;
        let key = consent.idempotency_key.as_ref();
        match idempotency::replay(&change, "draftConsent", key, &format!("{consent:?}")).await? {
            Replay::Made(id) => {
                drop(change);
                let made = found(request, ConsentId(id)).await?;
                made.ok_or_else(|| Error::NotFound.into())
            }
            Replay::Fresh(key) => {
                let (model, survivor) = draft::draft(&change, &consent).await?;
                idempotency::keep(&change, key, model.id.0).await?;
                let event =
                    Event::ConsentDrafted(ConsentEvent::of(&model, survivor.audit_id, None));
                finish(request, change, event, model).await
            }
        }
    }

    /// Drafts the next version of one of your agency's consents, for longer. Explain it to the survivor anew: it says what
    /// the version before says, allows nothing before it is signed, and takes that version's place once it is.
    async fn renew_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the consent to renew.")] id: ID,
        #[graphql(desc = "Until when: at most 90 days from now, or what your state's law says.")]
        expires_at: DateTime,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Create)?;
        let id = page::id("id", &id)?;
        let change = request.begin().await?;
        let earlier = life::held(&change, id).await?;
        let survivor = survivor_of(&change, &earlier).await?;
        let renewed = life::renew(&change, &earlier, expires_at.0).await?;
        let event = Event::ConsentDrafted(ConsentEvent::of(&renewed, survivor.audit_id, None));
        finish(request, change, event, renewed).await
    }

    /// Records a signature under a consent. With the last one that it needs, it is in force, in place of the version
    /// before it. Refused while `findings` names something that blocks. The very same signature again changes nothing;
    /// a second one in the same role is refused.
    async fn sign_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "Who signs, how, and when.")] signature: SignatureInput,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Update)?;
        let id = page::id("id", &id)?;
        // Taking an earlier version's place ends what that one allowed.
        let change = if replaces_another(request, id).await? {
            request.begin_ending().await?
        } else {
            request.begin().await?
        };
        let consent = life::held(&change, id).await?;
        let survivor = survivor_of(&change, &consent).await?;
        let role = signature.role.to_string();
        let signed = match sign::sign(&change, consent, &survivor, signature).await? {
            Signing::Taken(signed) => *signed,
            Signing::Repeated => {
                drop(change);
                let told = found(request, id).await?;
                return told.ok_or_else(|| Error::NotFound.into());
            }
            Signing::Blocked(defects) => {
                drop(change);
                return Err(refuse(request, id, defects).await);
            }
        };
        let consent = &signed.consent;
        let event = Event::ConsentSigned(ConsentEvent::of(consent, survivor.audit_id, Some(role)));
        if let Some(earlier) = &signed.superseded {
            let superseded =
                Event::ConsentSuperseded(ConsentEvent::of(earlier, survivor.audit_id, None));
            change.record(superseded).await?;
        }
        let consent = finish(request, change, event, signed.consent).await?;
        destroy(request, &signed.left_behind).await;
        Ok(consent)
    }

    /// Marks a consent of your agency's as one that should never have been. In force on the very next read, and forever.
    async fn mark_consent_entered_in_error(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Update)?;
        let id = page::id("id", &id)?;
        let change = request.begin_ending().await?;
        let consent = life::held(&change, id).await?;
        let survivor = survivor_of(&change, &consent).await?;
        let event =
            Event::ConsentEnteredInError(ConsentEvent::of(&consent, survivor.audit_id, None));
        let consent = life::enter_in_error(&change, consent).await?;
        let packages = ending::standing_on(&change, id).await?;
        let consent = finish(request, change, event, consent).await?;
        destroy(request, &packages).await;
        Ok(consent)
    }

    /// Takes a consent back, with every later version of it: at any time, through any channel, without a reason. In
    /// force on the very next read. Taking it back again answers the same. Where the discloser is suspended, the
    /// coordinator of its task force takes a signed consent back for the survivor, and is shown no content of it; the
    /// discloser is told by a notice.
    async fn revoke_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "How the survivor took it back.")] channel: RevocationChannel,
    ) -> Result<Revocation> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Update)?;
        let id = page::id("id", &id)?;
        let change = request.begin_ending().await?;
        let now = change.now();
        let found = consent::Entity::revocable_by(change.agency(), id)
            .one_locked(&*change)
            .await?
            .ok_or(Error::NotFound)?;
        let by = By::Agency(change.agency());
        let ended = ending::revoke(&change, found, by, Some(channel), now).await?;
        let referrals_suspended = ending::suspended(&change, &ended.versions).await?;
        let again = ended.events.is_empty();
        if again {
            drop(change);
        } else {
            change.commit_all(ended.events).await?;
        }
        destroy(request, &ended.packages).await;
        let consent = if again {
            // Nothing is on record yet that would let it leave.
            let before = revoked_before(request, id).await?;
            before.ok_or(Error::NotFound)?
        } else {
            ConsentView::load(request, std::slice::from_ref(&ended.consent))
                .await?
                .view(ended.consent, now)
        };
        Ok(Revocation {
            consent,
            referrals_suspended,
            versions: ended.versions,
        })
    }
}

/// Refuses a signature. That an abuser was to sign goes on record, for the agency alone.
async fn refuse(request: &Request, id: ConsentId, defects: Defects) -> Refusal {
    if defects.by_abuser {
        let code = ConsentCheck::SignerIsAbuser.code();
        request.deny(code, Some(id.to_string())).await;
    }
    let findings = defects.findings;
    Error::ConsentDefective { findings }.into()
}

/// Whether a consent of the agency's is a later version, which it is from its drafting or never.
async fn replaces_another(request: &Request, id: ConsentId) -> Result<bool> {
    let consent = consent::Entity::held_by(request.caller.agency(), id)
        .one(&request.worker.store.read)
        .await?;
    Ok(consent.is_some_and(|consent| consent.supersedes.is_some()))
}

/// Destroys the keys of packages that are denied already.
async fn destroy(request: &Request, packages: &[PackageVersion]) {
    let meta = &request.meta.request;
    ending::destroy(&request.worker.vault, packages, meta).await;
}

async fn survivor_of(change: &Change<'_>, consent: &consent::Model) -> Result<survivor::Model> {
    let survivor = survivor::Entity::one_of(change.agency(), consent.survivor_id)
        .one(&**change)
        .await?;
    survivor.ok_or_else(|| Error::NotFound.into())
}

async fn finish(
    request: &Request,
    change: Change<'_>,
    event: Event,
    model: consent::Model,
) -> Result<Consent> {
    let now = change.now();
    change.commit(event).await?;
    Ok(ConsentView::load(request, std::slice::from_ref(&model))
        .await?
        .view(model, now))
}
