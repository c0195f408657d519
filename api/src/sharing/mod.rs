//! May this agency see this category, for this purpose, now?
//!
//! [`decide()`] is the pure rule; [`facts`] brings what it judges, read in one statement with the rows. [`memberships`] says
//! through which task force two agencies share;
//! [`explain`] says why the decision is what it is, and [`past`] on what it would have stood before.

pub mod decide;
pub mod explain;
pub mod facts;
pub mod memberships;
pub mod past;

pub use decide::{Answer, Facts, Ground, Question, Reason, decide};
