//! Sealed packages: what a referral carries can be read only while its key exists.
//!
//! - [`doomed`]: keys that are to be destroyed once what they open is denied.
//! - [`envelope`]: one category's bytes under a package's key, and that key under the key-encryption key. Pure.
//! - [`vacuum`]: the keyring's files cleaned behind what was destroyed.
//! - [`vault`]: packages sealed and opened with the keys of the keyring, and keys destroyed.
//! - [`paper`]: signed papers, sealed and opened likewise.
//! - [`note`]: notes on referrals and their files, under the key of the referral's package.
//! - [`record`]: single records sealed each under its own key, such as a plan for safe contact.
//! - [`input_hash`]: the hash of what a call was sent along with, under a key that dies with what the call made.
//! - [`signing`]: the keys that sign tokens and the ledger, kept in the keyring.
//! - [`housekeeping`]: keys destroyed in time or left to a sweep, which is called.
//! - [`kek`]: where the key-encryption keys come from; [`kek_command`]: from a program that prints one; [`kek_set`]: those at
//!   hand; [`wrappings`]: what is wrapped under which, and wrapping it anew.

pub mod doomed;
pub mod envelope;
pub mod housekeeping;
pub mod input_hash;
pub mod kek;
pub mod kek_command;
pub mod kek_set;
pub mod note;
pub mod paper;
pub mod record;
pub mod signing;
pub mod vacuum;
pub mod vault;
pub mod wrappings;

pub use vault::Vault;
