//! Erasing a person: everything ends that was shared of them, and what is left names nobody.
//!
//! In one transaction every consent ends, drafts and open referrals are cancelled, the sealed parts, the signed papers and
//! the plan for safe contact go, and the row that
//! other records point at loses the pseudonym, the language and the link to the audit log. Then the keys are destroyed;
//! the sweep finishes what a crash leaves, since every consent has ended. An ended consent stands as revoked, without a
//! channel: to its recipient, an erasure looks like any other revocation. What was told before stays in the audit log,
//! under an id that nothing leads to any more.

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::ids::{ConsentId, ReferralId, SurvivorAuditId, SurvivorId};
use concord_entities::vocabulary::{ReferralStatus, StatusReason};
use concord_entities::{
    consent, consent_document, idempotency, mandated_disclosure, referral, safe_contact,
    sealed_part, survivor,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
};
use tracing::warn;
use uuid::Uuid;

use crate::access::grant::{Permission, Resource};
use crate::audit::event::Event;
use crate::consent::ending;
use crate::error::{Answer, Error};
use crate::graphql::request::{InRequest, Request};
use crate::graphql::scalars::DateTime;
use crate::seal::record::Kind;
use crate::store::Act;
use crate::store::page;

/// That a person was erased.
#[derive(Clone, Debug, SimpleObject)]
pub struct ErasureReceipt {
    /// The audit event that records it. It names the person by an id that nothing leads to any more.
    pub event: ID,
    /// When.
    pub erased_at: DateTime,
    /// How many packages can be read no more.
    pub packages: i32,
    /// From when on no backup of the keyring holds a key of theirs. Until then, whoever has such a backup, the data and
    /// the key-encryption key together could read what you sealed.
    pub keyring_backups_until: DateTime,
}

/// Erasing survivors.
#[derive(Default)]
pub struct ErasureMutation;

/// Erasing survivors.
#[Object]
impl ErasureMutation {
    /// Erases a person whom your agency serves: ends every consent, destroys the key of every package, and forgets the
    /// pseudonym. It cannot be undone. What was told before stays in the accounting, without the person.
    async fn erase_survivor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The survivor's id.")] id: ID,
    ) -> Answer<ErasureReceipt> {
        let request = ctx.request()?;
        request.caller(Resource::Survivor, Permission::Delete)?;
        let id: SurvivorId = page::id("id", &id)?;
        let act = request.begin_ending().await?;
        let now = act.now();
        let found = survivor::Entity::one_of(act.agency(), id)
            .lock_exclusive()
            .one(&*act)
            .await?;
        let person = found.ok_or(Error::NotFound)?;
        let known_as = person.audit_id;

        let consents = end_consents(&act, id).await?;
        let packages = end_referrals(&act, id).await?;
        let papers = forget_papers(&act, id).await?;
        let mandates = forget_mandates(&act, id).await?;
        forget(&act, person).await?;

        let event = Event::SurvivorErased {
            survivor: known_as,
            consents,
        };
        let events = act.commit_all(vec![event]).await?;
        let worker = &request.worker;
        ending::destroy(&worker.vault, &packages, now, &request.mark.request).await;
        destroy_records(request, id, &mandates, &papers).await;
        Ok(ErasureReceipt {
            event: events.first().map(ID::from).ok_or(Error::Internal)?,
            erased_at: now.into(),
            packages: i32::try_from(packages.len()).unwrap_or(i32::MAX),
            keyring_backups_until: now.plus(worker.keyring_backups).into(),
        })
    }
}

/// Ends every consent of theirs that was not taken back before; names them.
async fn end_consents(act: &Act<'_>, id: SurvivorId) -> Answer<Vec<ConsentId>> {
    let standing = consent::Entity::of_survivor(act.agency(), id)
        .filter(consent::Column::RevokedAt.is_null())
        .all(&**act)
        .await?;
    let mut ended = Vec::with_capacity(standing.len());
    for one in standing {
        ended.push(ending::end(act, one, None, act.now()).await?.id);
    }
    Ok(ended)
}

/// Cancels what is drafted or open, and removes what every package holds; names the referrals.
async fn end_referrals(act: &Act<'_>, id: SurvivorId) -> Answer<Vec<ReferralId>> {
    let referrals: Vec<ReferralId> = referral::Entity::of_survivor(id)
        .filter(referral::Column::SenderId.eq(act.agency()))
        .select_only()
        .column(referral::Column::Id)
        .into_tuple()
        .all(&**act)
        .await?;
    referral::Entity::update_many()
        .col_expr(
            referral::Column::Status,
            Expr::value(ReferralStatus::Cancelled.to_string()),
        )
        .col_expr(
            referral::Column::StatusReason,
            Expr::value(StatusReason::SurvivorDecision.to_string()),
        )
        .col_expr(referral::Column::Halted, Expr::value(false))
        .col_expr(referral::Column::UpdatedAt, Expr::value(act.now()))
        .filter(referral::Column::SurvivorId.eq(id))
        .filter(referral::Column::Status.is_in([
            ReferralStatus::Draft,
            ReferralStatus::Requested,
            ReferralStatus::Accepted,
            ReferralStatus::InProgress,
            ReferralStatus::OnHold,
        ]))
        .exec(&**act)
        .await?;
    for some in referrals.chunks(500) {
        sealed_part::Entity::delete_many()
            .filter(sealed_part::Column::ReferralId.is_in(some.iter().copied()))
            .exec(&**act)
            .await?;
    }
    Ok(referrals)
}

/// Removes the texts of what had to be disclosed of them by law, which identify them; that it was disclosed stays on
/// record. Names the records.
async fn forget_mandates(act: &Act<'_>, id: SurvivorId) -> Answer<Vec<Uuid>> {
    let mandates = mandated_disclosure::Entity::by(act.agency())
        .filter(mandated_disclosure::Column::SurvivorId.eq(id))
        .all(&**act)
        .await?;
    let ids: Vec<Uuid> = mandates.into_iter().map(|one| one.id.0).collect();
    mandated_disclosure::Entity::update_many()
        .col_expr(
            mandated_disclosure::Column::Sealed,
            Expr::value(Vec::<u8>::new()),
        )
        .filter(mandated_disclosure::Column::Id.is_in(ids.iter().copied()))
        .exec(&**act)
        .await?;
    Ok(ids)
}

/// Removes the papers that were signed; names the consents that may have had one.
async fn forget_papers(act: &Act<'_>, id: SurvivorId) -> Answer<Vec<ConsentId>> {
    let consents: Vec<ConsentId> = consent::Entity::of_survivor(act.agency(), id)
        .select_only()
        .column(consent::Column::Id)
        .into_tuple()
        .all(&**act)
        .await?;
    consent_document::Entity::delete_many()
        .filter(consent_document::Column::ConsentId.is_in(consents.iter().copied()))
        .exec(&**act)
        .await?;
    Ok(consents)
}

/// Destroys the keys of what was sealed of them besides packages.
async fn destroy_records(
    request: &Request,
    id: SurvivorId,
    mandates: &[Uuid],
    papers: &[ConsentId],
) {
    let vault = &request.worker.vault;
    if let Err(refusal) = vault.destroy_documents(papers).await {
        let (request, code) = (&request.mark.request, refusal.error.code());
        warn!(request, code, "the keys of papers are left to the sweep");
    }
    for (kind, owners) in [
        (Kind::SafeContact, [id.0].as_slice()),
        (Kind::Mandate, mandates),
    ] {
        if let Err(refusal) = vault.destroy_records(kind, owners).await {
            let (request, code) = (&request.mark.request, refusal.error.code());
            warn!(request, code, kind = kind.name(), "keys are left");
        }
    }
}

/// Takes from the row all that could lead to the person, and the hashes of what it was registered with.
async fn forget(act: &Act<'_>, person: survivor::Model) -> Answer<()> {
    let id = person.id;
    let mut row = person.into_active_model();
    row.pseudonym = Set(format!("erased {}", Uuid::new_v4()));
    row.minor = Set(false);
    row.language = Set(None);
    row.audit_id = Set(SurvivorAuditId::new());
    row.erased_at = Set(Some(act.now()));
    row.update(&**act).await?;
    safe_contact::Entity::delete_by_id(id).exec(&**act).await?;
    idempotency::Entity::forget(id.0).exec(&**act).await?;
    Ok(())
}
