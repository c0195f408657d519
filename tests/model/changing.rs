//! A change: the lock, the row and its event, COMMIT, and the answer. An ending takes the lock alone and bumps.

use super::mutation::Mutation;
use super::protocol::{Cast, Moment};
use super::server::{Client, Event, Mode, Outcome, Transaction, TransactionId, Waiting};
use super::step::Step;

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Begins,
    HasAskedLock {
        /// Of no use to the protocol; see [`Mutation::TimeBeforeLock`].
        asked_at: u8,
    },
    Saved,
    Committing,
    /// The connection was lost after COMMIT was sent.
    Doubts,
    Over(Answer),
}

/// What whoever asked for a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Done,
    /// Nothing was changed.
    Refused,
    /// The same call may be repeated.
    Unknown,
}

fn transaction_of(change: usize) -> TransactionId {
    TransactionId {
        client: Client::Change(change),
        nth: 0,
    }
}

/// Returns how a change ended, as the server would answer.
pub(super) fn outcome(now: &Moment, change: usize) -> Outcome {
    let event = Event::Changed(change);
    now.server.outcome(transaction_of(change), event)
}

/// Adds what changes may do next.
pub(super) fn steps(cast: &Cast, now: &Moment, steps: &mut Vec<Step>) {
    for (index, plan) in cast.changes.iter().enumerate() {
        if !now.runs(plan.replica) {
            continue;
        }
        let ends = plan.ends.is_some();
        match now.changes[index] {
            Stage::Begins if ends => steps.push(Step::TakeLockAlone(index)),
            Stage::Begins => steps.push(Step::TakeLockShared(index)),
            Stage::HasAskedLock { .. } if !now.server.holds(transaction_of(index)) => {}
            Stage::HasAskedLock { .. } if ends => steps.push(Step::Bump(index)),
            Stage::HasAskedLock { .. } => steps.push(Step::Save(index)),
            Stage::Saved => steps.push(Step::Commit(Client::Change(index))),
            Stage::Doubts => {
                // Asked again as long as it is in progress: until then, asking changes nothing.
                let in_progress = outcome(now, index) == Outcome::InProgress;
                if in_progress {
                    steps.push(Step::GiveUpAsking(index));
                }
                if !in_progress || cast.makes(Mutation::InProgressIsRefusal) {
                    steps.push(Step::AskOutcome(index));
                }
            }
            Stage::Committing | Stage::Over(_) => {}
        }
    }
}

/// Takes a step of a change.
pub(super) fn take(cast: &Cast, next: &mut Moment, step: &Step) {
    match *step {
        Step::TakeLockShared(change) => ask_lock(cast, next, change, Mode::Shared),
        Step::TakeLockAlone(change) => {
            if cast.makes(Mutation::BumpBeforeLock) {
                next.server.epoch += 1;
            }
            ask_lock(cast, next, change, Mode::Alone);
        }
        Step::Save(change) => save(cast, next, change),
        Step::Bump(change) => {
            let transaction = next.server.at(transaction_of(change));
            transaction.ends = cast.changes[change].ends;
            transaction.bumps = !cast.makes(Mutation::BumpBeforeLock);
            save(cast, next, change);
        }
        Step::Commit(Client::Change(change)) => {
            next.server.at(transaction_of(change)).committing = true;
            next.changes[change] = if cast.makes(Mutation::AnswerBeforeCommit) {
                Stage::Over(Answer::Done)
            } else {
                Stage::Committing
            };
        }
        Step::AskOutcome(change) => {
            next.changes[change] = Stage::Over(match outcome(next, change) {
                Outcome::Committed => Answer::Done,
                Outcome::Aborted | Outcome::InProgress => Answer::Refused,
            });
        }
        Step::GiveUpAsking(change) => next.changes[change] = Stage::Over(Answer::Unknown),
        _ => unreachable!("a change has no step {step:?}"),
    }
}

fn ask_lock(cast: &Cast, next: &mut Moment, change: usize, mode: Mode) {
    let id = transaction_of(change);
    next.server.begin(Transaction::interactive(id));
    next.server.ask_lock(id, mode);
    let asked_at = if cast.makes(Mutation::TimeBeforeLock) {
        cast.time(next)
    } else {
        0
    };
    next.changes[change] = Stage::HasAskedLock { asked_at };
}

fn save(cast: &Cast, next: &mut Moment, change: usize) {
    let event = Event::Changed(change);
    let time = match next.changes[change] {
        Stage::HasAskedLock { asked_at } if asked_at > 0 => asked_at,
        _ => cast.time(next),
    };
    let id = transaction_of(change);
    next.server.insert(id, Waiting { time, event });
    next.changes[change] = Stage::Saved;
}

/// Loses the connection. Before COMMIT was sent, nothing can have happened.
pub(super) fn hears_nothing(cast: &Cast, next: &mut Moment, change: usize, sent: bool) {
    next.changes[change] = match next.changes[change] {
        Stage::Over(answer) => Stage::Over(answer),
        _ if sent && !cast.makes(Mutation::LostReplyIsRefusal) => Stage::Doubts,
        _ => Stage::Over(Answer::Refused),
    };
}
