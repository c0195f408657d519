//! Publishes each task force's month once it is over.

use std::time::Duration;

use concord_entities::{referral_statistics, task_force};
use tokio::time::sleep;
use tracing::warn;

use super::{collect, rules};
use crate::audit::fork::Fork;
use crate::error::Result;
use crate::store::Store;

/// How often it is looked whether a month is over.
const LOOK: Duration = Duration::from_mins(10);

/// Publishes the month that was over last in each task force, where that is not published yet and the task force was there by
/// then; returns how many it published.
///
/// # Errors
/// `UNAVAILABLE`: what was not published is published the next time, or when it is asked for.
pub async fn once(store: &Store, fork: &Fork) -> Result<u64> {
    let now = store.ping().await?;
    let mut published = 0;
    for task_force in task_force::Entity::every().all(&store.read).await? {
        // An older copy has another month than the one that was published, or would publish it once more.
        fork.refuse()?;
        let Some(month) = rules::last_over(&task_force.time_zone, now) else {
            continue;
        };
        let zone = &task_force.time_zone;
        let is_before_it = rules::is_over(month, zone, task_force.created_at);
        let found = referral_statistics::Entity::of(task_force.id, month, month);
        if !is_before_it && found.one(&store.read).await?.is_none() {
            collect::publish(store, &task_force, month).await?;
            published += 1;
        }
    }
    Ok(published)
}

/// Publishes for as long as the server runs.
pub async fn keep(store: Store, fork: Fork) {
    loop {
        if let Err(refusal) = once(&store, &fork).await {
            let code = refusal.error.code();
            warn!(code, "a month's statistics are published the next time");
        }
        sleep(LOOK).await;
    }
}
