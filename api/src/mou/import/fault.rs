//! What is wrong with a row, by its number.

use std::fmt;

use crate::error::{Error, Faults, InputFaults};

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The row's number.
    pub row: usize,
    /// The code with which the operation refuses that drafts such an MOU.
    pub code: &'static str,
    /// What is wrong, and what to write instead.
    pub text: String,
}

impl RowFault {
    /// Returns the fault of a row that is refused so.
    #[must_use]
    pub fn of(row: usize, refused: &Error) -> Self {
        Self {
            row,
            code: refused.code(),
            text: refused.to_string(),
        }
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {} [{}]", self.row, self.text, self.code)
    }
}

/// Returns what was found to be wrong with a row.
#[must_use]
pub fn of_row(row: usize, faults: &Faults) -> Vec<RowFault> {
    let found = faults.found();
    let faults = found.iter().flat_map(InputFaults::iter);
    faults
        .map(|fault| RowFault::of(row, &Error::BadUserInput(fault.clone().into())))
        .collect()
}
