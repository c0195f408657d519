//! One request: who asks, what goes on record about it, and how often it is carried out.
//!
//! - [`context`]: what every resolver has at hand.
//! - [`idempotency`]: posting twice creates once.
//! - [`object`]: how an id that was asked for goes on record.
//! - [`directory`]: agencies' names, kept for a minute.

pub mod context;
pub mod directory;
pub mod idempotency;
pub mod object;

pub use context::{InRequest, Request, Worker, WorkerFactory};
