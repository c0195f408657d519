//! Nothing expires silently: tells both sides that a referral is not answered, before it expires and when it has.

use concord_entities::vocabulary::NoticeKind;
use concord_entities::{notice, referral};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set, Unchanged};

use super::rules::answer;
use super::rules::status::{CurrentStatus, StoredStatus};
use crate::audit::change::{ByService, Change};
use crate::audit::event::{Event, ReferralEvent};
use crate::audit::ledger::Ledger;
use crate::error::Result;
use crate::store::Store;

/// How many referrals are told of in one change.
const BATCH: u64 = 100;

/// Tells of every referral whose moment has come; returns how many were looked at.
///
/// # Errors
/// `UNAVAILABLE`: whoever was not told is told the next time.
pub async fn tell_all(store: &Store, ledger: &Ledger) -> Result<u64> {
    let mut all = 0;
    loop {
        let some = tell_some(store, ledger).await?;
        all += some;
        if some < BATCH {
            return Ok(all);
        }
    }
}

async fn tell_some(store: &Store, ledger: &Ledger) -> Result<u64> {
    let now = store.ping().await?;
    // Where there is nothing to tell, nobody waits for anything.
    let waits = referral::Entity::to_tell(now, 1).one(&store.read).await?;
    if waits.is_none() {
        return Ok(0);
    }
    let mut change = Change::unasked(store, ledger, ByService::default()).await?;
    let now = change.now();
    let rows = referral::Entity::to_tell(now, BATCH).all(&change).await?;
    let count = u64::try_from(rows.len()).unwrap_or(BATCH);
    for row in rows {
        let status = CurrentStatus::of(&StoredStatus::from(&row), now).status;
        let (row, kind) = answer::tell(row, status, now);
        change.acts_for(Some(row.sender_id));
        if let Some(kind) = kind {
            tell(&change, &row, kind).await?;
        }
        let told = referral::ActiveModel {
            id: Unchanged(row.id),
            tell_at: Set(row.tell_at),
            ..Default::default()
        };
        told.update(&change).await?;
    }
    change.commit_as_recorded().await?;
    Ok(count)
}

/// Tells both sides, and puts it on record.
async fn tell(
    change: &Change<'_, ByService>,
    referral: &referral::Model,
    kind: NoticeKind,
) -> Result<()> {
    for told in [referral.sender_id, referral.recipient_id] {
        let notice = notice::Model::unseen(told, kind, referral.id.to_string(), change.now());
        notice.into_active_model().insert(change).await?;
    }
    let event = ReferralEvent::of(referral.id, referral.recipient_id);
    change
        .record(if kind == NoticeKind::ReferralExpired {
            Event::ReferralExpired(event)
        } else {
            Event::ReferralExpires(event)
        })
        .await?;
    Ok(())
}
