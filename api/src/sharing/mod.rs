//! May this agency see this category, for this purpose, now?
//!
//! [`decide()`] is the pure rule; [`facts`] brings what it judges, read in one statement with the rows. [`memberships`] says
//! through which task force two agencies share.

pub mod decide;
pub mod facts;
pub mod memberships;

pub use decide::{Answer, Facts, Ground, Question, Reason, decide};
