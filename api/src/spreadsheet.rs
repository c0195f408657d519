//! Cells that no spreadsheet takes for a formula, and what they say. Pure.

use std::borrow::Cow;

/// With what a spreadsheet takes a cell for a formula, also where it is written wide.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Returns a cell that no spreadsheet takes for a formula.
#[must_use]
pub fn inert(cell: &str) -> Cow<'_, str> {
    if cell.trim_start_matches('\'').starts_with(FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Returns what a cell says that was made inert, or never had to be.
#[must_use]
pub fn said(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(said) if said.trim_start_matches('\'').starts_with(FORMULA) => said,
        Some(_) | None => cell,
    }
}
