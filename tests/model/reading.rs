//! A read: one snapshot, a decision, a group commit under the epoch that was seen, and the release.

use super::changing;
use super::mutation::Mutation;
use super::protocol::{Cast, Moment};
use super::server::{Client, Event, Mode, Transaction, TransactionId, UnderEpoch, Waiting};
use super::step::Step;

/// How often a read is made again before it is made holding the lock.
const PATIENCE: u8 = 2;

/// How far a read has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Read {
    pub(super) stage: Stage,
    /// How often it was begun, so that each making has an event of its own.
    pub(super) makings: u8,
    /// How often its epoch was over.
    pub(super) overtaken: u8,
    /// Whether its consent had ended when it was begun for the first time.
    pub(super) began_after_ending: bool,
    /// When its present snapshot was taken.
    pub(super) time: u8,
}

/// Where a read stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    #[default]
    Begins,
    Saw {
        ended: bool,
        epoch: u8,
    },
    Decided {
        epoch: u8,
    },
    Recording {
        epoch: u8,
    },
    Answered {
        seen: u8,
        returned: u8,
    },
    WaitsForLock,
    SawHolding {
        ended: bool,
    },
    DecidedHolding,
    CommittingHolding,
    RecordedHolding,
    Released,
    Withheld,
}

fn row(now: &Moment, read: usize) -> Waiting {
    let time = now.reads[read].time;
    let event = event(now, read);
    Waiting { time, event }
}

/// Returns the event that the present making of a read would have on record.
pub(super) fn event(now: &Moment, read: usize) -> Event {
    let making = now.reads[read].makings;
    Event::Disclosed { read, making }
}

fn transaction_of(now: &Moment, read: usize) -> TransactionId {
    TransactionId {
        client: Client::Read(read),
        nth: now.reads[read].makings,
    }
}

fn writer_of(now: &Moment, replica: usize) -> TransactionId {
    TransactionId {
        client: Client::Writer(replica),
        nth: now.writers[replica].sent,
    }
}

/// Adds what reads and writers may do next.
pub(super) fn steps(cast: &Cast, now: &Moment, steps: &mut Vec<Step>) {
    for (index, plan) in cast.reads.iter().enumerate() {
        if now.runs(plan.replica) {
            steps.extend(step_of(cast, now, index));
        }
    }
    for (replica, writer) in now.writers.iter().enumerate() {
        let of_replica = cast.reads.iter().zip(&now.reads);
        let has_work = of_replica
            .filter(|(plan, _)| plan.replica == replica)
            .any(|(_, read)| matches!(read.stage, Stage::Decided { .. } | Stage::Recording { .. }));
        if now.runs(replica) && !writer.waits && has_work {
            steps.push(Step::RecordBatch(replica));
        }
    }
}

/// Returns what a read does next, if it is its turn.
fn step_of(cast: &Cast, now: &Moment, index: usize) -> Option<Step> {
    let read = now.reads[index];
    match read.stage {
        Stage::Begins if read.overtaken < PATIENCE || cast.makes(Mutation::NoFallback) => {
            Some(Step::Snapshot(index))
        }
        Stage::Begins => Some(Step::ReadHoldingLock(index)),
        Stage::Saw { .. } | Stage::SawHolding { .. } => Some(Step::Decide(index)),
        Stage::Answered { seen, returned }
            if seen == returned
                || cast.makes(Mutation::NoEpochCheck)
                || cast.makes(Mutation::ReleaseWithoutComparing) =>
        {
            Some(Step::Release(index))
        }
        Stage::Answered { .. } => Some(Step::ReadAgain(index)),
        Stage::WaitsForLock => {
            let holds = now.server.holds(transaction_of(now, index));
            (holds || cast.makes(Mutation::FallbackWithoutLock)).then_some(Step::Snapshot(index))
        }
        Stage::DecidedHolding => Some(Step::Commit(Client::Read(index))),
        Stage::RecordedHolding => Some(Step::Release(index)),
        Stage::Decided { .. }
        | Stage::Recording { .. }
        | Stage::CommittingHolding
        | Stage::Released
        | Stage::Withheld => None,
    }
}

/// Takes a step of a read, of its writer, or of the server with a batch.
pub(super) fn take(cast: &Cast, next: &mut Moment, step: &Step) {
    match *step {
        Step::Snapshot(read) => snapshot(cast, next, read),
        Step::Decide(read) => decide(cast, next, read),
        Step::RecordBatch(replica) => record_batch(cast, next, replica),
        Step::InsertBatch(id) => insert_batch(cast, next, id),
        Step::Release(read) => next.reads[read].stage = Stage::Released,
        Step::ReadAgain(read) => {
            next.reads[read].overtaken += 1;
            next.reads[read].stage = Stage::Begins;
        }
        Step::ReadHoldingLock(read) => {
            next.reads[read].makings += 1;
            next.reads[read].stage = Stage::WaitsForLock;
            let id = transaction_of(next, read);
            next.server.begin(Transaction::interactive(id));
            if !cast.makes(Mutation::FallbackWithoutLock) {
                next.server.ask_lock(id, Mode::Shared);
            }
        }
        Step::Commit(Client::Read(read)) => {
            let id = transaction_of(next, read);
            next.server.at(id).committing = true;
            next.reads[read].stage = Stage::CommittingHolding;
        }
        _ => unreachable!("a read has no step {step:?}"),
    }
}

fn snapshot(cast: &Cast, next: &mut Moment, read: usize) {
    let consent = cast.reads[read].consent;
    let ended = next.server.ended.contains(&consent);
    next.reads[read].time = cast.time(next);
    if next.reads[read].stage == Stage::WaitsForLock {
        next.reads[read].stage = Stage::SawHolding { ended };
        return;
    }
    let acknowledged = cast.changes.iter().zip(&next.changes).any(|(plan, stage)| {
        plan.ends == Some(consent) && *stage == changing::Stage::Over(changing::Answer::Done)
    });
    let epoch = next.server.epoch;
    let read = &mut next.reads[read];
    if read.makings == 0 {
        read.began_after_ending = ended || acknowledged;
    }
    read.makings += 1;
    read.stage = Stage::Saw { ended, epoch };
}

fn decide(cast: &Cast, next: &mut Moment, read: usize) {
    next.reads[read].stage = match next.reads[read].stage {
        Stage::Saw { ended: true, .. } => Stage::Withheld,
        Stage::Saw { .. } if cast.makes(Mutation::EpochReadAfterFacts) => Stage::Decided {
            epoch: next.server.epoch,
        },
        Stage::Saw { epoch, .. } => Stage::Decided { epoch },
        Stage::SawHolding { ended } => {
            let id = transaction_of(next, read);
            if ended {
                next.server.abort(id);
                Stage::Withheld
            } else {
                let row = row(next, read);
                next.server.insert(id, row);
                Stage::DecidedHolding
            }
        }
        stage => unreachable!("nothing to decide in {stage:?}"),
    };
}

/// Sends what waits for the writer; or, where the last reply was lost, the same again and what has come since.
fn record_batch(cast: &Cast, next: &mut Moment, replica: usize) {
    let mut batch = Vec::new();
    for (index, plan) in cast.reads.iter().enumerate() {
        let stage = next.reads[index].stage;
        if let (true, Stage::Decided { epoch } | Stage::Recording { epoch }) =
            (plan.replica == replica, stage)
        {
            let row = row(next, index);
            batch.push(UnderEpoch { row, epoch });
            next.reads[index].stage = Stage::Recording { epoch };
        }
    }
    next.writers[replica].sent += 1;
    next.writers[replica].waits = true;
    let id = writer_of(next, replica);
    let mut transaction = Transaction::statement(id, batch);
    if cast.makes(Mutation::SnapshotOlderThanLock) {
        transaction.epoch = Some(next.server.epoch);
    }
    next.server.begin(transaction);
    next.server.ask_lock(id, Mode::Shared);
}

/// Inserts what was decided under the epoch in force, once, whatever was sent before.
fn insert_batch(cast: &Cast, next: &mut Moment, id: TransactionId) {
    let in_force = next.server.epoch;
    let transaction = next.server.at(id);
    let epoch = *transaction.epoch.get_or_insert(in_force);
    transaction.committing = true;
    for one in transaction.batch.clone().into_iter().flatten() {
        let is_there = next.server.committed.contains(&one.row.event)
            && !cast.makes(Mutation::RepeatInsertsTwice);
        if (one.epoch == epoch || cast.makes(Mutation::NoEpochCheck)) && !is_there {
            next.server.insert(id, one.row);
        }
    }
}

/// Tells a replica's reads under which epoch their batch was recorded.
pub(super) fn hear_epoch(cast: &Cast, next: &mut Moment, replica: usize, returned: u8) {
    next.writers[replica].waits = false;
    for (plan, read) in cast.reads.iter().zip(&mut next.reads) {
        if let (true, Stage::Recording { epoch: seen }) = (plan.replica == replica, read.stage) {
            read.stage = Stage::Answered { seen, returned };
        }
    }
}
