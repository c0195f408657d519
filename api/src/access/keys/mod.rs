//! The keys that sign tokens: how long they live, where they are kept, and how they stand now.
//!
//! - [`schedule`]: when a key is next, current, previous or gone. Pure.
//! - [`store`]: private halves in the keyring.
//! - [`token_keys`]: how keys rotate and retire.
//! - [`cache`]: the keys as they stand now, for every worker.

pub mod cache;
pub mod schedule;
pub mod store;
pub mod token_keys;
