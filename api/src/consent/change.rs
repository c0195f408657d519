//! Changing consents: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::consent::{self};
use concord_entities::ids::{AgencyId, ConsentId, SignatureId, SurvivorId};
use concord_entities::vocabulary::{
    AuditType, ReferralStatus, RevocationChannel, SignerRole, StatusReason,
};
use concord_entities::{agency, consent_signature, referral, survivor};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use tracing::warn;

use super::graphql::{Consent, Revocation, Shown, found};
use super::input::{ConsentInput, SignatureInput};
use super::{evidence, rules};
use crate::access::grant::{Permission, Resource};
use crate::audit::event::Event;
use crate::error::{Answer, Error};
use crate::graphql::request::{InRequest, Request};
use crate::graphql::scalars::Sha256;
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

    /// Takes a consent back: at any time, through any channel, without a reason. In force on the very next read.
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
        let consent = held(&act, id).await?;
        let survivor = survivor_of(&act, &consent).await?;
        let event = recorded(
            AuditType::ConsentRevoked,
            &consent,
            &survivor,
            Some(channel.to_string()),
        );
        let (revoked, suspended) = revoke(&act, consent, channel).await?;
        let referrals = standing_on(&act, id).await?;
        let consent = finish(request, act, event, revoked).await?;
        if let Err(refusal) = request.worker.vault.destroy(&referrals).await {
            // The packages are denied already; the sweep destroys their keys when the keyring answers again.
            let code = refusal.error.code();
            warn!(
                request = request.mark.request,
                code, "keys are left to the sweep"
            );
        }
        Ok(Revocation {
            consent,
            referrals_suspended: i32::try_from(suspended).unwrap_or(i32::MAX),
        })
    }
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
    let document = input.document_sha256.as_ref().map(Sha256::as_str);
    evidence::refuse_another_than_stored(act, consent.id, document).await?;
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

/// Ends the consent and halts the open referrals that stand on it; says how many.
async fn revoke(
    act: &Act<'_>,
    consent: consent::Model,
    channel: RevocationChannel,
) -> Answer<(consent::Model, u64)> {
    if consent.revoked_at.is_some() {
        return Ok((consent, 0));
    }
    let id = consent.id;
    let mut consent = consent.into_active_model();
    consent.revoked_at = Set(Some(act.now()));
    consent.revocation_channel = Set(Some(channel));
    let consent = consent.update(&**act).await?;
    let halted = referral::Entity::update_many()
        .col_expr(referral::Column::Halted, Expr::value(true))
        .col_expr(
            referral::Column::StatusReason,
            Expr::value(StatusReason::ConsentNotInForce.to_string()),
        )
        .col_expr(referral::Column::UpdatedAt, Expr::value(act.now()))
        .filter(referral::Column::ConsentId.eq(id))
        .filter(referral::Column::Status.is_in([
            ReferralStatus::Requested,
            ReferralStatus::Accepted,
            ReferralStatus::InProgress,
            ReferralStatus::OnHold,
        ]))
        .exec(&**act)
        .await?;
    Ok((consent, halted.rows_affected))
}

async fn standing_on(
    act: &Act<'_>,
    id: ConsentId,
) -> Answer<Vec<concord_entities::ids::ReferralId>> {
    let referrals = referral::Entity::standing_on(id).all(&**act).await?;
    Ok(referrals.into_iter().map(|one| one.id).collect())
}
