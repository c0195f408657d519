//! The integrator: takes the waiting rows that it sees, in the order of their times, and gives them places, in one
//! transaction. A lock of its own keeps it the only one; it remembers nothing.

use super::mutation::Mutation;
use super::protocol::{Cast, Moment};
use super::server::Waiting;
use super::step::Step;

/// Waiting rows that were taken and have no place yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Integration {
    replica: usize,
    rows: Vec<Waiting>,
}

/// Adds what an integrator may do next.
pub(super) fn steps(cast: &Cast, now: &Moment, steps: &mut Vec<Step>) {
    match &now.integration {
        Some(integration) if now.runs(integration.replica) => steps.push(Step::CommitPlaces),
        None if cast.integrates && !in_reach(cast, now).is_empty() => {
            let running = (0..cast.replicas).filter(|replica| now.runs(*replica));
            steps.extend(running.map(Step::Integrate));
        }
        Some(_) | None => {}
    }
}

/// Takes a step of the integrator.
pub(super) fn take(cast: &Cast, next: &mut Moment, step: &Step) {
    let gives_places_first = cast.makes(Mutation::PlacesThenWaiting);
    if let Step::Integrate(replica) = *step {
        let mut rows = in_reach(cast, next);
        if cast.makes(Mutation::PlacesInAnyOrder) {
            rows.reverse();
        }
        if gives_places_first {
            next.server.places.extend(rows.iter().map(|row| row.event));
        }
        next.integration = Some(Integration { replica, rows });
    } else if let Some(Integration { rows, .. }) = next.integration.take() {
        if !gives_places_first {
            next.server.places.extend(rows.iter().map(|row| row.event));
        }
        next.server.waiting.retain(|row| !rows.contains(row));
        let times = rows.iter().map(|row| row.time);
        next.highest_taken = times.max().unwrap_or(next.highest_taken);
    }
}

/// Undoes what a replica's integrator has under way.
pub(super) fn leave(next: &mut Moment, replica: usize) {
    next.integration.take_if(|one| one.replica == replica);
}

/// Returns the waiting rows that an integrator would take now.
fn in_reach(cast: &Cast, now: &Moment) -> Vec<Waiting> {
    let after = if cast.makes(Mutation::PlacesBySequence) {
        now.highest_taken
    } else {
        0
    };
    let rows = now.server.waiting.iter();
    rows.filter(|row| row.time > after).copied().collect()
}
