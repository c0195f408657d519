//! What would be wrong: the protocol with one thought left out.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutation {
    /// A batch inserts and releases whatever was decided, under whichever epoch.
    NoEpochCheck,
    /// A read releases without comparing the epoch that came back.
    ReleaseWithoutComparing,
    /// An ending moves the epoch on before it has the lock.
    BumpBeforeLock,
    /// A batch sees the epoch as of its begin, before it had the lock: `repeatable read`.
    SnapshotOlderThanLock,
    /// A read gets its facts and its epoch by two SELECTs.
    EpochReadAfterFacts,
    /// A read that was overtaken twice is recorded without the lock.
    FallbackWithoutLock,
    /// A read that was overtaken is always made in the same way again.
    NoFallback,
    /// The integrator remembers the highest time that it took, and takes what came after.
    PlacesBySequence,
    /// The integrator gives places in another order than that of the times.
    PlacesInAnyOrder,
    /// An ending reads the time before it has the lock.
    TimeBeforeLock,
    /// The integrator commits the places before it deletes the waiting rows.
    PlacesThenWaiting,
    /// A lost connection after COMMIT is answered as a refusal.
    LostReplyIsRefusal,
    /// A transaction that is still in progress is taken for one that aborted.
    InProgressIsRefusal,
    /// A change is acknowledged before its COMMIT has taken effect.
    AnswerBeforeCommit,
    /// A batch that is sent again inserts what is there already.
    RepeatInsertsTwice,
    /// A batch is a transaction of several statements, which a stalled client leaves open.
    InteractiveBatch,
    /// A change that its client leaves open stays open.
    NoIdleTimeout,
}
