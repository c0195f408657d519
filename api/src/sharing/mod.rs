//! May this agency see this category, for this purpose, now?
//!
//! [`decide()`] is the pure rule; [`facts`] brings what it judges, read in one statement with the rows.

pub mod decide;
pub mod facts;

pub use decide::{Answer, Facts, Ground, Question, Reason, decide};
