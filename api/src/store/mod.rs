//! The database: where it is opened ([`pool`]), what a change is ([`act`]), and how a list is cut into pages
//! ([`page`]).

pub mod act;
pub mod page;
pub mod pool;

pub use act::Act;
pub use pool::Store;
