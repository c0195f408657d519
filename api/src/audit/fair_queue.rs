//! What waits for the ledger's writer: a queue for each agency, served in turn, so that nobody's backlog is another's wait.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How much may wait in all.
const IN_ALL: usize = 4096;
/// How much of one party may wait.
pub const OF_ONE: usize = 1024;

/// A bounded queue that is fair by party. Filled by many, emptied by one.
#[derive(Debug)]
pub struct FairQueue<P, T> {
    waiting: Mutex<Waiting<P, T>>,
    arrived: Notify,
}

#[derive(Debug)]
struct Waiting<P, T> {
    by_party: HashMap<P, VecDeque<T>>,
    /// The parties of whom something waits, next one first.
    turns: VecDeque<P>,
    length: usize,
    closed: bool,
}

/// The writer cannot keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueFullError {
    /// With everybody.
    #[error("the ledger's queue is full: {IN_ALL} requests wait for it")]
    InAll,
    /// With this agency.
    #[error("the ledger's queue is full for this agency: {OF_ONE} of its requests wait for it")]
    OfOne,
}

impl<P: Clone + Eq + Hash, T> FairQueue<P, T> {
    /// Returns an empty queue.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "nothing asks for a default queue"
    )]
    pub fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                by_party: HashMap::new(),
                turns: VecDeque::new(),
                length: 0,
                closed: false,
            }),
            arrived: Notify::new(),
        }
    }

    /// Puts one more at the end of a party's queue.
    ///
    /// # Errors
    /// [`QueueFullError`].
    pub fn push(&self, party: P, one: T) -> Result<(), QueueFullError> {
        let mut waiting = self.lock();
        if waiting.length >= IN_ALL {
            return Err(QueueFullError::InAll);
        }
        let queue = waiting.by_party.entry(party.clone()).or_default();
        if queue.len() >= OF_ONE {
            return Err(QueueFullError::OfOne);
        }
        let first = queue.is_empty();
        queue.push_back(one);
        waiting.length += 1;
        if first {
            waiting.turns.push_back(party);
        }
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes the next ones, each party in turn, until they weigh `most` or more. Waits for the first; returns none once
    /// the queue is closed and empty.
    pub async fn take(&self, most: usize, weight: impl Fn(&T) -> usize) -> Vec<T> {
        loop {
            let (taken, closed) = self.take_waiting(most, &weight);
            if closed || !taken.is_empty() {
                return taken;
            }
            self.arrived.notified().await;
        }
    }

    fn take_waiting(&self, most: usize, weight: &impl Fn(&T) -> usize) -> (Vec<T>, bool) {
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        let mut load = 0;
        while load < most
            && let Some((party, one)) = waiting.next()
        {
            load += weight(&one);
            taken.push(one);
            waiting.goes_on(party);
        }
        (taken, waiting.closed)
    }

    /// Returns how much waits.
    #[must_use]
    pub fn length(&self) -> usize {
        self.lock().length
    }

    /// Has whoever takes end when nothing waits any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Returns what waits. Nothing can panic half-way through a change of it.
    fn lock(&self) -> MutexGuard<'_, Waiting<P, T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Clone + Eq + Hash, T> Waiting<P, T> {
    fn next(&mut self) -> Option<(P, T)> {
        let party = self.turns.pop_front()?;
        let one = self.by_party.get_mut(&party)?.pop_front()?;
        self.length -= 1;
        Some((party, one))
    }

    /// Puts the party whose turn it was behind the others, where more of it waits.
    fn goes_on(&mut self, party: P) {
        if self
            .by_party
            .get(&party)
            .is_some_and(|queue| !queue.is_empty())
        {
            self.turns.push_back(party);
        } else {
            self.by_party.remove(&party);
        }
    }
}
