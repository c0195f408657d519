//! Lists that stand for sets: an entry twice is an entry once, and none at all is refused where one is needed. Pure.

use std::collections::HashSet;
use std::hash::Hash;

use crate::input_fault::{Faults, InputPath};

/// Returns a list with each of its entries once, in the order in which they are named first.
#[must_use]
pub fn once<T: Clone + Eq + Hash>(mut entries: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::with_capacity(entries.len());
    entries.retain(|entry| seen.insert(entry.clone()));
    entries
}

/// Checks that a list which may be left out names at least one entry where it is there.
pub fn require_some<T>(faults: &mut Faults, place: impl Into<InputPath>, entries: Option<&Vec<T>>) {
    let is_empty = entries.is_some_and(Vec::is_empty);
    faults.require(!is_empty, place, "name at least one, or leave it out");
}
