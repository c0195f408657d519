//! How single disclosures become the lines of an accounting (45 CFR 164.528(b)(2) and (3)): what was told again to the same
//! recipient for the same reason is one line, with the first time in full, how often, and when last. Pure.

use std::collections::HashMap;

use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Day;
use concord_entities::vocabulary::{Categories, MandateInstrument, OutsideRecipient, Purpose};

/// How far back a person may ask (164.528(a)(1)).
const YEARS: u32 = 6;
/// How many lines an accounting has at most.
const MOST_LINES: usize = 1_000;

/// The days that an accounting is of, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountedPeriod {
    /// The first.
    pub first: Day,
    /// The last.
    pub last: Day,
}

/// Why a period is none that can be accounted for. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountedPeriodError {
    /// It begins too early.
    #[error("at most six years back: a day from {0} on")]
    TooEarly(Day),
    /// It ends before it begins.
    #[error("not before the period's first day, {0}")]
    Reversed(Day),
    /// It ends in the future.
    #[error("not after today, {0}")]
    InFuture(Day),
}

impl AccountedPeriodError {
    /// Returns the argument that is wrong.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::TooEarly(_) => "since",
            Self::Reversed(_) | Self::InFuture(_) => "until",
        }
    }
}

impl AccountedPeriod {
    /// Returns the period that is asked for: where nothing is said, the six years up to today.
    ///
    /// # Errors
    /// [`AccountedPeriodError`].
    pub fn asked(
        since: Option<Day>,
        until: Option<Day>,
        today: Day,
    ) -> Result<Self, AccountedPeriodError> {
        let earliest = today.years_before(YEARS);
        let period = Self {
            first: since.unwrap_or(earliest),
            last: until.unwrap_or(today),
        };
        if period.first < earliest {
            return Err(AccountedPeriodError::TooEarly(earliest));
        }
        if period.last > today {
            return Err(AccountedPeriodError::InFuture(today));
        }
        if period.last < period.first {
            return Err(AccountedPeriodError::Reversed(period.first));
        }
        Ok(period)
    }

    /// Returns whether a day is in it.
    #[must_use]
    pub fn has(self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

/// Who was told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ToldRecipient {
    /// An agency.
    Agency(AgencyId),
    /// A body outside the task force: its kind, and its name, unless that is erased.
    Outside(Option<OutsideRecipient>, Option<String>),
}

/// Why somebody was told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ToldReason {
    /// For this purpose, under a consent.
    Consent(Option<Purpose>),
    /// By what a statute or a court demanded.
    Mandate {
        /// What demanded it.
        instrument: MandateInstrument,
        /// Who issued it, unless that is erased.
        authority: Option<String>,
        /// The statute's citation or the order's docket number, unless that is erased.
        citation: Option<String>,
    },
}

/// One disclosure.
#[derive(Clone, Debug)]
pub struct ToldOnce<T> {
    /// The event that records it.
    pub event: AuditEventId,
    /// The day.
    pub on: Day,
    /// Who was told.
    pub recipient: ToldRecipient,
    /// Why.
    pub reason: ToldReason,
    /// What was told.
    pub categories: Categories,
    /// The disclosure in full.
    pub in_full: T,
}

/// Everything that was told to one recipient for one reason.
#[derive(Clone, Debug)]
pub struct ToldLine<T> {
    /// The first time, in full.
    pub first: ToldOnce<T>,
    /// The day of the last time.
    pub last_on: Day,
    /// The event that records the last time.
    pub last_event: AuditEventId,
    /// How many times.
    pub count: u64,
    /// What was told at some time.
    pub categories: Categories,
}

/// An accounting has more lines than anybody reads. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the accounting has more than 1,000 lines: ask for a shorter period")]
pub struct TooManyLinesError;

/// The lines of an accounting while disclosures are added, in whatever order: in memory are lines alone.
#[derive(Debug)]
pub struct AccountingLines<T> {
    lines: HashMap<(ToldRecipient, ToldReason), ToldLine<T>>,
}

impl<T> Default for AccountingLines<T> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
        }
    }
}

impl<T> AccountingLines<T> {
    /// Puts a disclosure on its line.
    ///
    /// # Errors
    /// [`TooManyLinesError`].
    pub fn add(&mut self, told: ToldOnce<T>) -> Result<(), TooManyLinesError> {
        let key = (told.recipient.clone(), told.reason.clone());
        if let Some(line) = self.lines.get_mut(&key) {
            line.add(told);
            return Ok(());
        }
        if self.lines.len() == MOST_LINES {
            return Err(TooManyLinesError);
        }
        self.lines.insert(key, ToldLine::from(told));
        Ok(())
    }

    /// Returns the lines, by when each was first told.
    #[must_use]
    pub fn in_order(self) -> Vec<ToldLine<T>> {
        let mut lines: Vec<_> = self.lines.into_values().collect();
        lines.sort_by_key(|line| line.first.place());
        lines
    }
}

impl<T> ToldOnce<T> {
    fn place(&self) -> (Day, AuditEventId) {
        (self.on, self.event)
    }
}

impl<T> From<ToldOnce<T>> for ToldLine<T> {
    fn from(told: ToldOnce<T>) -> Self {
        Self {
            last_on: told.on,
            last_event: told.event,
            count: 1,
            categories: told.categories,
            first: told,
        }
    }
}

impl<T> ToldLine<T> {
    fn add(&mut self, told: ToldOnce<T>) {
        self.count += 1;
        self.categories = told
            .categories
            .iter()
            .fold(self.categories, Categories::with);
        if told.place() > (self.last_on, self.last_event) {
            (self.last_on, self.last_event) = told.place();
        }
        if told.place() < self.first.place() {
            self.first = told;
        }
    }
}
