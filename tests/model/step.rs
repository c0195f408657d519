//! The steps by which the protocol goes on. The code names them where it takes them, in the files that are named here;
//! `docs/ARCHITECTURE.md` lists them.

use super::server::{Client, TransactionId};

/// One step. Reads, changes and replicas are named by their position in the [`Cast`](super::protocol::Cast).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A read's one SELECT brings the rows, the facts, the time and the epoch (`sharing/facts.rs`).
    Snapshot(usize),
    /// A read decides: disclose, or withhold (`sharing/decide.rs`).
    Decide(usize),
    /// A replica's writer sends what its reads decided as one statement, and the same again where its connection was
    /// lost (`audit/ledger.rs`).
    RecordBatch(usize),
    /// What is on record under the epoch that was seen leaves (`audit/ledger.rs`).
    Release(usize),
    /// A read whose epoch is over begins again (`audit/ledger.rs`).
    ReadAgain(usize),
    /// A read that was overtaken twice begins again by taking the lock, shared, in a transaction of its own
    /// (`audit/ledger.rs`).
    ReadHoldingLock(usize),
    /// A change that ends nothing asks for the lock, shared (`store/sharing_lock.rs`).
    TakeLockShared(usize),
    /// An ending asks for the lock, alone (`store/sharing_lock.rs`).
    TakeLockAlone(usize),
    /// A change saves its row and its event (`audit/change.rs`).
    Save(usize),
    /// An ending saves its row and its event and moves the epoch on (`store/sharing_lock.rs`).
    Bump(usize),
    /// A client sends COMMIT (`audit/change.rs`).
    Commit(Client),
    /// A change whose connection was lost after COMMIT was sent asks how it ended (`store/outcome.rs`).
    AskOutcome(usize),
    /// It asked for as long as it may, and answers that nobody knows (`store/outcome.rs`).
    GiveUpAsking(usize),
    /// An integrator takes the waiting rows that it sees (`audit/integrator.rs`).
    Integrate(usize),
    /// It gives them places in the order of their times, and commits (`audit/integrator.rs`).
    CommitPlaces,

    /// The server, once it has the lock for a batch, reads the epoch and inserts what was decided under it.
    InsertBatch(TransactionId),
    /// The server commits, and tells the client if it can.
    TakeEffect(TransactionId),
    /// The server aborts a transaction whose client is silent.
    IdleTimeout(TransactionId),

    /// A replica is killed.
    Crash(usize),
    /// A replica never takes a step again, and its connections stay open.
    Stall(usize),
    /// The server is started again: what was in progress is gone, and so is every connection.
    Restart,
    /// A connection is lost; what was sent over it takes effect all the same, or never.
    LoseConnection { of: TransactionId, goes_on: bool },
}
