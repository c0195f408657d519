//! The database: where it is opened ([`pool`]), what a change is ([`act`]), and how a list is cut into pages
//! ([`page`]).

pub mod act;
pub mod idempotency;
pub mod page;
pub mod pool;
pub mod reading;

pub use act::Act;
pub use pool::Store;
