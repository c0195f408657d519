//! Consents on the wire.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use concord_entities::consent::{self, Column};
use concord_entities::ids::{AgencyId, ConsentId, SignatureId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    AuditType, ConsentStatus, DataCategory, Purpose, ReferralStatus, RevocationChannel,
    SignatureMethod, SignerRole, StatusReason,
};
use concord_entities::{agency, consent_signature, referral, survivor};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use tracing::warn;

use super::input::{ConsentInput, SignatureInput};
use super::rules;
use crate::access::grant::{Permission, Resource};
use crate::agency::directory::Agencies;
use crate::agency::graphql::Agency;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::{Answer, Error};
use crate::graphql::connection::Connection;
use crate::graphql::request::{InRequest, Request};
use crate::graphql::scalars::{Date, DateTime, LanguageTag, Sha256};
use crate::store::Act;
use crate::store::idempotency::{self, Replay};
use crate::store::page::{self, Wanted};
use crate::store::reading;
use crate::survivor::graphql::Survivor;

/// On which side of a consent your agency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ConsentSide {
    /// Your agency may disclose.
    Given,
    /// Your agency may be told.
    Received,
}

/// One version of a survivor's consent: one discloser, one recipient, named categories and purposes, an end.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Consent {
    #[graphql(skip)]
    model: consent::Model,
    /// Where it stands now.
    pub status: ConsentStatus,
    /// Who consents; null to the recipient.
    pub survivor: Option<Survivor>,
    /// The agency that may disclose.
    pub discloser: Agency,
    /// The one agency that may be told.
    pub recipient: Agency,
    /// The signatures under it.
    pub signatures: Vec<Signature>,
}

#[ComplexObject]
impl Consent {
    /// The consent's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// The version of the agreement, from 1.
    async fn version(&self) -> i32 {
        self.model.version
    }

    /// What may be told.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.categories.iter().collect()
    }

    /// What for.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.purposes.iter().collect()
    }

    /// The language in which it was explained.
    async fn language(&self) -> LanguageTag {
        self.model.language.clone().into()
    }

    /// From when.
    async fn effective_at(&self) -> DateTime {
        self.model.effective_at.into()
    }

    /// Until when.
    async fn expires_at(&self) -> DateTime {
        self.model.expires_at.into()
    }

    /// When the survivor took it back.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.model.revoked_at.map(DateTime::from)
    }
}

/// A signature under a consent.
#[derive(Clone, Debug, SimpleObject)]
pub struct Signature {
    /// As what they signed.
    pub role: SignerRole,
    /// How they signed.
    pub method: SignatureMethod,
    /// The day on the signature.
    pub signed_on: Date,
    /// The SHA-256 of the signed document.
    pub document_sha256: Option<Sha256>,
}

/// What to look for among consents.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ConsentFilter {
    /// Those of this survivor of your agency's.
    pub survivor: Option<ID>,
    /// Those with this other agency.
    pub counterpart: Option<ID>,
}

/// That a consent was taken back, and what that ended.
#[derive(Clone, Debug, SimpleObject)]
pub struct Revocation {
    /// The consent, as it stands now.
    pub consent: Consent,
    /// How many open referrals it suspended.
    pub referrals_suspended: i32,
}

/// Reading consents.
#[derive(Default)]
pub struct ConsentQuery;

/// Reading consents.
#[Object]
impl ConsentQuery {
    /// The consents that your agency holds or is named in, newest first.
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that your agency holds, or those that name it as recipient.")] side: ConsentSide,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            ConsentFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
    ) -> Answer<Connection<Consent>> {
        let request = ctx.request()?;
        let caller = request.caller(Resource::Consent, Permission::Search)?;
        let wanted = Wanted::parse(first, after.as_deref(), None, None)?;
        let filter = filter.unwrap_or_default();
        let survivor: Option<SurvivorId> = filter
            .survivor
            .as_deref()
            .map(|id| page::id("filter.survivor", id))
            .transpose()?;
        let counterpart: Option<AgencyId> = filter
            .counterpart
            .as_deref()
            .map(|id| page::id("filter.counterpart", id))
            .transpose()?;
        let released = request
            .disclose(|| async {
                let (mut among, other) = match side {
                    ConsentSide::Given => (
                        consent::Entity::given_to(caller.agency()),
                        Column::RecipientId,
                    ),
                    ConsentSide::Received => (
                        consent::Entity::naming(caller.agency()),
                        Column::DiscloserId,
                    ),
                };
                if let Some(counterpart) = counterpart {
                    among = among.filter(other.eq(counterpart));
                }
                if let Some(survivor) = survivor {
                    // The recipient does not know whose consent it is: to it, nothing matches.
                    among = among
                        .filter(Column::SurvivorId.eq(survivor))
                        .filter(Column::DiscloserId.eq(caller.agency()));
                }
                let found =
                    reading::page(&request.worker.store, among, Column::Id, wanted, |row| {
                        row.id.to_string()
                    })
                    .await?;
                with_context(request, found, |page| page.entries.as_slice()).await
            })
            .await?;
        let (page, context, now) = released.content();
        Ok(Connection::of(
            page.map(|model| context.show(model, now)),
            |one| one.model.id.0,
        ))
    }
}

/// What a consent is shown with: its survivor, agencies and signatures.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    survivors: HashMap<SurvivorId, survivor::Model>,
    signatures: HashMap<ConsentId, Vec<Signature>>,
    agencies: Agencies,
}

impl Shown {
    /// Reads what these consents, which the caller may see, are shown with.
    pub(crate) async fn of(request: &Request, consents: &[consent::Model]) -> Answer<Self> {
        let store = &request.worker.store;
        let own = request.caller.agency();
        let parties = consents
            .iter()
            .flat_map(|one| [one.discloser_id, one.recipient_id]);
        let agencies = request.worker.directory.among(store, parties).await?;
        let held = consents
            .iter()
            .filter(|one| one.discloser_id == own)
            .map(|one| one.survivor_id);
        let survivors = survivor::Entity::of(own)
            .filter(survivor::Column::Id.is_in(held))
            .all(&store.read)
            .await?;
        let mut signatures: HashMap<ConsentId, Vec<Signature>> = HashMap::new();
        for row in consent_signature::Entity::under(consents.iter().map(|one| one.id))
            .all(&store.read)
            .await?
        {
            signatures
                .entry(row.consent_id)
                .or_default()
                .push(row.into());
        }
        Ok(Self {
            survivors: survivors.into_iter().map(|one| (one.id, one)).collect(),
            signatures,
            agencies,
        })
    }

    /// The consent as the caller sees it.
    pub(crate) fn show(&self, model: consent::Model, now: Instant) -> Consent {
        let agency = |id: AgencyId| Agency::from_directory(&self.agencies, id);
        Consent {
            status: rules::status(&model, now),
            survivor: self
                .survivors
                .get(&model.survivor_id)
                .cloned()
                .map(Survivor::from),
            discloser: agency(model.discloser_id),
            recipient: agency(model.recipient_id),
            signatures: self.signatures.get(&model.id).cloned().unwrap_or_default(),
            model,
        }
    }
}

async fn with_context<T>(
    request: &Request,
    found: Decided<T>,
    consents: impl Fn(&T) -> &[consent::Model],
) -> Answer<Decided<(T, Shown, Instant)>> {
    let shown = Shown::of(request, consents(&found.content)).await?;
    let now = found.now;
    Ok(found.map(|content| (content, shown, now)))
}

impl From<consent_signature::Model> for Signature {
    fn from(row: consent_signature::Model) -> Self {
        Self {
            role: row.role,
            method: row.method,
            signed_on: row.signed_on.into(),
            document_sha256: row.document_sha256.map(Sha256::from),
        }
    }
}

/// One consent that the caller's agency holds or is named in.
pub(crate) async fn node(request: &Request, id: ConsentId) -> Answer<Option<Consent>> {
    let caller = request.caller(Resource::Consent, Permission::Read)?;
    let released = request
        .disclose(|| async {
            let among = consent::Entity::known_to(caller.agency(), [id]);
            let found =
                reading::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
            with_context(request, found, |one| one.as_slice()).await
        })
        .await?;
    let (found, shown, now) = released.content();
    Ok(found.map(|model| shown.show(model, now)))
}

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
        let model =
            match idempotency::replay(&act, "draftConsent", key, &format!("{consent:?}")).await? {
                Replay::Made(id) => held(&act, ConsentId(id)).await?,
                Replay::Fresh(key) => {
                    let (model, survivor) = draft(&act, &consent).await?;
                    idempotency::keep(&act, key, model.id.0).await?;
                    let event = recorded(AuditType::ConsentDrafted, &model, &survivor, None);
                    return finish(request, act, event, model).await;
                }
            };
        let now = act.now();
        drop(act);
        Ok(Shown::of(request, std::slice::from_ref(&model))
            .await?
            .show(model, now))
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
