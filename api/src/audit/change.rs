//! The unit of work: a change is an open transaction that is committed only by naming what happened; dropped, it rolls
//! back.
//!
//! Whoever changes something does it by a [`Change`]: an agency's caller or program ([`ByAgency`]), the service's operator
//! ([`ByOperator`], and [`ByOperatorAs`] for one of an agency's people), or the service by itself when a moment comes
//! ([`ByService`]). A change that ends some sharing is an [`Ending`]. It holds the sharing lock alone, so that it waits for
//! every release under way, and it moves the sharing epoch on, so that every later release is decided again. Either
//! destroys the keys that it was told to ([`Change::destroys`]), by itself, once it is durable.

mod author;
mod connection;
pub mod invented_past;

use std::borrow::Cow;
use std::ops::Deref;

use concord_entities::ids::{self, AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::{ledger_reopening, store_identity};
use futures_util::join;
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel};

pub use self::author::{Author, ByAgency, ByOperator, ByOperatorAs, ByService, OnBehalf};
use super::event::{Event, RequestMeta};
use super::fork;
use super::leaf::Leaf;
use super::ledger::Ledger;
use super::stored::in_column;
use super::tree::Head;
use super::turnstile::Turn;
use super::written;
use crate::error::{Refusal, Result};
use crate::seal::doomed::DoomedKeys;
use crate::store::Store;
use crate::store::outcome::{self, TransactionId};
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};

/// A change that is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The event that records it.
    pub event: AuditEventId,
    /// Whether every key that it was to destroy is gone. Where not, a sweep follows.
    pub keys_destroyed: bool,
}

/// What a change puts on record of where it came from that no request asked for.
static NO_REQUEST: RequestMeta = RequestMeta {
    request: String::new(),
    address: None,
    operation: None,
    document: None,
    trace: None,
    client_request: None,
};

/// A change in the making, which ends no sharing. It is a connection: what is read and written by it is part of it.
#[derive(Debug)]
pub struct Change<'c, By = ByAgency> {
    transaction: DatabaseTransaction,
    id: TransactionId,
    now: Instant,
    by: By,
    store: &'c Store,
    ledger: Option<&'c Ledger>,
    meta: Cow<'c, RequestMeta>,
    doomed: Vec<DoomedKeys>,
    /// The acting agency's turn to end something, where this is a request's ending. Dropped after the transaction.
    turn: Option<Turn>,
    /// Whether its events get ids of its moment, and not of now.
    invented: bool,
}

/// A change in the making that ends some sharing: it holds the sharing lock alone.
#[derive(Debug)]
pub struct Ending<'c, By = ByAgency> {
    change: Change<'c, By>,
    epoch: i64,
}

/// Returns what goes on record of a command: its words, as the operation.
fn of_command<'c>(store: &Store) -> Cow<'c, RequestMeta> {
    Cow::Owned(RequestMeta {
        operation: store.operator.command.map(str::to_owned),
        ..RequestMeta::default()
    })
}

/// Opens a change that holds the lock in this way; says under which epoch.
async fn open<'c, By>(
    lock: SharingLock,
    store: &'c Store,
    ledger: Option<&'c Ledger>,
    by: By,
    meta: Cow<'c, RequestMeta>,
) -> Result<(Change<'c, By>, i64)> {
    let before = ledger.map(|ledger| ledger.fork().highest());
    let LockedTransaction {
        transaction,
        epoch,
        now,
        id,
    } = sharing_lock::open(store, lock).await?;
    // What is written to a fork is lost with it.
    if let (Some(ledger), Some(before)) = (ledger, before) {
        ledger.fork().meets(before, epoch);
        ledger.fork().refuse()?;
        ledger.fork().meets_time(now)?;
    }
    let change = Change {
        transaction,
        id,
        now,
        by,
        store,
        ledger,
        meta,
        doomed: Vec::new(),
        turn: None,
        invented: false,
    };
    Ok((change, epoch))
}

impl<'c, By: Author> Change<'c, By> {
    /// Opens a change that a request makes.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn open(
        store: &'c Store,
        ledger: &'c Ledger,
        by: By,
        meta: &'c RequestMeta,
    ) -> Result<Self> {
        let (change, _) = open(
            SharingLock::Shared,
            store,
            Some(ledger),
            by,
            Cow::Borrowed(meta),
        )
        .await?;
        Ok(change)
    }

    /// Opens a change that the running service makes by itself.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn unasked(store: &'c Store, ledger: &'c Ledger, by: By) -> Result<Self> {
        Self::open(store, ledger, by, &NO_REQUEST).await
    }

    /// Opens a change that a command makes, beside whatever servers run.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn at_command_line(store: &'c Store, by: By) -> Result<Self> {
        let (change, _) = open(SharingLock::Shared, store, None, by, of_command(store)).await?;
        Ok(change)
    }

    /// Puts a further event on record with the change, for a change that is more than one thing. It is on record only
    /// where [`commit`](Self::commit) names the last one.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn record(&self, event: Event) -> Result<AuditEventId> {
        let agent = self.by.agent(self.store);
        let mut leaf = Leaf::new(event, &agent, &self.meta, self.now);
        if self.invented {
            leaf.id = AuditEventId(ids::uuid_at(self.now));
        }
        let id = leaf.id;
        let record = leaf
            .into_record(self.meta.address.as_deref())
            .map_err(Refusal::internal)?;
        written::within(&self.transaction, &[&record]).await?;
        Ok(id)
    }

    /// Records what happened and makes the change durable, both or neither: the protocol's steps `Save` and `Commit`.
    /// Then destroys the keys that it was told to.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed. `OUTCOME_UNKNOWN`.
    pub async fn commit(self, event: Event) -> Result<Committed> {
        let event = self.record(event).await?;
        let keys_destroyed = self.make_durable(None).await?;
        Ok(Committed {
            event,
            keys_destroyed,
        })
    }

    /// Commits a change of several events; where there are none, nothing is changed. The keys are destroyed all the same:
    /// whoever ended it before may not have come to it. Returns whether all of them are gone.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed.
    pub async fn commit_all(self, mut events: Vec<Event>) -> Result<bool> {
        let Some(last) = events.pop() else {
            return self.make_undone().await;
        };
        for event in events {
            self.record(event).await?;
        }
        Ok(self.commit(last).await?.keys_destroyed)
    }
}

impl Change<'_, ByOperator> {
    /// Puts on record that the operator gave a command which shows records, before it shows them.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn command_given(store: &Store) -> Result<()> {
        let change = Change::at_command_line(store, ByOperator::default()).await?;
        change.commit(Event::CommandGiven).await?;
        Ok(())
    }
}

impl<By> Change<'_, By> {
    /// Returns the database's time, read after the sharing lock was taken.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Has keys destroyed once this change is durable. What the keyring does not take within two seconds is logged, and
    /// left to a sweep.
    pub fn destroys(&mut self, keys: DoomedKeys) {
        self.doomed.push(keys);
    }

    /// Commits, and destroys the keys that the change was told to. `epoch` is the one that is in force from then on,
    /// where the change moved it. Returns whether all of the keys are gone. Whoever asked may go away meanwhile: it is done to its end all the same.
    async fn make_durable(self, epoch: Option<i64>) -> Result<bool> {
        let Self {
            transaction,
            id,
            store,
            ledger,
            meta,
            doomed,
            turn,
            ..
        } = self;
        let (store, ledger) = (store.clone(), ledger.cloned());
        let request = meta.request.clone();
        let finishing = tokio::spawn(async move {
            outcome::commit(&store, transaction, &id).await?;
            drop(turn);
            if let Some(ledger) = &ledger {
                ledger.has_grown();
            }
            let witnessing = async {
                if let Some(epoch) = epoch {
                    fork::witness_ending(&store, ledger.as_ref().map(Ledger::fork), epoch).await;
                }
            };
            let housekeeping = ledger
                .as_ref()
                .map(|ledger| ledger.housekeeping().clone())
                .unwrap_or_default();
            // Side by side: a keyring that hangs is waited for once.
            let destroying = housekeeping.destroy(&store.keyring, doomed, &request);
            let ((), destroyed) = join!(witnessing, destroying);
            Ok(destroyed)
        });
        outcome::noted(async {
            finishing
                .await
                .unwrap_or_else(|broken| Err(Refusal::outcome_unknown(broken)))
        })
        .await
    }

    /// Gives the change up, and waits until nothing of it holds up the next one.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed all the same.
    pub async fn give_up(self) -> Result<()> {
        Ok(self.transaction.rollback().await?)
    }

    /// Gives the change up, and destroys the keys that it was told to.
    async fn make_undone(self) -> Result<bool> {
        self.transaction.rollback().await?;
        drop(self.turn);
        let housekeeping = self
            .ledger
            .map(|ledger| ledger.housekeeping().clone())
            .unwrap_or_default();
        let keyring = &self.store.keyring;
        let request = &self.meta.request;
        Ok(housekeeping.destroy(keyring, self.doomed, request).await)
    }
}

impl Change<'_> {
    /// Returns the agency that acts.
    #[must_use]
    pub fn agency(&self) -> AgencyId {
        self.by.agency
    }

    /// Returns the registration of the program that acts.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.by.client
    }
}

impl<By: OnBehalf> Change<'_, By> {
    /// Says on whose behalf the author acts from here on: what is recorded is on that agency's record too. For no agency, it
    /// is on the service's alone.
    pub fn acts_for(&mut self, agency: Option<AgencyId>) {
        self.by.acts_for(agency);
    }

    /// Makes a change durable with the events that were put on record one by one; with none where nobody needs to be told of
    /// it, as of a store's first keys.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed. `OUTCOME_UNKNOWN`.
    pub async fn commit_as_recorded(self) -> Result<()> {
        self.make_durable(None).await.map(|_| ())
    }
}

impl<'c, By: Author> Ending<'c, By> {
    /// Opens a change that a request makes, in its agency's turn, which lasts until the change is durable or undone. Look
    /// first whether there is anything to end: whoever does not stops everybody for nothing.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn open(
        store: &'c Store,
        ledger: &'c Ledger,
        by: By,
        meta: &'c RequestMeta,
        mut turn: Turn,
    ) -> Result<Self> {
        let (mut change, epoch) = open(
            SharingLock::Exclusive,
            store,
            Some(ledger),
            by,
            Cow::Borrowed(meta),
        )
        .await?;
        turn.has_the_lock();
        change.turn = Some(turn);
        Ok(Self { change, epoch })
    }

    /// Opens a change that a command makes, beside whatever servers run.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn at_command_line(store: &'c Store, by: By) -> Result<Self> {
        let (change, epoch) =
            open(SharingLock::Exclusive, store, None, by, of_command(store)).await?;
        Ok(Self { change, epoch })
    }

    /// Records what ended, has every decision under way made again, and makes the change durable, all or nothing. Then
    /// destroys the keys that it was told to.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed. `OUTCOME_UNKNOWN`.
    pub async fn commit(self, event: Event) -> Result<Committed> {
        let event = self.change.record(event).await?;
        sharing_lock::bump(&self.change.transaction).await?;
        let keys_destroyed = self.change.make_durable(Some(self.epoch + 1)).await?;
        Ok(Committed {
            event,
            keys_destroyed,
        })
    }

    /// Commits the going on from an older copy: as [`commit`](Self::commit), and the store points at the event, so that
    /// whoever witnessed it before follows. The log has another name from then on, which quotes how far the one before is
    /// known to have come.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed. `OUTCOME_UNKNOWN`.
    pub async fn commit_reopening(self, signed: Head) -> Result<AuditEventId> {
        let event = Event::LedgerReopened {
            signed: signed.size,
            root: signed.root,
        };
        let id = self.change.record(event).await?;
        let reopening = ledger_reopening::Model {
            event_id: id,
            reopened_at: self.change.now,
            size: in_column(signed.size)?,
            root: signed.root.0.to_vec(),
        };
        ledger_reopening::Entity::insert(reopening.into_active_model())
            .exec_without_returning(&self.change.transaction)
            .await?;
        store_identity::Entity::reopened(id, self.change.now)
            .exec(&self.change.transaction)
            .await?;
        sharing_lock::bump(&self.change.transaction).await?;
        self.change.make_durable(Some(self.epoch + 1)).await?;
        Ok(id)
    }

    /// Commits a change of several events. Where there are none, nothing ended: nothing is changed then, and the epoch
    /// stays. The keys are destroyed all the same: whoever ended it before may not have come to it. Returns whether all of
    /// them are gone.
    ///
    /// # Errors
    /// `UNAVAILABLE`: nothing was changed. `OUTCOME_UNKNOWN`.
    pub async fn commit_all(self, mut events: Vec<Event>) -> Result<bool> {
        let Some(last) = events.pop() else {
            return self.change.make_undone().await;
        };
        for event in events {
            self.change.record(event).await?;
        }
        Ok(self.commit(last).await?.keys_destroyed)
    }
}

impl<'c, By> Ending<'c, By> {
    /// Has keys destroyed once this change is durable, as [`Change::destroys`] does.
    pub fn destroys(&mut self, keys: DoomedKeys) {
        self.change.destroys(keys);
    }

    /// Returns the change that is left where, looked at alone, nothing is to end: the epoch stays.
    #[must_use]
    pub fn ends_nothing(self) -> Change<'c, By> {
        self.change
    }
}

impl Ending<'_, ByOperator> {
    /// Says on whose behalf the operator acts, as [`Change::acts_for`] does.
    pub fn acts_for(&mut self, agency: Option<AgencyId>) {
        self.change.acts_for(agency);
    }
}

impl<'c, By> Deref for Ending<'c, By> {
    type Target = Change<'c, By>;

    fn deref(&self) -> &Change<'c, By> {
        &self.change
    }
}
