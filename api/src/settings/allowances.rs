//! How much callers may ask for.

use std::fmt;
use std::num::NonZeroU32;

/// The most selections of a document, each fragment counted wherever it is spread.
pub const MAX_SELECTIONS: usize = 2_000;

/// How much is allowed. Each is an allowance that fills up again bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowances {
    /// How many selections an application may ask for each second, in the long run.
    pub selections_per_second: NonZeroU32,
    /// How many it may ask for at once, when it has asked for nothing for a while.
    pub selections_burst: NonZeroU32,
    /// How many tokens and programs an agency may end each second, in the long run.
    pub endings_per_second: NonZeroU32,
    /// How many it may end at once, when it has ended none for a while.
    pub endings_burst: NonZeroU32,
    /// How often a minute somebody may fail to prove who they are, and how often at once.
    pub failed_per_minute: NonZeroU32,
}

impl fmt::Display for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} selections a second and {} at once, {} tokens and programs ended a second and {} at once, {} failures a minute to prove who one is",
            self.selections_per_second,
            self.selections_burst,
            self.endings_per_second,
            self.endings_burst,
            self.failed_per_minute
        )
    }
}

/// The allowances as they are written; none where the usual one is meant.
pub(super) struct WrittenAllowances {
    pub(super) selections_per_second: Option<u32>,
    pub(super) selections_burst: Option<u32>,
    pub(super) endings_per_second: Option<u32>,
    pub(super) endings_burst: Option<u32>,
    pub(super) failed_per_minute: Option<u32>,
}

impl WrittenAllowances {
    /// Returns the allowances, each of at least one.
    pub(super) fn check(self, faults: &mut Vec<String>) -> Allowances {
        let allowances = Allowances {
            selections_per_second: positive(
                "selections_per_second",
                self.selections_per_second.unwrap_or(5_000),
                faults,
            ),
            selections_burst: positive(
                "selections_burst",
                self.selections_burst.unwrap_or(50_000),
                faults,
            ),
            endings_per_second: positive(
                "endings_per_second",
                self.endings_per_second.unwrap_or(1),
                faults,
            ),
            endings_burst: positive("endings_burst", self.endings_burst.unwrap_or(30), faults),
            failed_per_minute: positive(
                "failed_per_minute",
                self.failed_per_minute.unwrap_or(30),
                faults,
            ),
        };
        if u32::try_from(MAX_SELECTIONS).is_ok_and(|most| allowances.selections_burst.get() < most)
        {
            faults.push(format!(
                "selections_burst: at least {MAX_SELECTIONS}, which one document may come to"
            ));
        }
        allowances
    }
}

fn positive(key: &str, value: u32, faults: &mut Vec<String>) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap_or_else(|| {
        faults.push(format!("{key}: at least 1"));
        NonZeroU32::MIN
    })
}
