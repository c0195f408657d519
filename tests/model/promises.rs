//! What is promised, as properties that the checker looks for exceptions to.

use stateright::Property;

use super::changing::{Answer, Stage as ChangeStage};
use super::protocol::{Cast, Faults, Moment};
use super::reading::{self, Stage as ReadStage};
use super::server::Event;

pub(super) const RECORDED_FIRST: &str = "nothing is released before its event is committed";
pub(super) const NONE_BEHIND_ENDING: &str =
    "no disclosure is committed behind its consent's ending";
pub(super) const IN_FORCE_AT_ONCE: &str = "a read that begins after an ending is withheld";
pub(super) const DONE_IS_DONE: &str = "what is acknowledged is committed";
pub(super) const REFUSED_IS_UNDONE: &str = "what is refused is not committed";
pub(super) const RECORDED_ONCE: &str = "an event is recorded once";
pub(super) const PLACED_ONCE: &str =
    "a place belongs to one committed event, and an event has one place";
pub(super) const PLACED_IN_ORDER: &str = "no disclosure has a place behind its consent's ending";
pub(super) const ALL_PLACED: &str = "every committed event gets a place";
pub(super) const NOBODY_STOPS_OTHERS: &str = "whoever runs comes to an end, whoever else stalls";
pub(super) const READ_THRICE_AT_MOST: &str = "a read is made three times at the most";

/// Returns the promises. The last two are judged where nothing is left to do. Every run comes there, since no step
/// leads back to where a run has been ([`no_run_goes_round`](super::runs)).
pub(super) fn all() -> Vec<Property<Cast>> {
    vec![
        Property::always(RECORDED_FIRST, |_, now: &Moment| {
            released(now).all(|event| now.server.committed.contains(&event))
        }),
        Property::always(NONE_BEHIND_ENDING, |cast: &Cast, now: &Moment| {
            none_behind_ending(cast, &now.server.committed)
        }),
        Property::always(IN_FORCE_AT_ONCE, |_, now: &Moment| {
            now.reads
                .iter()
                .all(|read| !(read.began_after_ending && read.stage == ReadStage::Released))
        }),
        Property::always(DONE_IS_DONE, |_, now: &Moment| {
            answered(now, Answer::Done).all(|event| now.server.committed.contains(&event))
        }),
        Property::always(REFUSED_IS_UNDONE, |_, now: &Moment| {
            answered(now, Answer::Refused).all(|event| !now.server.committed.contains(&event))
        }),
        Property::always(RECORDED_ONCE, |_, now: &Moment| {
            is_each_once(&now.server.committed)
        }),
        Property::always(PLACED_ONCE, |_, now: &Moment| {
            let server = &now.server;
            let places = &server.places;
            is_each_once(places) && places.iter().all(|event| server.committed.contains(event))
        }),
        Property::always(PLACED_IN_ORDER, |cast: &Cast, now: &Moment| {
            none_behind_ending(cast, &now.server.places)
        }),
        Property::always(READ_THRICE_AT_MOST, |cast: &Cast, now: &Moment| {
            let faults = |of: Faults| of.lost_connections + of.restarts;
            let lost = faults(cast.faults) - faults(now.faults);
            now.reads.iter().all(|read| read.makings <= 3 + lost)
        }),
        Property::always(ALL_PLACED, |cast: &Cast, now: &Moment| {
            let integrates = cast.integrates && (0..cast.replicas).any(|replica| now.runs(replica));
            !integrates || are_placed(now) || !cast.is_over(now)
        }),
        Property::always(NOBODY_STOPS_OTHERS, |cast: &Cast, now: &Moment| {
            is_finished(cast, now) || !cast.is_over(now)
        }),
    ]
}

/// Returns the events of the reads that were released.
fn released(now: &Moment) -> impl Iterator<Item = Event> {
    let reads = now.reads.iter().enumerate();
    reads
        .filter(|(_, read)| read.stage == ReadStage::Released)
        .map(|(index, _)| reading::event(now, index))
}

/// Returns the events of the changes that were answered so.
fn answered(now: &Moment, answer: Answer) -> impl Iterator<Item = Event> {
    let changes = now.changes.iter().enumerate();
    changes
        .filter(move |(_, stage)| **stage == ChangeStage::Over(answer))
        .map(|(index, _)| Event::Changed(index))
}

fn none_behind_ending(cast: &Cast, events: &[Event]) -> bool {
    let mut ended = Vec::new();
    events.iter().all(|event| match *event {
        Event::Changed(change) => {
            ended.extend(cast.changes[change].ends);
            true
        }
        Event::Disclosed { read, .. } => !ended.contains(&cast.reads[read].consent),
    })
}

fn is_each_once(events: &[Event]) -> bool {
    let mut rest = events;
    while let Some((first, others)) = rest.split_first() {
        if others.contains(first) {
            return false;
        }
        rest = others;
    }
    true
}

fn are_placed(now: &Moment) -> bool {
    let server = &now.server;
    server
        .committed
        .iter()
        .all(|event| server.places.contains(event))
}

/// Tells whether everyone whose replica runs has an answer.
fn is_finished(cast: &Cast, now: &Moment) -> bool {
    let reads = cast.reads.iter().zip(&now.reads).all(|(plan, read)| {
        let is_over = matches!(read.stage, ReadStage::Released | ReadStage::Withheld);
        is_over || !now.runs(plan.replica)
    });
    let changes = cast.changes.iter().zip(&now.changes).all(|(plan, stage)| {
        let is_over = matches!(stage, ChangeStage::Over(_));
        is_over || !now.runs(plan.replica)
    });
    reads && changes
}
