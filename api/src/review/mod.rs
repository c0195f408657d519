//! Reading the audit log: for its reviewers, and for the survivors it is about.
//!
//! - [`events`]: audit events, with proof that they are in the log.
//! - [`log`]: the tree that proves them, as signed checkpoints and tiles.
//! - [`accounting`]: who was told what of a survivor.
//! - [`export`]: the log for other programs.
//! - [`filter`]: what to look for among them.
//! - [`search`]: how a page of them is found.
//! - [`reviews`]: reviews over a period, what they flag, and what came of them.
//! - [`signals`]: what stands out among events, by stated rules.
//! - [`programs`]: the applications that events name.

pub mod accounting;
pub mod events;
pub mod export;
pub mod filter;
pub mod log;
mod programs;
pub(crate) mod reviews;
mod rules;
pub(crate) mod search;
pub mod signals;
