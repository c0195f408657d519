//! Changing consents: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::consent::{self};
use concord_entities::ids::{AgencyId, ConsentId, SignatureId, SurvivorId};
use concord_entities::vocabulary::{AuditType, RevocationChannel, SignerRole};
use concord_entities::{agency, consent_signature, survivor};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::ending;
use super::graphql::{Consent, Revocation, Shown, found};
use super::input::{ConsentInput, SignatureInput};
use super::rules;
use crate::access::grant::{Permission, Resource};
use crate::audit::event::Event;
use crate::error::{Answer, Error};
use crate::graphql::request::{InRequest, Request};
use crate::store::Act;
use crate::store::idempotency::{self, Replay};
use crate::store::page::{self};

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
    ) -> Answer<Consent> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Create)?;
        let act = request.begin().await?;
        let key = consent.idempotency_key.as_ref();
        match idempotency::replay(&act, "draftConsent", key, &format!("{consent:?}")).await? {
            Replay::Made(id) => {
                drop(act);
                let made = found(request, ConsentId(id)).await?;
                made.ok_or_else(|| Error::NotFound.into())
            }
            Replay::Fresh(key) => {
                let (model, survivor) = draft(&act, &consent).await?;
                idempotency::keep(&act, key, model.id.0).await?;
                let event = recorded(AuditType::ConsentDrafted, &model, &survivor, None);
                finish(request, act, event, model).await
            }
        }
    }

    /// Records a signature under a consent. With the last one that it needs, it is in force.
    async fn sign_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "Who signs, how, and when.")] signature: SignatureInput,
    ) -> Answer<Consent> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Update)?;
        let id = page::id("id", &id)?;
        let act = request.begin().await?;
        let consent = held(&act, id).await?;
        let survivor = survivor_of(&act, &consent).await?;
        let event = recorded(
            AuditType::ConsentSigned,
            &consent,
            &survivor,
            Some(signature.role.to_string()),
        );
        let signed = sign(&act, consent, &survivor, signature).await?;
        finish(request, act, event, signed).await
    }

    /// Takes a consent back, with every later version of it: at any time, through any channel, without a reason. In
    /// force on the very next read. Taking it back again answers the same. Where the discloser is suspended, the
    /// coordinator of its task force takes the consent back for the survivor.
    async fn revoke_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "How the survivor took it back.")] channel: RevocationChannel,
    ) -> Answer<Revocation> {
        let request = ctx.request()?;
        request.caller(Resource::Consent, Permission::Update)?;
        let id = page::id("id", &id)?;
        let act = request.begin_ending().await?;
        let now = act.now();
        let found = to_revoke(&act, id).await?;
        let ended = ending::revoke(&act, found, Some(channel), now).await?;
        let referrals_suspended = ending::suspended(&act, id).await?;
        if ended.events.is_empty() {
            drop(act);
        } else {
            act.commit_all(ended.events).await?;
        }
        let mark = &request.mark.request;
        ending::destroy(&request.worker.vault, &ended.referrals, now, mark).await;
        let consent = Shown::of(request, std::slice::from_ref(&ended.consent))
            .await?
            .show(ended.consent, now);
        Ok(Revocation {
            consent,
            referrals_suspended,
            versions: ended.versions,
        })
    }
}

/// The consent to take back: the caller's own, or one whose discloser cannot, for the coordinator of its task force.
async fn to_revoke(act: &Act<'_>, id: ConsentId) -> Answer<consent::Model> {
    let own = consent::Entity::held_by(act.agency(), id);
    if let Some(own) = own.lock_exclusive().one(&**act).await? {
        return Ok(own);
    }
    let orphaned = consent::Entity::orphaned(act.agency(), id)
        .lock_exclusive()
        .one(&**act)
        .await?;
    orphaned.ok_or_else(|| Error::NotFound.into())
}

async fn held(act: &Act<'_>, id: ConsentId) -> Answer<consent::Model> {
    let consent = consent::Entity::held_by(act.agency(), id)
        .lock_exclusive()
        .one(&**act)
        .await?;
    consent.ok_or_else(|| Error::NotFound.into())
}

async fn survivor_of(act: &Act<'_>, consent: &consent::Model) -> Answer<survivor::Model> {
    let survivor = survivor::Entity::one_of(act.agency(), consent.survivor_id)
        .one(&**act)
        .await?;
    survivor.ok_or_else(|| Error::NotFound.into())
}

fn recorded(
    kind: AuditType,
    consent: &consent::Model,
    survivor: &survivor::Model,
    reason: Option<String>,
) -> Event {
    Event::Consent {
        kind,
        id: consent.id,
        version: consent.version,
        survivor: survivor.audit_id,
        recipient: consent.recipient_id,
        reason,
    }
}

async fn finish(
    request: &Request,
    act: Act<'_>,
    event: Event,
    model: consent::Model,
) -> Answer<Consent> {
    let now = act.now();
    act.commit(event).await?;
    Ok(Shown::of(request, std::slice::from_ref(&model))
        .await?
        .show(model, now))
}

async fn draft(act: &Act<'_>, input: &ConsentInput) -> Answer<(consent::Model, survivor::Model)> {
    let survivor: SurvivorId = page::id("consent.survivor", &input.survivor)?;
    let recipient: AgencyId = page::id("consent.recipient", &input.recipient)?;
    let survivor = survivor::Entity::one_of(act.agency(), survivor)
        .one(&**act)
        .await?
        .ok_or_else(|| {
            Error::input(
                "consent.survivor",
                "no survivor of your agency's has this id",
            )
        })?;
    agency::Entity::known_to(act.agency())
        .filter(agency::Column::Id.eq(recipient))
        .one(&**act)
        .await?
        .ok_or_else(|| {
            Error::input(
                "consent.recipient",
                "no agency of your task forces has this id",
            )
        })?;
    let model = consent::Model {
        id: ConsentId::new(),
        version: 1,
        supersedes: None,
        survivor_id: survivor.id,
        discloser_id: act.agency(),
        recipient_id: recipient,
        categories: input.categories.iter().copied().collect(),
        purposes: input.purposes.iter().copied().collect(),
        language: input.language.as_str().to_owned(),
        effective_at: input.effective_at.map_or(act.now(), |at| at.0),
        expires_at: input.expires_at.0,
        signed_at: None,
        revoked_at: None,
        revocation_channel: None,
        superseded_at: None,
        entered_in_error_at: None,
        created_at: act.now(),
    };
    let model = model.into_active_model().insert(&**act).await?;
    Ok((model, survivor))
}

async fn sign(
    act: &Act<'_>,
    consent: consent::Model,
    survivor: &survivor::Model,
    input: SignatureInput,
) -> Answer<consent::Model> {
    let findings = rules::findings(&consent, act.now());
    if !findings.is_empty() {
        return Err(Error::ConsentDefective { findings }.into());
    }
    if consent.revoked_at.is_some()
        || consent.superseded_at.is_some()
        || consent.signed_at.is_some()
    {
        return Err(
            Error::NotNow("this consent takes no more signatures: draft a new one".into()).into(),
        );
    }
    if !rules::can_be_signed_on(input.signed_on.0, act.now()) {
        return Err(Error::input(
            "signature.signedOn",
            "a signature is not from a day to come",
        )
        .into());
    }
    let signature = consent_signature::Model {
        id: SignatureId::new(),
        consent_id: consent.id,
        role: input.role,
        method: input.method,
        signed_on: input.signed_on.0,
        document_sha256: input.document_sha256.map(|hash| hash.as_str().to_owned()),
        recorded_at: act.now(),
    };
    signature.into_active_model().insert(&**act).await?;
    let roles: Vec<SignerRole> = consent_signature::Entity::under([consent.id])
        .all(&**act)
        .await?
        .into_iter()
        .map(|signature| signature.role)
        .collect();
    if !rules::complete(&roles, survivor.minor) {
        return Ok(consent);
    }
    let mut consent = consent.into_active_model();
    consent.signed_at = Set(Some(act.now()));
    Ok(consent.update(&**act).await?)
}
