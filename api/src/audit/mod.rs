//! The audit ledger: what was done and disclosed, in a Merkle tree that nobody can rewrite unseen.
//!
//! `tree` lays the leaves' hashes out as tiles; `proof` shows that an event is among them and that they only ever
//! grew; `checkpoint` signs a committed size and root, so that outsiders can hold us to it, and gives receipts for
//! single events; `verify` reads the whole ledger again and names the first event that is not what was signed. All
//! four are pure: no database, no clock.

pub mod checkpoint;
pub mod proof;
pub mod tree;
pub mod verify;
