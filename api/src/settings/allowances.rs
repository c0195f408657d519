//! How much callers may ask for.

use std::fmt;
use std::num::NonZeroU32;

/// What one operation may cost at most.
pub const MAX_COST: u64 = 250_000;
/// How many times what one of its applications may ask for an agency may ask for, however many it has.
pub const AGENCY_SHARE: u32 = 2;

/// How much is allowed. Each is an allowance that fills up again bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowances {
    /// What an application may ask for each second in the long run, in units of cost.
    pub cost_per_second: NonZeroU32,
    /// How many it may ask for at once, when it has asked for nothing for a while.
    pub cost_burst: NonZeroU32,
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
            "a cost of {} a second and {} at once for an application, {} tokens and programs ended a second and {} at once, {} failures a minute to prove who one is",
            self.cost_per_second,
            self.cost_burst,
            self.endings_per_second,
            self.endings_burst,
            self.failed_per_minute
        )
    }
}

/// The allowances as they are written; none where the usual one is meant.
pub(super) struct WrittenAllowances {
    pub(super) cost_per_second: Option<u32>,
    pub(super) cost_burst: Option<u32>,
    pub(super) endings_per_second: Option<u32>,
    pub(super) endings_burst: Option<u32>,
    pub(super) failed_per_minute: Option<u32>,
}

impl WrittenAllowances {
    /// Returns the allowances, each of at least one.
    pub(super) fn check(self, faults: &mut Vec<String>) -> Allowances {
        let allowances = Allowances {
            cost_per_second: positive(
                "cost_per_second",
                self.cost_per_second.unwrap_or(50_000),
                faults,
            ),
            cost_burst: positive("cost_burst", self.cost_burst.unwrap_or(1_000_000), faults),
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
        if u64::from(allowances.cost_burst.get()) < MAX_COST {
            faults.push(format!(
                "cost_burst: at least {MAX_COST}, which one operation may come to"
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
