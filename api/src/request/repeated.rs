//! When a verb is repeated. Pure.
//!
//! An answer that was lost is asked for again. So whoever does once more, with the same arguments, what was done to a record
//! last is answered with the record as it stands: nothing is changed, and nothing goes on record but the reading. Each
//! concept's rules read from the record itself what was done to it last (by whom, what, with what), and compare it here. What
//! came in between, another argument or another agency makes it a transition like any other, which is mostly refused.
//!
//! Two verbs cannot be answered so: `rotateApplicationSecret` shows a secret, which is kept nowhere, and makes another;
//! and `eraseSurvivor` leaves nothing to answer with. What creates takes an idempotency key instead.

/// Returns what `rule` makes of the record, or none where `act` is what was done to it `last`.
pub fn unless_repeated<A: PartialEq, T>(
    last: Option<A>,
    act: &A,
    rule: impl FnOnce() -> T,
) -> Option<T> {
    if last.is_some_and(|last| last == *act) {
        None
    } else {
        Some(rule())
    }
}
