//! Housekeeping: destroys the keys of what has ended, and forgets rows whose time is over, as the table in
//! `docs/OPERATING.md` says.
//!
//! Of all servers over a store one sweeps at a time. It goes in batches, each a statement of its own that an index answers,
//! and leaves the stores to others in between.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::{
    address_sweep, agency_change, application_secret, audit_checkpoint, audit_event, idempotency,
    notice, spent_proof, token_state,
};
use sea_orm::{DbBackend, DbErr, DeleteMany, EntityTrait, QuerySelect};
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::access::token::MAX_LIFE;
use crate::audit::fork::Fork;
use crate::error::{Refusal, Result};
use crate::seal::Vault;
use crate::seal::housekeeping::Housekeeping;
use crate::seal::vault::BETWEEN_BATCHES;
use crate::store::Store;
use crate::store::advisory_lock::AdvisoryLock;

/// For how long a repeated call with the same idempotency key is answered with what the first one made.
pub const IDEMPOTENCY: Duration = Duration::from_hours(30 * 24);
/// For how long a notice is kept once it was read.
pub const READ_NOTICE: Duration = Duration::from_hours(365 * 24);
/// For how long it is kept what changed for an agency: longer than a cursor can be gone on from, by more than an event
/// can come to its place late.
pub const AGENCY_CHANGE: Duration = Duration::from_hours(32 * 24);
/// For how long a secret is kept that authenticates nobody any more.
pub const ENDED_SECRET: Duration = Duration::from_hours(30 * 24);
/// For how long a token is kept after it died of itself: longer than anything that was exchanged for it lives.
pub const DEAD_TOKEN: Duration = MAX_LIFE;

/// For how long the network address stays beside an audit event: thirteen months.
pub const ADDRESS: Duration = Duration::from_hours(396 * 24);
/// For how long every checkpoint is kept; older ones thin out to one an hour.
pub const EVERY_CHECKPOINT: Duration = Duration::from_hours(24);
/// For how long a checkpoint an hour is kept; older ones thin out to one a day, for good.
pub const HOURLY_CHECKPOINTS: Duration = Duration::from_hours(30 * 24);

/// How often keys of packages that have ended are looked for, and rows that are over.
const SWEEP: Duration = Duration::from_mins(10);
/// How soon a sweep follows where something was left.
const SOON: Duration = Duration::from_secs(5);
/// How long a server that starts may sweep before it serves.
const BEFORE_SERVING: Duration = Duration::from_secs(10);

/// How many rows are forgotten by one statement.
const BATCH: u64 = 500;

/// Sweeps once; returns whether it did. It does not where another server sweeps.
///
/// # Errors
/// `UNAVAILABLE`: what was not swept is swept the next time.
pub async fn once(vault: &Vault, store: &Store, fork: &Fork) -> Result<bool> {
    let Some(lock) = SweepLock::take(store).await? else {
        return Ok(false);
    };
    // To an older copy, the keys of what came after it belong to nothing.
    fork.look(store).await;
    fork.refuse()?;
    let now = store.ping().await?;
    vault.sweep_everything(store, now).await?;
    forget_old_rows(store, now).await?;
    lock.release().await;
    Ok(true)
}

/// Sweeps before a server serves: what one that was killed had ended and not yet destroyed is gone then. A keyring that
/// does not answer, or is very large, does not keep the service from its other work: then the rest follows beside it.
/// Returns whether all was swept.
pub async fn before_serving(vault: &Vault, store: &Store, fork: &Fork) -> bool {
    match timeout(BEFORE_SERVING, once(vault, store, fork)).await {
        Ok(Ok(swept)) => swept,
        Ok(Err(refusal)) => {
            let code = refusal.error.code();
            warn!(code, "the sweep will be tried again");
            false
        }
        Err(_) => {
            warn!("the sweep is long: it goes on beside the requests");
            false
        }
    }
}

/// Sweeps for as long as the server runs: every ten minutes, and soon where an ending left keys, until they are gone.
pub async fn keep(
    vault: Vault,
    store: Store,
    fork: Fork,
    housekeeping: Housekeeping,
    mut all_is_swept: bool,
) {
    loop {
        let pause = if all_is_swept { SWEEP } else { SOON };
        if timeout(pause, housekeeping.keys_are_left()).await.is_ok() {
            all_is_swept = false;
            sleep(SOON).await;
        }
        match once(&vault, &store, &fork).await {
            Ok(true) => {
                all_is_swept = true;
                housekeeping.swept();
            }
            // Another server sweeps, and may have passed by what was left here.
            Ok(false) => {}
            Err(refusal) => {
                all_is_swept = false;
                let code = refusal.error.code();
                warn!(code, "the sweep will be tried again");
            }
        }
    }
}

/// Forgets the rows whose time is over.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn forget_old_rows(store: &Store, now: Instant) -> Result<()> {
    forget(store, || spent_proof::Entity::forget_expired(now, BATCH)).await?;
    let dead = now.minus(DEAD_TOKEN);
    forget(store, || token_state::Entity::forget_expired(dead, BATCH)).await?;
    let old = now.minus(IDEMPOTENCY);
    forget(store, || idempotency::Entity::forget_old(old, BATCH)).await?;
    let read = now.minus(READ_NOTICE);
    forget(store, || notice::Entity::forget_seen(read, BATCH)).await?;
    let changed = now.minus(AGENCY_CHANGE);
    forget(store, || agency_change::Entity::forget_old(changed, BATCH)).await?;
    let ended = now.minus(ENDED_SECRET);
    forget(store, || {
        application_secret::Entity::forget_ended(ended, BATCH)
    })
    .await?;
    for (age, period) in [
        (EVERY_CHECKPOINT, Duration::from_hours(1)),
        (HOURLY_CHECKPOINTS, Duration::from_hours(24)),
    ] {
        let before = now.minus(age);
        forget(store, || {
            audit_checkpoint::Entity::thin(before, period, BATCH)
        })
        .await?;
    }
    forget_addresses(store, now.minus(ADDRESS)).await
}

/// Forgets the network addresses of events that were recorded before this moment: in the order of their ids, from where the last
/// sweep came to.
async fn forget_addresses(store: &Store, before: Instant) -> Result<()> {
    loop {
        let mark = address_sweep::Entity::mark().one(&store.write).await?;
        let Some(after) = mark.map(|mark| mark.through) else {
            return Ok(());
        };
        let old = audit_event::Entity::old_after(after, before);
        let old = old.limit(BATCH).all(&store.read).await?;
        let Some(through) = old.last().map(|event| event.id) else {
            return Ok(());
        };
        // Interrupted between the two, it does the same again.
        audit_event::Entity::forget_addresses(after, through)
            .exec(&store.write)
            .await?;
        address_sweep::Entity::moved_to(through)
            .exec(&store.write)
            .await?;
        sleep(BETWEEN_BATCHES).await;
    }
}

async fn forget<E: EntityTrait>(store: &Store, some: impl Fn() -> DeleteMany<E>) -> Result<()> {
    loop {
        let gone = some().exec(&store.write).await?.rows_affected;
        if gone < BATCH {
            return Ok(());
        }
        sleep(BETWEEN_BATCHES).await;
    }
}

/// That nobody else sweeps. On PostgreSQL a lock of a connection of its own, which falls with it, and no transaction: a
/// sweep is long.
struct SweepLock(Option<PgConnection>);

impl SweepLock {
    /// Takes it; returns none where somebody has it. An embedded store has one server.
    async fn take(store: &Store) -> Result<Option<Self>> {
        if store.backend != DbBackend::Postgres {
            return Ok(Some(Self(None)));
        }
        let connection = store.write.acquire().await.map_err(unavailable)?;
        let mut connection = connection.detach();
        let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(AdvisoryLock::Sweeping.number())
            .fetch_one(&mut connection)
            .await
            .map_err(unavailable)?;
        if held {
            return Ok(Some(Self(Some(connection))));
        }
        let _ = connection.close().await;
        Ok(None)
    }

    /// Lets go of it before it returns: whoever takes it next does not have to wait until this session is at its end.
    async fn release(self) {
        if let Some(mut connection) = self.0 {
            // A connection that does not end properly ends with its socket, and the lock with it.
            let _ = sqlx::query("SELECT pg_advisory_unlock($1)")
                .bind(AdvisoryLock::Sweeping.number())
                .execute(&mut connection)
                .await;
            let _ = connection.close().await;
        }
    }
}

fn unavailable(fault: sqlx::Error) -> Refusal {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(fault.into())).into()
}
