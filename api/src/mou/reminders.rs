//! No MOU runs out unseen: tells its parties, and the coordinators of the task force that follows it, that its review or its end
//! comes nearer.

use std::collections::BTreeSet;
use std::time::Duration;

use concord_entities::ids::{AgencyId, MouId};
use concord_entities::vocabulary::NoticeKind;
use concord_entities::{SelectLocked, membership, mou, mou_party};
use sea_orm::{ActiveModelTrait, Set, Unchanged};
use tokio::time::sleep;
use tracing::warn;

use super::rules::reminders;
use super::rules::transitions::has_left;
use super::standing::tell;
use crate::audit::change::{ByService, Change};
use crate::audit::event::{Event, MouEvent};
use crate::audit::ledger::Ledger;
use crate::error::Result;
use crate::store::Store;

/// How often MOUs are looked for of which something is to be told.
const EVERY: Duration = Duration::from_secs(15);

/// Tells for as long as the server runs.
pub async fn keep(store: Store, ledger: Ledger) {
    loop {
        if let Err(refusal) = tell_all(&store, &ledger).await {
            let code = refusal.error.code();
            warn!(code, "of MOUs that near their end is told the next time");
        }
        sleep(EVERY).await;
    }
}

/// Tells of every MOU whose review or end came nearer; returns how many that were.
///
/// # Errors
/// `UNAVAILABLE`: who was not told is told the next time.
pub async fn tell_all(store: &Store, ledger: &Ledger) -> Result<usize> {
    let now = store.ping().await?;
    let nearing = mou::Entity::nearing(now).all(&store.read).await?;
    let due = nearing
        .iter()
        .filter(|mou| !reminders::due(mou, now).is_empty());
    let due: Vec<MouId> = due.map(|mou| mou.id).collect();
    for id in &due {
        tell_of(store, ledger, *id).await?;
    }
    Ok(due.len())
}

/// Tells of one MOU, unless another server just did.
async fn tell_of(store: &Store, ledger: &Ledger, id: MouId) -> Result<()> {
    let mut change = Change::unasked(store, ledger, ByService::default()).await?;
    let now = change.now();
    let row = mou::Entity::nearing_one(now, id)
        .one_locked(&change)
        .await?;
    let Some(mou) = row else {
        return change.give_up().await;
    };
    let due = reminders::due(&mou, now);
    if due.is_empty() {
        return change.give_up().await;
    }
    change.acts_for(Some(mou.drafted_by));
    let told = whom(&change, &mou).await?;
    for kind in due {
        for agency in &told {
            tell(&change, *agency, mou.id, kind).await?;
        }
        let event = MouEvent::from(&mou);
        let event = if kind == NoticeKind::MouReviewNears {
            Event::MouReviewNears(event)
        } else {
            Event::MouEndNears(event)
        };
        change.record(event).await?;
    }
    let told = mou::ActiveModel {
        id: Unchanged(mou.id),
        reminded_at: Set(Some(now)),
        ..Default::default()
    };
    told.update(&change).await?;
    change.commit_as_recorded().await
}

/// Returns who is told: its parties that have not left, and the coordinators of its task force.
async fn whom(change: &Change<'_, ByService>, mou: &mou::Model) -> Result<BTreeSet<AgencyId>> {
    let parties = mou_party::Entity::of([mou.id]).all(change).await?;
    let staying = parties
        .iter()
        .filter(|party| !has_left(party, change.now()));
    let mut told: BTreeSet<AgencyId> = staying.map(|party| party.agency_id).collect();
    if let Some(task_force) = mou.task_force_id {
        let coordinators = membership::Entity::coordinators_of(task_force);
        let coordinators = coordinators.all(change).await?;
        told.extend(coordinators.into_iter().map(|place| place.agency_id));
    }
    Ok(told)
}
