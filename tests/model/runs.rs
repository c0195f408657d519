//! Every run of the protocol keeps every promise, whoever stalls, crashes or loses a reply, and whenever.

use std::collections::HashSet;
use std::hash::Hash;

use stateright::{Checker, Model};

use super::casts::{
    a_log, a_log_and_three_endings, a_read_and_its_ending, a_read_and_three_endings,
    a_read_and_three_endings_of_others, crash, lost_connection, one_of_each, stall,
    three_reads_and_their_ending, two_reads_and_three_endings, two_reads_of_a_batch,
};
use super::examples;
use super::promises;
use super::protocol::{Cast, Faults};

/// Checks every run: that no promise is broken, that there are at least so many moments, and that these examples are
/// among them.
fn check(cast: Cast, moments: usize, reached: &[&'static str]) {
    let checker = cast.checker().spawn_bfs().join();
    for promise in promises::all() {
        checker.assert_no_discovery(promise.name);
    }
    for example in reached {
        checker.assert_any_discovery(example);
    }
    let all = checker.unique_state_count();
    assert!(all >= moments, "only {all} moments were checked");
}

#[test]
fn reads_of_two_replicas_and_their_ending() {
    let faults = Faults {
        stalls: 0,
        ..one_of_each()
    };
    let cast = three_reads_and_their_ending().under(faults);
    let reached = [
        examples::RELEASED,
        examples::BATCH_IN_PART,
        examples::SENT_AGAIN,
        examples::SENT_TWICE,
        examples::NOT_RELEASED,
        examples::DOUBT_IN_PROGRESS,
        examples::DOUBT_COMMITTED,
        examples::DOUBT_ABORTED,
        examples::UNKNOWN,
    ];
    check(cast, 175_000, &reached);
}

#[test]
fn a_batch_whose_replies_are_lost_twice_and_a_server_that_is_started_again() {
    let faults = Faults {
        lost_connections: 2,
        restarts: 1,
        ..Faults::default()
    };
    let cast = two_reads_of_a_batch().under(faults);
    let reached = [
        examples::RELEASED,
        examples::SENT_AGAIN,
        examples::SENT_TWICE,
        examples::DOUBT_COMMITTED,
        examples::DOUBT_ABORTED,
    ];
    check(cast, 40_000, &reached);
}

#[test]
fn a_read_that_is_overtaken_twice() {
    let cast = a_read_and_three_endings().under(one_of_each());
    let reached = [
        examples::RELEASED_HOLDING,
        examples::WITHHELD_HOLDING,
        examples::STALLED_HOLDER,
    ];
    check(cast, 180_000, &reached);
}

#[test]
fn two_reads_that_are_overtaken_twice() {
    let reached = [examples::RELEASED_HOLDING, examples::WITHHELD_HOLDING];
    check(
        a_log_and_three_endings(),
        30_000,
        &[examples::WITHHELD_HOLDING],
    );
    check(two_reads_and_three_endings(), 50_000, &reached);
    let cast = a_read_and_three_endings_of_others().under(lost_connection());
    check(cast, 25_000, &[examples::RELEASED_HOLDING]);
}

#[test]
fn a_log_that_is_written_and_integrated() {
    let cast = a_log().under(one_of_each());
    let reached = [
        examples::LATE,
        examples::CRASHED_INTEGRATOR,
        examples::STALLED_HOLDER,
        examples::NOT_RELEASED,
    ];
    check(cast, 110_000, &reached);
}

/// Without circles, whoever goes on comes to an end: no assumption on who is served when is needed.
#[test]
fn no_run_goes_round() {
    assert!(goes_round(&Circle));
    for cast in [
        two_reads_of_a_batch().under(lost_connection()),
        a_read_and_three_endings_of_others().under(stall()),
        a_log().under(crash()),
        a_read_and_its_ending().under(one_of_each()),
    ] {
        assert!(!goes_round(&cast), "{cast:?}");
    }
}

/// Tells whether some run comes back to where it has been.
fn goes_round<M: Model<State: Clone + Eq + Hash>>(model: &M) -> bool {
    let mut seen = HashSet::new();
    let mut on_path = HashSet::new();
    let mut path = vec![(None, model.init_states())];
    while let Some((from, ahead)) = path.last_mut() {
        match ahead.pop() {
            Some(state) if on_path.contains(&state) => return true,
            Some(state) if !seen.insert(state.clone()) => {}
            Some(state) => {
                on_path.insert(state.clone());
                let next = model.next_states(&state);
                path.push((Some(state), next));
            }
            None => {
                if let Some(done) = from {
                    on_path.remove(done);
                }
                path.pop();
            }
        }
    }
    false
}

/// Two moments that follow each other for ever.
struct Circle;

impl Model for Circle {
    type State = bool;
    type Action = ();

    fn init_states(&self) -> Vec<bool> {
        vec![true]
    }

    fn actions(&self, _: &bool, actions: &mut Vec<()>) {
        actions.push(());
    }

    fn next_state(&self, now: &bool, (): ()) -> Option<bool> {
        Some(!now)
    }
}
