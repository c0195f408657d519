//! What runs must come to, so that the promises are about something.

use stateright::Property;

use super::changing::{self, Answer, Stage as ChangeStage};
use super::protocol::{Cast, Health, Moment};
use super::reading::Stage as ReadStage;
use super::server::{Event, Mode, Outcome};

pub(super) const RELEASED: &str = "a read is released";
pub(super) const RELEASED_HOLDING: &str = "a read that was overtaken twice is released";
pub(super) const WITHHELD_HOLDING: &str = "a read that was overtaken twice is withheld";
pub(super) const BATCH_IN_PART: &str = "a batch records one read, and another is overtaken";
pub(super) const SENT_AGAIN: &str = "a batch is sent again that is on record already";
pub(super) const SENT_TWICE: &str = "a batch is sent again while the first one is in progress";
pub(super) const NOT_RELEASED: &str =
    "a read is on record, and made again since its reply was lost";
pub(super) const LATE: &str = "an event is in progress whose time is before a committed one's";
pub(super) const DOUBT_IN_PROGRESS: &str = "a change is asked for that is in progress";
pub(super) const DOUBT_COMMITTED: &str = "a change is asked for that is committed";
pub(super) const DOUBT_ABORTED: &str = "a change is asked for that is aborted";
pub(super) const UNKNOWN: &str = "a change is answered as unknown";
pub(super) const STALLED_HOLDER: &str = "an ending waits for a stalled replica";
pub(super) const CRASHED_INTEGRATOR: &str = "a replica crashes, and another places what is waiting";

/// Returns the examples that the checker looks for.
pub(super) fn all() -> Vec<Property<Cast>> {
    vec![
        Property::sometimes(RELEASED, |_, now: &Moment| {
            any_read(now, ReadStage::Released, 0)
        }),
        Property::sometimes(RELEASED_HOLDING, |_, now: &Moment| {
            any_read(now, ReadStage::Released, 2)
        }),
        Property::sometimes(WITHHELD_HOLDING, |_, now: &Moment| {
            // The second time that it was overtaken, it was by the ending of its own consent.
            any_read(now, ReadStage::Withheld, 2)
        }),
        Property::sometimes(BATCH_IN_PART, |_, now: &Moment| {
            let transactions = now.server.transactions.iter();
            transactions
                .filter_map(|one| Some((one, one.batch.as_ref()?)))
                .any(|(one, batch)| (1..batch.len()).contains(&one.inserted.len()))
        }),
        Property::sometimes(SENT_AGAIN, |_, now: &Moment| {
            sent(now).any(|event| now.server.committed.contains(&event))
        }),
        Property::sometimes(SENT_TWICE, |_, now: &Moment| {
            let all: Vec<Event> = sent(now).collect();
            let twice = |event: &Event| all.iter().filter(|one| *one == event).count() > 1;
            all.iter().any(twice)
        }),
        Property::sometimes(NOT_RELEASED, |_, now: &Moment| {
            now.server.committed.iter().any(|event| match *event {
                Event::Disclosed { read, making } => making < now.reads[read].makings,
                Event::Changed(_) => false,
            })
        }),
        Property::sometimes(LATE, |_, now: &Moment| {
            let server = &now.server;
            let late = server.transactions.iter().flat_map(|one| &one.inserted);
            late.min().is_some_and(|late| {
                let placed = late.time < now.highest_taken;
                placed || server.waiting.iter().any(|row| late.time < row.time)
            })
        }),
        Property::sometimes(DOUBT_IN_PROGRESS, |_, now: &Moment| {
            any_doubt(now, Outcome::InProgress)
        }),
        Property::sometimes(DOUBT_COMMITTED, |_, now: &Moment| {
            any_doubt(now, Outcome::Committed)
        }),
        Property::sometimes(DOUBT_ABORTED, |_, now: &Moment| {
            any_doubt(now, Outcome::Aborted)
        }),
        Property::sometimes(UNKNOWN, |_, now: &Moment| {
            now.changes.contains(&ChangeStage::Over(Answer::Unknown))
        }),
        Property::sometimes(STALLED_HOLDER, |cast: &Cast, now: &Moment| {
            let lock = &now.server.lock;
            let stalled = lock
                .first()
                .is_some_and(|(id, _)| now.replicas[cast.replica_of(id.client)] == Health::Stalled);
            stalled
                && lock.iter().any(|(id, mode)| {
                    *mode == Mode::Alone
                        && now.server.waits(*id)
                        && now.runs(cast.replica_of(id.client))
                })
        }),
        Property::sometimes(CRASHED_INTEGRATOR, |_, now: &Moment| {
            now.replicas.contains(&Health::Crashed)
                && !now.server.places.is_empty()
                && now.server.waiting.is_empty()
        }),
    ]
}

fn any_read(now: &Moment, stage: ReadStage, overtaken: u8) -> bool {
    let mut reads = now.reads.iter();
    reads.any(|read| read.stage == stage && read.overtaken == overtaken)
}

/// Returns the events of the batches that are in progress.
fn sent(now: &Moment) -> impl Iterator<Item = Event> {
    let batches = now
        .server
        .transactions
        .iter()
        .filter_map(|one| one.batch.as_ref());
    batches.flatten().map(|one| one.row.event)
}

fn any_doubt(now: &Moment, outcome: Outcome) -> bool {
    let mut changes = now.changes.iter().enumerate();
    changes.any(|(index, stage)| {
        *stage == ChangeStage::Doubts && changing::outcome(now, index) == outcome
    })
}
