//! A change: an open transaction that can be committed only by naming its audit event; dropped, it rolls back.

use std::ops::Deref;

use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::{audit_event, sharing_epoch};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionOptions,
    TransactionTrait,
};

use super::Store;
use crate::access::Caller;
use crate::access::standing;
use crate::audit::event::{Event, Mark};
use crate::audit::leaf::Leaf;
use crate::audit::ledger::{self, Ledger};
use crate::clock;
use crate::error::{Answer, Refusal};

/// The lock that everyone who records or changes holds, shared, until they commit; whoever ends some sharing holds it
/// alone. PostgreSQL's lock manager queues fairly, so a revocation waits for no later reader.
const SHARING_LOCK: i64 = 0x00C0_4C0D;

/// How a transaction holds the sharing lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Beside others: for recording, and for changes that end no sharing.
    Shared,
    /// Alone: for ending some sharing.
    Alone,
}

/// A change in the making.
#[derive(Debug)]
pub struct Act<'c> {
    transaction: DatabaseTransaction,
    epoch: i64,
    now: Instant,
    caller: &'c Caller,
    mark: &'c Mark,
    ledger: &'c Ledger,
    holding: Holding,
}

/// A transaction that holds the sharing lock, and what was so when it had it.
pub(crate) struct Opened {
    /// The transaction.
    pub(crate) transaction: DatabaseTransaction,
    /// The sharing epoch in force.
    pub(crate) epoch: i64,
    /// The time by the database's clock: of a change, and of its events. A time from before the lock could be earlier
    /// than that of a disclosure for which the lock was waited.
    pub(crate) now: Instant,
}

/// Opens a transaction that holds the sharing lock.
pub(crate) async fn open(store: &Store, holding: Holding) -> Result<Opened, DbErr> {
    let transaction = hold(store, holding).await?;
    let sql = format!(
        "SELECT epoch, {} AS now FROM sharing_epoch",
        clock::sql(store.backend)
    );
    let row = transaction
        .query_one_raw(Statement::from_string(store.backend, sql))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    Ok(Opened {
        epoch: row.try_get("", "epoch")?,
        now: row.try_get("", "now")?,
        transaction,
    })
}

/// Opens a transaction that holds the sharing lock. Only a later statement may read the epoch: the snapshot of the one
/// that takes the lock is older than the lock.
pub(crate) async fn hold(store: &Store, holding: Holding) -> Result<DatabaseTransaction, DbErr> {
    let transaction = store
        .write
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    if store.backend == DbBackend::Postgres {
        let lock = match holding {
            Holding::Shared => "SELECT pg_advisory_xact_lock_shared($1)",
            Holding::Alone => "SELECT pg_advisory_xact_lock($1)",
        };
        let lock = Statement::from_sql_and_values(store.backend, lock, [SHARING_LOCK.into()]);
        transaction.execute_raw(lock).await?;
    }
    Ok(transaction)
}

/// Has every decision that is under way made again: for whoever holds the sharing lock alone and ends some sharing. The
/// epoch is one more from then on.
pub(crate) async fn bump(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    sharing_epoch::Entity::bump()
        .exec(transaction)
        .await
        .map(|_| ())
}

impl<'c> Act<'c> {
    /// Opens a change for a caller whose agency and token are in good standing.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn begin(
        store: &Store,
        ledger: &'c Ledger,
        caller: &'c Caller,
        mark: &'c Mark,
        holding: Holding,
    ) -> Answer<Self> {
        let before = ledger.fork().highest();
        let Opened {
            transaction,
            epoch,
            now,
        } = open(store, holding).await?;
        // What is written to a fork is lost with it.
        ledger.fork().meets(before, epoch);
        ledger.fork().refuse()?;
        let standing = standing::read(&transaction, store.backend, caller).await?;
        standing.require()?;
        clock::trust(now)?;
        Ok(Self {
            transaction,
            epoch,
            now,
            caller,
            mark,
            ledger,
            holding,
        })
    }

    /// The database's time, read after the sharing lock was taken.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The agency that acts.
    #[must_use]
    pub fn agency(&self) -> AgencyId {
        self.caller.agency()
    }

    /// Who acts.
    #[must_use]
    pub fn caller(&self) -> &'c Caller {
        self.caller
    }

    /// Puts a further event on record with the change, for a change that is more than one thing. It is on record only
    /// where [`commit`](Self::commit) names the last one.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn record(&self, event: Event) -> Answer<()> {
        let leaf = Leaf::of(event, &self.caller.agent(), self.mark, self.now);
        let row = leaf
            .into_row(self.mark.address.as_deref())
            .map_err(Refusal::internal)?;
        ledger::insert(&self.transaction, &[&row]).await?;
        Ok(())
    }

    /// Records the event and makes the change durable, both or neither.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn commit(self, event: Event) -> Answer<()> {
        self.commit_all(vec![event]).await.map(|_| ())
    }

    /// The same for a change of several events, at least one; names them.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn commit_all(self, events: Vec<Event>) -> Answer<Vec<AuditEventId>> {
        let agent = self.caller.agent();
        let leaves: Vec<Leaf> = events
            .into_iter()
            .map(|event| Leaf::of(event, &agent, self.mark, self.now))
            .collect();
        let ids = leaves.iter().map(|leaf| leaf.id).collect();
        let address = self.mark.address.as_deref();
        commit_all(self.transaction, self.holding, leaves, address).await?;
        if self.holding == Holding::Alone {
            self.ledger.fork().remember(self.epoch + 1);
        }
        self.ledger.has_grown();
        Ok(ids)
    }
}

/// Records the event of a change that no caller makes, and makes the change durable, both or neither. `transaction` was
/// opened with the same `holding`.
///
/// # Errors
/// `UNAVAILABLE`: nothing was changed.
pub(crate) async fn commit(
    transaction: DatabaseTransaction,
    holding: Holding,
    leaf: Leaf,
    address: Option<&str>,
) -> Answer<()> {
    commit_all(transaction, holding, vec![leaf], address).await
}

/// The same for a change of several events.
///
/// # Errors
/// `UNAVAILABLE`: nothing was changed.
pub(crate) async fn commit_all(
    transaction: DatabaseTransaction,
    holding: Holding,
    leaves: Vec<Leaf>,
    address: Option<&str>,
) -> Answer<()> {
    let rows = leaves
        .into_iter()
        .map(|leaf| leaf.into_row(address))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Refusal::internal)?;
    let rows: Vec<&audit_event::Model> = rows.iter().collect();
    ledger::insert(&transaction, &rows).await?;
    if holding == Holding::Alone {
        bump(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

impl Deref for Act<'_> {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}
