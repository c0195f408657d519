//! One request: who asks, what goes on record about it, and how often it is carried out.
//!
//! - [`context`]: what every resolver has at hand.
//! - [`lacking`]: what its token lacks, field by field of the root.
//! - [`idempotency`]: posting twice creates once.
//! - [`told_agencies`]: agencies of which more than the name is told.
//! - [`repeated`]: when a verb is repeated, and changes nothing.
//! - [`document_check`]: whether a document would be executed.
//! - [`object`]: how an id that was asked for goes on record.
//! - [`directory`]: agencies' names, kept for a minute.
//! - [`log_end`]: where the log ended a moment ago.

pub mod context;
pub mod directory;
pub mod document_check;
pub mod idempotency;
pub mod lacking;
pub mod log_end;
pub mod object;
pub mod repeated;
pub mod told_agencies;

pub use context::{InRequest, Request, Worker, WorkerFactory};
pub use lacking::LackingFields;
