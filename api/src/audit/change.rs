//! A change: an open transaction that can be committed only by naming its audit event; dropped, it rolls back.

use std::ops::Deref;

use concord_entities::audit_event;
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use sea_orm::DatabaseTransaction;

use super::event::{Event, RequestMeta};
use super::leaf::Leaf;
use super::ledger::{self, Ledger};
use crate::access::{Caller, token_status};
use crate::clock;
use crate::error::{Refusal, Result};
use crate::store::Store;
use crate::store::sharing_lock::{LockedTransaction, SharingLock, bump, open};

/// A change in the making.
#[derive(Debug)]
pub struct Change<'c> {
    transaction: DatabaseTransaction,
    epoch: i64,
    now: Instant,
    caller: &'c Caller,
    meta: &'c RequestMeta,
    ledger: &'c Ledger,
    holding: SharingLock,
}

impl<'c> Change<'c> {
    /// Opens a change for a caller whose agency and token are in good standing.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn begin(
        store: &Store,
        ledger: &'c Ledger,
        caller: &'c Caller,
        meta: &'c RequestMeta,
        holding: SharingLock,
    ) -> Result<Self> {
        let before = ledger.fork().highest();
        let LockedTransaction {
            transaction,
            epoch,
            now,
        } = open(store, holding).await?;
        // What is written to a fork is lost with it.
        ledger.fork().meets(before, epoch);
        ledger.fork().refuse()?;
        let standing = token_status::read(&transaction, store.backend, caller).await?;
        standing.require()?;
        clock::trust(now)?;
        Ok(Self {
            transaction,
            epoch,
            now,
            caller,
            meta,
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
    pub async fn record(&self, event: Event) -> Result<()> {
        let leaf = Leaf::of(event, &self.caller.agent(), self.meta, self.now);
        let row = leaf
            .into_row(self.meta.address.as_deref())
            .map_err(Refusal::internal)?;
        ledger::insert(&self.transaction, &[&row]).await?;
        Ok(())
    }

    /// Records the event and makes the change durable, both or neither.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn commit(self, event: Event) -> Result<()> {
        self.commit_all(vec![event]).await.map(|_| ())
    }

    /// The same for a change of several events, at least one; names them.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn commit_all(self, events: Vec<Event>) -> Result<Vec<AuditEventId>> {
        let agent = self.caller.agent();
        let leaves: Vec<Leaf> = events
            .into_iter()
            .map(|event| Leaf::of(event, &agent, self.meta, self.now))
            .collect();
        let ids = leaves.iter().map(|leaf| leaf.id).collect();
        let address = self.meta.address.as_deref();
        commit_all(self.transaction, self.holding, leaves, address).await?;
        if self.holding == SharingLock::Exclusive {
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
    holding: SharingLock,
    leaf: Leaf,
    address: Option<&str>,
) -> Result<()> {
    commit_all(transaction, holding, vec![leaf], address).await
}

/// The same for a change of several events.
///
/// # Errors
/// `UNAVAILABLE`: nothing was changed.
pub(crate) async fn commit_all(
    transaction: DatabaseTransaction,
    holding: SharingLock,
    leaves: Vec<Leaf>,
    address: Option<&str>,
) -> Result<()> {
    let rows = leaves
        .into_iter()
        .map(|leaf| leaf.into_row(address))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Refusal::internal)?;
    let rows: Vec<&audit_event::Model> = rows.iter().collect();
    ledger::insert(&transaction, &rows).await?;
    if holding == SharingLock::Exclusive {
        bump(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

impl Deref for Change<'_> {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}
