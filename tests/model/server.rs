//! The database, as far as the protocol relies on it: transactions, a fair lock, and rows that are seen once they are
//! committed. It goes on by itself with whatever statement it was given, whether or not the client is still there.

use std::fmt::{self, Debug, Formatter};

/// Whoever opens transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Client {
    /// The one writer of a replica's group commits.
    Writer(usize),
    /// A read that is made holding the lock.
    Read(usize),
    /// A change, ending or not.
    Change(usize),
}

/// One transaction: the nth of its client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TransactionId {
    pub(super) client: Client,
    pub(super) nth: u8,
}

impl Debug for TransactionId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.client, self.nth)
    }
}

/// How the sharing lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    Shared,
    Alone,
}

/// An audit event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Event {
    /// A read's nth making discloses something.
    Disclosed { read: usize, making: u8 },
    /// A change is made.
    Changed(usize),
}

/// A waiting row: the database's time of the snapshot that was decided on, or at which a change had the lock. It says
/// nothing about when the event commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Waiting {
    pub(super) time: u8,
    pub(super) event: Event,
}

/// An event of a batch, and the epoch that its decision saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct UnderEpoch {
    pub(super) row: Waiting,
    pub(super) epoch: u8,
}

/// A transaction in progress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transaction {
    pub(super) id: TransactionId,
    /// Whether a reply would reach the client.
    pub(super) connected: bool,
    /// The events of a group commit, if it is one: one statement.
    pub(super) batch: Option<Vec<UnderEpoch>>,
    /// The epoch that its statement sees.
    pub(super) epoch: Option<u8>,
    pub(super) inserted: Vec<Waiting>,
    /// The consent that it ends.
    pub(super) ends: Option<usize>,
    pub(super) bumps: bool,
    /// Whether COMMIT is on its way, or has arrived.
    pub(super) committing: bool,
}

impl Transaction {
    /// Opens an interactive transaction, a statement at a time.
    pub(super) fn interactive(id: TransactionId) -> Self {
        Self {
            id,
            connected: true,
            batch: None,
            epoch: None,
            inserted: Vec::new(),
            ends: None,
            bumps: false,
            committing: false,
        }
    }

    /// Opens the transaction of one statement, which needs its client no more.
    pub(super) fn statement(id: TransactionId, batch: Vec<UnderEpoch>) -> Self {
        Self {
            batch: Some(batch),
            ..Self::interactive(id)
        }
    }
}

/// What `pg_xact_status` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    InProgress,
    Committed,
    Aborted,
}

/// What is committed, and what is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Server {
    pub(super) epoch: u8,
    /// The consents that were ended.
    pub(super) ended: Vec<usize>,
    /// Who asked for the sharing lock, in order of arrival; see [`Server::holds`].
    pub(super) lock: Vec<(TransactionId, Mode)>,
    pub(super) transactions: Vec<Transaction>,
    /// Every committed event, in the order of the commits. Nobody can ask for that order: it is for the promises.
    pub(super) committed: Vec<Event>,
    /// The committed waiting rows.
    pub(super) waiting: Vec<Waiting>,
    /// The events that have a place, by place.
    pub(super) places: Vec<Event>,
    /// The time; see [`Cast::time`](super::protocol::Cast::time).
    pub(super) clock: u8,
}

impl Server {
    /// Opens a transaction.
    pub(super) fn begin(&mut self, transaction: Transaction) {
        self.transactions.push(transaction);
        // In an order that does not depend on who came first, so that equal states are equal.
        self.transactions.sort_by_key(|one| one.id);
    }

    /// Queues a transaction for the sharing lock.
    pub(super) fn ask_lock(&mut self, id: TransactionId, mode: Mode) {
        self.lock.push((id, mode));
    }

    /// Tells whether a transaction holds the lock: whoever came first does, and all that share it, up to the first who
    /// wants it alone.
    pub(super) fn holds(&self, id: TransactionId) -> bool {
        let Some(position) = self.lock.iter().position(|(one, _)| *one == id) else {
            return false;
        };
        let upto = &self.lock[..=position];
        position == 0 || upto.iter().all(|(_, mode)| *mode == Mode::Shared)
    }

    /// Tells whether a transaction waits for the lock.
    pub(super) fn waits(&self, id: TransactionId) -> bool {
        self.lock.iter().any(|(one, _)| *one == id) && !self.holds(id)
    }

    pub(super) fn find(&self, id: TransactionId) -> Option<&Transaction> {
        self.transactions.iter().find(|one| one.id == id)
    }

    /// Returns a transaction in progress, to go on with it.
    pub(super) fn at(&mut self, id: TransactionId) -> &mut Transaction {
        let found = self.transactions.iter_mut().find(|one| one.id == id);
        found.expect("a transaction in progress")
    }

    pub(super) fn in_progress(&self) -> Vec<TransactionId> {
        self.transactions.iter().map(|one| one.id).collect()
    }

    /// Inserts an event and its waiting row.
    pub(super) fn insert(&mut self, id: TransactionId, row: Waiting) {
        self.at(id).inserted.push(row);
    }

    /// Tells whether another transaction has inserted one of these events and not committed yet: an insertion of the
    /// same waits for it.
    pub(super) fn must_wait(&self, id: TransactionId, batch: &[UnderEpoch]) -> bool {
        let others = self.transactions.iter().filter(|other| other.id != id);
        others
            .flat_map(|other| &other.inserted)
            .any(|row| batch.iter().any(|one| one.row.event == row.event))
    }

    /// Makes a transaction's rows seen by all, and releases its lock.
    pub(super) fn commit(&mut self, id: TransactionId) -> Transaction {
        let transaction = self.close(id);
        self.ended.extend(transaction.ends);
        self.ended.sort_unstable();
        self.epoch += u8::from(transaction.bumps);
        for row in &transaction.inserted {
            self.committed.push(row.event);
            self.waiting.push(*row);
        }
        self.waiting.sort_unstable();
        transaction
    }

    /// Undoes a transaction, and releases its lock.
    pub(super) fn abort(&mut self, id: TransactionId) {
        self.close(id);
    }

    fn close(&mut self, id: TransactionId) -> Transaction {
        self.lock.retain(|(one, _)| *one != id);
        let position = self.transactions.iter().position(|one| one.id == id);
        self.transactions
            .remove(position.expect("a transaction in progress"))
    }

    /// Answers how a change's transaction ended.
    pub(super) fn outcome(&self, id: TransactionId, event: Event) -> Outcome {
        if self.find(id).is_some() {
            Outcome::InProgress
        } else if self.committed.contains(&event) {
            Outcome::Committed
        } else {
            Outcome::Aborted
        }
    }
}
