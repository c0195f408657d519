//! How far the log is behind what is recorded: looked at every second, shown as metrics, and told once where it takes long.

use std::time::Duration;

use concord_entities::instant::Instant;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use tokio::sync::watch;
use tokio::time::sleep;

use super::ledger::Ledger;
use crate::clock;
use crate::store::Store;
use crate::telemetry::{self, LogProgress};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long an event may wait for its place before that is told.
const LONG: Duration = Duration::from_secs(5);
/// As far as waiting events are counted.
const COUNTED: u32 = 100_000;

/// Looks until `stop` becomes true or its sender is gone. What cannot be looked at is told once, and looked at the next time.
pub async fn watch(store: Store, ledger: Ledger, mut stop: watch::Receiver<bool>) {
    let (mut is_late, mut is_seen) = (false, true);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(LOOK) => {}
        }
        let log = match read(&store).await {
            Ok(log) => log,
            Err(fault) => {
                if is_seen {
                    tracing::warn!(%fault, "how far the log is cannot be seen: it is tried again");
                }
                is_seen = false;
                continue;
            }
        };
        is_seen = true;
        telemetry::progressed(&LogProgress {
            queue: ledger.waiting(),
            keys_due: ledger.housekeeping().due(),
            ..log
        });
        is_late = told(is_late, log.delay, log.waiting);
    }
}

/// Tells when the log begins to be late, and when it is no more; returns whether it is.
fn told(was_late: bool, delay: Duration, waiting: u32) -> bool {
    let is_late = delay > LONG;
    if is_late && !was_late {
        tracing::warn!(
            waiting,
            "audit events wait for more than 5 seconds for their place in the log: they are durable, and nothing is released \
             without them, but no checkpoint covers them and no feed tells of them until they are integrated"
        );
    }
    if was_late && !is_late {
        tracing::info!("audit events have their place in the log in time again");
    }
    is_late
}

async fn read(store: &Store) -> Result<LogProgress, DbErr> {
    let now = clock::sql(store.backend);
    let sql = format!(
        "SELECT {now} AS now, \
         (SELECT min(recorded_at) FROM audit_waiting) AS oldest, \
         (SELECT count(*) FROM (SELECT 1 FROM audit_waiting LIMIT {COUNTED}) AS counted) AS waiting, \
         (SELECT size FROM audit_tree WHERE id = 1) AS size, \
         (SELECT max(size) FROM audit_checkpoint) AS covered, \
         (SELECT signed_at FROM audit_checkpoint ORDER BY size DESC LIMIT 1) AS signed_at"
    );
    let row = store
        .read
        .query_one_raw(Statement::from_string(store.backend, sql))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?;
    let now: Instant = row.try_get("", "now")?;
    let since = |then: Option<Instant>| then.map_or(Duration::ZERO, |then| now.since(then));
    let size: Option<i64> = row.try_get("", "size")?;
    let covered: Option<i64> = row.try_get("", "covered")?;
    let is_behind = size.unwrap_or(0) > covered.unwrap_or(0);
    let signed_at: Option<Instant> = row.try_get("", "signed_at")?;
    let counted = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(LogProgress {
        waiting: counted(row.try_get("", "waiting")?),
        delay: since(row.try_get("", "oldest")?),
        checkpoint_size: counted(covered.unwrap_or(0)),
        checkpoint_age: since(signed_at.filter(|_| is_behind)),
        ..LogProgress::default()
    })
}
