//! Reading the audit log: for its reviewers, and for the survivors it is about.
//!
//! - [`events`]: audit events, with proof that they are in the log.
//! - [`accounting`]: who was told what of a survivor.
//! - [`programs`]: the applications that events name.

pub mod accounting;
pub mod events;
mod programs;
