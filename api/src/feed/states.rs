//! Where changed records stand now, as their reader may see them.

use std::collections::HashMap;

use concord_entities::ids::{ConsentId, MouId, NoticeId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ChangedKind, Code};
use concord_entities::{consent, mou, mou_party, notice, referral};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::rules::ChangedRecordRow;
use crate::access::Caller;
use crate::access::grant::Resource;
use crate::consent::rules as consent_rules;
use crate::error::Result;
use crate::mou::rules as mou_rules;
use crate::referral::rules::status::{CurrentStatus, StoredStatus};
use crate::store::Store;

/// A notice that was seen, and one that was not.
const SEEN: &str = "SEEN";
const UNSEEN: &str = "UNSEEN";

/// Where records stand, by their ids.
pub(super) type States = HashMap<Uuid, &'static str>;

/// Returns what lists records of this kind.
pub(super) fn resource(kind: ChangedKind) -> Resource {
    match kind {
        ChangedKind::Referral => Resource::Referral,
        ChangedKind::Consent | ChangedKind::Notice => Resource::Consent,
        ChangedKind::Mou => Resource::Mou,
    }
}

/// Reads where these records stand at `now`: of the kinds that the caller's token lists, what its agency sees. One
/// statement a kind that is among them.
pub(super) async fn read(
    store: &Store,
    caller: &Caller,
    rows: &[ChangedRecordRow],
    now: Instant,
) -> Result<States> {
    let mut states = States::new();
    for kind in ChangedKind::ALL.iter().copied() {
        let of_kind = rows.iter().filter(|row| row.kind == kind);
        let mut ids: Vec<Uuid> = of_kind.map(|row| row.position.object).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() || caller.may(resource(kind).search()).is_err() {
            continue;
        }
        states.extend(match kind {
            ChangedKind::Referral => referrals(store, caller, ids, now).await?,
            ChangedKind::Consent => consents(store, caller, ids, now).await?,
            ChangedKind::Mou => mous(store, caller, ids, now).await?,
            ChangedKind::Notice => notices(store, caller, ids).await?,
        });
    }
    Ok(states)
}

async fn referrals(
    store: &Store,
    caller: &Caller,
    ids: Vec<Uuid>,
    now: Instant,
) -> Result<Vec<(Uuid, &'static str)>> {
    let ids = ids.into_iter().map(ReferralId);
    let rows = referral::Entity::known_among(caller.agency(), ids)
        .all(&store.read)
        .await?;
    let state = |row: &referral::Model| {
        let current = CurrentStatus::of(&StoredStatus::from(row), now);
        (row.id.0, current.status.code())
    };
    Ok(rows.iter().map(state).collect())
}

async fn consents(
    store: &Store,
    caller: &Caller,
    ids: Vec<Uuid>,
    now: Instant,
) -> Result<Vec<(Uuid, &'static str)>> {
    let ids = ids.into_iter().map(ConsentId);
    let rows = consent::Entity::known_to(caller.agency(), ids)
        .all(&store.read)
        .await?;
    let state = |row: &consent::Model| (row.id.0, consent_rules::status(row, now).code());
    Ok(rows.iter().map(state).collect())
}

async fn mous(
    store: &Store,
    caller: &Caller,
    ids: Vec<Uuid>,
    now: Instant,
) -> Result<Vec<(Uuid, &'static str)>> {
    let ids = ids.into_iter().map(MouId);
    let rows = mou::Entity::among(caller.agency(), ids)
        .all(&store.read)
        .await?;
    let parties = mou_party::Entity::of(rows.iter().map(|row| row.id))
        .all(&store.read)
        .await?;
    let state = |row: &mou::Model| {
        let own = parties.iter().filter(|party| party.mou_id == row.id);
        let signed = own.filter(|party| party.signed_at.is_some()).count();
        (row.id.0, mou_rules::status(row, signed, now).code())
    };
    Ok(rows.iter().map(state).collect())
}

async fn notices(
    store: &Store,
    caller: &Caller,
    ids: Vec<Uuid>,
) -> Result<Vec<(Uuid, &'static str)>> {
    let rows = notice::Entity::to(caller.agency())
        .filter(notice::Column::Id.is_in(ids.into_iter().map(NoticeId)))
        .all(&store.read)
        .await?;
    let state = |row: &notice::Model| {
        let state = if row.seen_at.is_some() { SEEN } else { UNSEEN };
        (row.id.0, state)
    };
    Ok(rows.iter().map(state).collect())
}
