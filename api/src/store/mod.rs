//! The database: where it is opened ([`pool`]), how it is connected to (`connected`) and why it is refused ([`error`]), which
//! keyring is its own ([`identity`]), who serves from it ([`serving`]), how its keys are moved to another keyring
//! ([`keyring_move`]), what a session with it is set to ([`session`]) and how a connection is kept
//! good ([`connections`]), the lock that every change holds ([`sharing_lock`]), whether a COMMIT came through
//! ([`outcome`]), how stores are brought up to this program (`migrations`), and how a list is cut into pages ([`page`]).

pub(crate) mod advisory_lock;
mod connected;
pub mod connections;
pub mod error;
pub mod identity;
pub mod keyring_move;
mod migrations;
pub mod outcome;
pub mod page;
pub mod pool;
pub mod serving;
pub mod session;
pub mod sharing_lock;

pub use connections::Connections;
pub use pool::Store;
