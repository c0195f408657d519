//! The database: where it is opened ([`pool`]), the lock that every change holds ([`sharing_lock`]), and how a list is cut
//! into pages ([`page`]).

pub mod page;
pub mod pool;
pub mod sharing_lock;

pub use pool::Store;
