//! The sharing lock and the sharing epoch: how ending some sharing overtakes what is under way.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::sharing_epoch;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionOptions,
};

use super::Store;
use super::advisory_lock::AdvisoryLock;
use super::outcome::TransactionId;
use crate::clock;
use crate::telemetry;

/// The lock that everyone who records or changes holds, shared, until they commit; whoever ends some sharing holds it
/// alone. PostgreSQL's lock manager queues fairly, so a revocation waits for no later reader.
pub(crate) const SHARING_LOCK: i64 = AdvisoryLock::Sharing.number();

/// How long a write that only shows that one can be made may wait for a standby: less than whoever probes waits for it.
const PROBING: Duration = Duration::from_secs(2);

/// How a transaction holds the sharing lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharingLock {
    /// Beside others: for recording, and for changes that end no sharing. The protocol's step `TakeLockShared`.
    Shared,
    /// Alone: for ending some sharing. The protocol's step `TakeLockAlone`.
    Exclusive,
}

/// A transaction that holds the sharing lock, and what was so when it had it.
#[derive(Debug)]
pub(crate) struct LockedTransaction {
    /// The transaction.
    pub(crate) transaction: DatabaseTransaction,
    /// The sharing epoch in force.
    pub(crate) epoch: i64,
    /// The time by the database's clock: of a change, and of its events. A time from before the lock could be earlier
    /// than that of a disclosure for which the lock was waited.
    pub(crate) now: Instant,
    /// By what the database knows the transaction afterwards.
    pub(crate) id: TransactionId,
}

/// Opens a transaction that holds the sharing lock; on another connection where one breaks meanwhile.
pub(crate) async fn open(store: &Store, lock: SharingLock) -> Result<LockedTransaction, DbErr> {
    store.standby.check()?;
    store.write.repeat(|| open_once(store, lock)).await
}

async fn open_once(store: &Store, lock: SharingLock) -> Result<LockedTransaction, DbErr> {
    let asked = std::time::Instant::now();
    let transaction = hold_once(store, lock).await?;
    telemetry::waited_for_lock(lock == SharingLock::Exclusive, asked.elapsed());
    let sql = format!(
        "SELECT epoch, {} AS now, {} AS id FROM sharing_epoch",
        clock::sql(store.backend),
        TransactionId::sql(store.backend),
    );
    let row = transaction
        .query_one_raw(Statement::from_string(store.backend, sql))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    Ok(LockedTransaction {
        epoch: row.try_get("", "epoch")?,
        now: row.try_get("", "now")?,
        id: TransactionId(row.try_get("", "id")?),
        transaction,
    })
}

/// Opens a transaction that holds the sharing lock. Only a later statement may read the epoch: the snapshot of the one
/// that takes the lock is older than the lock.
async fn hold_once(store: &Store, lock: SharingLock) -> Result<DatabaseTransaction, DbErr> {
    let transaction = store
        .write
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if store.backend == DbBackend::Postgres {
        let lock = match lock {
            SharingLock::Shared => "SELECT pg_advisory_xact_lock_shared($1)",
            SharingLock::Exclusive => "SELECT pg_advisory_xact_lock($1)",
        };
        let lock = Statement::from_sql_and_values(store.backend, lock, [SHARING_LOCK.into()]);
        transaction.execute_raw(lock).await?;
    }
    Ok(transaction)
}

/// Has every decision that is under way made again: for whoever holds the sharing lock alone and ends some sharing. The
/// epoch is one more from then on. The protocol's step `Bump`.
pub(crate) async fn bump(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    sharing_epoch::Entity::bump()
        .exec(transaction)
        .await
        .map(|_| ())
}

impl Store {
    /// Shows that the sharing lock can be had and that the data store can be written to: by writing the epoch that is
    /// there, durably, as an ending writes a new one. One statement, so that a prober that stalls holds no lock.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_writing(&self) -> Result<(), DbErr> {
        let statement = if self.backend == DbBackend::Postgres {
            let sql = "WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($1) IS NULL AS lock) \
                 UPDATE sharing_epoch SET epoch = epoch FROM held";
            Statement::from_sql_and_values(self.backend, sql, [SHARING_LOCK.into()])
        } else {
            Statement::from_string(self.backend, "UPDATE sharing_epoch SET epoch = epoch")
        };
        // Written twice, it is what it was.
        self.standby.check()?;
        let writing = self
            .write
            .repeat(|| self.write.execute_raw(statement.clone()));
        let confirmed = self.standby.confirms_within(PROBING, writing).await;
        confirmed.map(|_| ())
    }
}
