//! Each thought of the protocol is needed: without it the checker finds a run that breaks a promise, and the shortest
//! such run can be read in `shortest_runs.snap`.

use std::collections::BTreeSet;
use std::fmt::Write;

use stateright::{Checker, Model};

use super::casts::{
    a_log, a_log_and_three_endings, a_read_and_its_ending, a_read_and_three_endings,
    a_read_and_three_endings_of_others, crash, lost_connection, stall,
};
use super::mutation::Mutation;
use super::promises;
use super::protocol::Cast;
use super::step::Step;

/// A mistake, who takes part when it is made, and the promise that it breaks.
type Mistake = (Mutation, fn() -> Cast, &'static str);

/// More steps than any run has.
const NO_LIMIT: usize = 1000;

/// Makes a test of each mistake, and a list of them all.
macro_rules! mistakes {
    ($($test:ident: $mutation:ident, $cast:expr, $promise:ident;)*) => {
        const MISTAKES: &[Mistake] = &[
            $((Mutation::$mutation, || $cast, promises::$promise)),*
        ];
        $(#[test]
        fn $test() {
            breaks(&(Mutation::$mutation, || $cast, promises::$promise));
        })*
    };
}

mistakes! {
    without_the_epoch_check:
        NoEpochCheck, a_read_and_its_ending(), NONE_BEHIND_ENDING;
    released_whatever_epoch_came_back:
        ReleaseWithoutComparing, a_read_and_its_ending(), RECORDED_FIRST;
    the_epoch_moved_on_before_the_lock:
        BumpBeforeLock, a_read_and_its_ending(), NONE_BEHIND_ENDING;
    a_snapshot_older_than_the_lock:
        SnapshotOlderThanLock, a_read_and_its_ending(), NONE_BEHIND_ENDING;
    facts_and_epoch_of_two_moments:
        EpochReadAfterFacts, a_read_and_its_ending(), NONE_BEHIND_ENDING;
    a_fallback_without_the_lock:
        FallbackWithoutLock, a_read_and_three_endings(), NONE_BEHIND_ENDING;
    no_fallback:
        NoFallback, a_read_and_three_endings_of_others(), READ_THRICE_AT_MOST;
    places_by_sequence:
        PlacesBySequence, a_log(), ALL_PLACED;
    places_in_another_order_than_the_times:
        PlacesInAnyOrder, a_log(), PLACED_IN_ORDER;
    an_ending_timed_before_the_lock:
        TimeBeforeLock, a_log_and_three_endings(), PLACED_IN_ORDER;
    places_in_another_transaction_than_the_waiting_rows:
        PlacesThenWaiting, a_log().under(crash()), PLACED_ONCE;
    a_lost_reply_taken_for_a_refusal:
        LostReplyIsRefusal, a_read_and_its_ending().under(lost_connection()), REFUSED_IS_UNDONE;
    a_commit_in_progress_taken_for_a_refusal:
        InProgressIsRefusal, a_read_and_its_ending().under(lost_connection()), REFUSED_IS_UNDONE;
    an_ending_acknowledged_before_its_commit:
        AnswerBeforeCommit, a_read_and_its_ending(), DONE_IS_DONE;
    a_read_after_an_ending_acknowledged_too_early:
        AnswerBeforeCommit, a_read_and_its_ending().under(lost_connection()), IN_FORCE_AT_ONCE;
    a_batch_sent_again_as_if_it_were_new:
        RepeatInsertsTwice, a_read_and_its_ending().under(lost_connection()), RECORDED_ONCE;
    a_batch_that_a_stalled_client_leaves_open:
        InteractiveBatch, a_read_and_its_ending().under(stall()), NOBODY_STOPS_OTHERS;
    a_change_that_a_stalled_client_leaves_open:
        NoIdleTimeout, a_log().under(stall()), NOBODY_STOPS_OTHERS;
}

/// Checks that a mistake breaks its promise, which the same cast keeps without it.
fn breaks((mutation, cast, promise): &Mistake) {
    let without = run_of(cast(), promise, NO_LIMIT);
    assert!(without.is_none(), "broken by itself: {without:?}");
    let mutation = Some(*mutation);
    let with = run_of(Cast { mutation, ..cast() }, promise, NO_LIMIT);
    assert!(with.is_some(), "{promise}");
}

/// Returns the steps of a run that breaks a promise, as few as possible.
fn shortest_run((mutation, cast, promise): &Mistake) -> Option<Vec<Step>> {
    let cast = || Cast {
        mutation: Some(*mutation),
        ..cast()
    };
    let mut run = run_of(cast(), promise, NO_LIMIT)?;
    let mut least = 0;
    while least < run.len() {
        let middle = usize::midpoint(least, run.len());
        match run_of(cast(), promise, middle) {
            Some(shorter) => run = shorter,
            None => least = middle + 1,
        }
    }
    Some(run)
}

/// Returns some run of at most so many steps that breaks a promise.
fn run_of(cast: Cast, promise: &'static str, most: usize) -> Option<Vec<Step>> {
    // The first moment comes before any step, and the checker leaves out those at the depth that it is told.
    let checker = cast.checker().target_max_depth(most + 2);
    let run = checker.spawn_bfs().join().discovery(promise)?;
    Some(run.into_actions())
}

#[test]
fn the_shortest_run_of_each() {
    let mut told = String::new();
    for mistake in MISTAKES {
        let (mutation, _, promise) = mistake;
        writeln!(told, "{mutation:?} breaks: {promise}").unwrap();
        for step in shortest_run(mistake).unwrap() {
            writeln!(told, "    {step:?}").unwrap();
        }
    }
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("shortest_runs", told);
    });
}

#[test]
fn every_promise_can_be_broken() {
    let broken: BTreeSet<_> = MISTAKES.iter().map(|(_, _, promise)| *promise).collect();
    let promises: BTreeSet<_> = promises::all().iter().map(|one| one.name).collect();
    assert_eq!(broken, promises);
}
