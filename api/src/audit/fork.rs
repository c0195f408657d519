//! What a running server knows of a fork: the data store fell back to an older copy beneath it.
//!
//! An older copy that is put back under running servers, or a failover to a replica that lagged, has lost revocations and
//! disclosures just as one that a server is started over ([`witness`] keeps it from that). A server notices in two ways.
//! The sharing epoch only ever grows, and comes with every statement that releases something: a smaller one than was read
//! before is a fork, and the read that meets it first is refused. And once a second the store is held against its
//! witnesses, which also shows what was lost without an ending. Then how far it has come is witnessed, and what others
//! ended is remembered in the state folder.
//!
//! A fork that is known stays known until the server is started again: standings and names that were read before belong
//! to another store than those read since. Until then nothing is released and nothing is changed.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord_entities::instant::Instant;
use tokio::sync::watch;
use tokio::time::timeout;

use super::witness::{self, BehindError, Lineage};
use super::witnesses::{FoundFolder, Remembered, WitnessError, Witnesses};
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
    /// Which of PostgreSQL's histories the store was when it was looked at last.
    lineage: Mutex<Option<Lineage>>,
    /// The state folder did not know the stores when this server started.
    folder_was_empty: AtomicBool,
    /// The state folder could not be written to the last time.
    folder_fails: AtomicBool,
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

/// Another PostgreSQL cluster than before.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data store is in another PostgreSQL cluster than a moment ago: start the server again, if it was moved there"
)]
struct OtherClusterError;

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
        let witnesses = Witnesses::of(store);
        let compared = match witnesses.compare(store).await {
            Ok(compared) => compared,
            // A clock that is behind catches up: whoever is judged by it is refused until then.
            Err(WitnessError::Behind {
                how: BehindError::ClockBehind { shown, .. },
                ..
            }) => {
                self.0.latest.fetch_max(shown.0, Ordering::SeqCst);
                return;
            }
            Err(fork @ WitnessError::Behind { .. }) => return self.find(&fork),
            Err(WitnessError::Folder(fault)) => return self.notes_folder(Err(&fault)),
            Err(WitnessError::Unread(_) | WitnessError::Unvouched { .. }) => return,
        };
        let now = compared.present.progress;
        self.meets(before, now.epoch);
        self.meets_lineage(now.lineage);
        if let Ok(Remembered::Agrees(witnessed)) = compared.keyring {
            self.0.latest.fetch_max(witnessed.at.0, Ordering::SeqCst);
        }
        let clock_holds = self.meets_time(now.at).is_ok() && clock::agree(clock::now(), now.at);
        if !clock_holds || self.is_found() {
            return;
        }
        match witnesses.advance(store, &compared).await {
            Ok(()) => self.notes_folder(Ok(())),
            Err(WitnessError::Folder(fault)) => self.notes_folder(Err(&fault)),
            Err(
                WitnessError::Unread(_)
                | WitnessError::Behind { .. }
                | WitnessError::Unvouched { .. },
            ) => {}
        }
    }

    /// Remembers which history the store is; another cluster under a running server makes a fork known.
    fn meets_lineage(&self, now: Option<Lineage>) {
        let Some(now) = now else { return };
        let mut known = self
            .0
            .lineage
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let before = known.replace(now);
        drop(known);
        if before.is_some_and(|before| before.system != now.system) {
            self.find(&OtherClusterError);
        }
    }

    /// Remembers how the state folder was found when this server started.
    pub fn started_over(&self, found: FoundFolder) {
        let was_empty = found == FoundFolder::Empty;
        self.0.folder_was_empty.store(was_empty, Ordering::SeqCst);
    }

    /// Returns a word on the state folder where there is something to say of it.
    #[must_use]
    pub fn state_word(&self) -> Option<&'static str> {
        if self.0.folder_fails.load(Ordering::SeqCst) {
            Some("cannot be written")
        } else {
            let was_empty = self.0.folder_was_empty.load(Ordering::SeqCst);
            was_empty.then_some("empty at the start")
        }
    }

    /// Notes whether the state folder could be written to; the log is told when that changes.
    fn notes_folder(&self, written: Result<(), &(dyn std::error::Error + '_)>) {
        let fails = written.is_err();
        if self.0.folder_fails.swap(fails, Ordering::SeqCst) == fails {
            return;
        }
        if let Err(why) = written {
            tracing::error!(%why, "the state folder cannot be written: what ends stands all the same");
        } else {
            tracing::info!("the state folder can be written again");
        }
    }

    /// Looks again and again, until `stop` becomes true or its sender is gone.
    pub async fn watch(self, store: Store, mut stop: watch::Receiver<bool>) {
        while timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            self.look(&store).await;
            store.standby.asks(&store.write);
        }
    }
}

/// Has an ending witnessed that is durable, under the epoch that it began: before it is answered, by a server (`fork`) or
/// a command.
pub(super) async fn witness_ending(store: &Store, fork: Option<&Fork>, epoch: i64) {
    if let Some(fork) = fork {
        fork.remember(epoch);
    }
    let witnessing = Witnesses::of(store).ending(store, epoch).await;
    if let Some(why) = &witnessing.keyring {
        tracing::warn!(
            why,
            epoch,
            "an ending was not witnessed by the keyring: it stands, and the watch tries again"
        );
    }
    if let Some(fork) = fork {
        match &witnessing.folder {
            None => fork.notes_folder(Ok(())),
            Some(why) => fork.notes_folder(Err(&NotRememberedError(why.clone()))),
        }
    }
}

/// The state folder did not take an ending.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotRememberedError(String);
