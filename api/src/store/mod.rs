//! The database: where it is opened ([`pool`]), how it is connected to (`connected`) and why it is refused ([`error`]), which
//! keyring is its own ([`identity`]), who serves from it ([`serving`]), how its keys are moved to another keyring
//! ([`keyring_move`]), how a store is copied ([`copy`]), what a session with it is set to ([`session`]), how a connection is
//! kept good ([`connections`], `breakage`) and at hand (`at_hand`), the lock that every change holds ([`sharing_lock`]), whether a COMMIT came through
//! ([`outcome`]) and reached a standby ([`standby`]), how stores are brought up to this program (`migrations`), and how a
//! list is cut into pages ([`page`]), also below many parents at once ([`pages_below`]).

pub(crate) mod advisory_lock;
mod at_hand;
mod breakage;
mod connected;
pub mod connections;
pub mod copy;
pub mod error;
pub mod identity;
pub mod keyring_move;
pub(crate) mod migrations;
pub mod outcome;
pub mod page;
pub mod pages_below;
pub mod pool;
pub mod serving;
pub mod session;
pub mod sharing_lock;
pub mod standby;
pub mod users;

pub use connections::Connections;
pub use pool::Store;
