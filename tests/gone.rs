//! Destroyed means gone: from the keyring's rows and from its files, whenever the answer says so.

mod complete;
mod files;
mod killed;
mod unreachable;
mod vacuumed;
pub mod wrapped;
