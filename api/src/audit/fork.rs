//! What a running server knows of a fork: the data store fell back to an older copy beneath it.
//!
//! An older copy that is put back under running servers, or a failover to a replica that lagged, has lost revocations and
//! disclosures just as one that a server is started over ([`witness`] keeps it from that). A server notices in two ways.
//! The sharing epoch only ever grows, and comes with every statement that releases something: a smaller one than was read
//! before is a fork, and the read that meets it first is refused. And once a second the ledger is held against its
//! witness, which also shows what was lost without an ending. Then the epoch and the database's time are witnessed, too.
//!
//! A fork that is known stays known until the server is started again: standings and names that were read before belong
//! to another store than those read since. Until then nothing is released and nothing is changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use concord_entities::instant::Instant;
use tokio::sync::watch;
use tokio::time::timeout;

use super::witness::{self, Latest, WitnessError};
use crate::clock;
use crate::error::{Refusal, Result};
use crate::store::Store;

/// How often the ledger is held against its witness.
const EVERY: Duration = Duration::from_secs(1);

/// What this process knows of a fork. Cheap to clone; all clones know the same.
#[derive(Clone, Debug, Default)]
pub struct Fork(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    found: AtomicBool,
    epoch: AtomicI64,
    /// The latest time by the database's clock, in microseconds since the Unix epoch.
    latest: AtomicI64,
}

/// The data store is not the one that this server has served from.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data store fell back to an older copy under this server: put the newest one back, or go on from this one with \
     `concord audit reopen`, and start the server again"
)]
struct OlderCopyError;

/// A smaller sharing epoch than was in force before.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sharing epoch is {now}, and was {before}: what was ended since is not in the data store"
)]
struct EpochFellError {
    now: i64,
    before: i64,
}

impl Fork {
    /// Returns whether a fork is known.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.0.found.load(Ordering::SeqCst)
    }

    /// Checks that no fork is known.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn refuse(&self) -> Result<()> {
        if self.is_found() {
            Err(Refusal::unavailable(OlderCopyError))
        } else {
            Ok(())
        }
    }

    /// Makes a fork known, for good.
    pub fn find(&self, why: &(dyn std::error::Error + '_)) {
        if !self.0.found.swap(true, Ordering::SeqCst) {
            tracing::error!(%why, "the ledger is a fork: nothing is released or changed until this server starts again");
        }
    }

    /// Returns the highest epoch that was read so far. Ask before an epoch is read that [`meets`](Self::meets) it: of
    /// two reads at once, the one that ends later may have begun earlier.
    #[must_use]
    pub fn highest(&self) -> i64 {
        self.0.epoch.load(Ordering::SeqCst)
    }

    /// Remembers an epoch that was read in a committed state.
    pub fn remember(&self, epoch: i64) {
        self.0.epoch.fetch_max(epoch, Ordering::SeqCst);
    }

    /// Remembers an epoch; where it is smaller than `before`, the highest one before it was read, a fork is known.
    pub fn meets(&self, before: i64, epoch: i64) {
        if epoch < before {
            let now = epoch;
            self.find(&EpochFellError { now, before });
        }
        self.remember(epoch);
    }

    /// Checks that the database's clock has not gone back behind a time that is known, and remembers this one.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn meets_time(&self, now: Instant) -> Result<()> {
        // A clock that was wrong for a moment is not remembered.
        let latest = if clock::agree(clock::now(), now) {
            self.0.latest.fetch_max(now.0, Ordering::SeqCst)
        } else {
            self.0.latest.load(Ordering::SeqCst)
        };
        witness::check_clock(now, Instant(latest)).map_err(Refusal::unavailable)
    }

    /// Looks at once whether the store is the one that was served from. A store that does not answer says nothing.
    pub async fn look(&self, store: &Store) {
        let before = self.highest();
        let seen = (store.epoch().await, store.ping().await);
        if let (Ok(epoch), Ok(at)) = seen {
            self.meets(before, epoch);
            if self.meets_time(at).is_ok()
                && clock::agree(clock::now(), at)
                && !self.is_found()
                && let Ok(Some(latest)) =
                    witness::advance(&store.keyring, Latest { epoch, at }).await
            {
                self.0.latest.fetch_max(latest.at.0, Ordering::SeqCst);
            }
        }
        match witness::compare(store).await {
            // A clock that is behind catches up: whoever is judged by it is refused until then.
            Ok(()) | Err(WitnessError::Unread(_) | WitnessError::ClockBehind { .. }) => {}
            Err(
                fork @ (WitnessError::Older { .. }
                | WitnessError::Different { .. }
                | WitnessError::EpochFell { .. }),
            ) => {
                self.find(&fork);
            }
        }
    }

    /// Looks again and again, until `stop` becomes true or its sender is gone.
    pub async fn watch(self, store: Store, mut stop: watch::Receiver<bool>) {
        while timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            self.look(&store).await;
        }
    }
}
