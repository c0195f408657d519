//! The audit ledger: what was done and disclosed, in a Merkle tree that nobody can rewrite unseen.
//!
//! `event` says what is recorded, `leaf` the bytes that are hashed (`record_ids` packs the ids of many records); `ledger` writes it
//! (`written`) before anything is released, from a `fair_queue`; `integrator` takes committed events into the tree; `check` reads the whole ledger again; `witness` says how far a data store has come and remembers it in the keyring, `state_folder` (with its
//! `journal` of endings) on each server, `witnesses` holds the store against both, and `fork` is what a running server
//! knows of a store that fell back; `stored` is the tree as the database keeps it, `remote` as it is read over HTTP;
//! `change` is the unit of work, `changed` says which records an event changed and `change_feed` writes that down for each agency in the ledger's order, `disclose` a read; `turnstile` says whose turn it is to end something; `refusals` counts those that are too many to be recorded one by one. The rest is pure: `tree` lays the leaves'
//! hashes out as tiles, which have a `tile_path` each; `proof` shows that an event is among them and that they only ever grew; `checkpoint` signs a
//! committed size and root, so that outsiders can hold us to it, and gives receipts for single events, and `cosign` has others watch over it; `verify` names
//! the first event that is not what was signed.

pub mod backlog;
pub mod change;
mod change_feed;
pub mod changed;
pub mod check;
pub mod checkpoint;
pub mod cosign;
mod description;
pub mod disclose;
pub mod event;
pub mod fair_queue;
pub mod fork;
pub mod integrator;
pub mod journal;
pub mod kept;
pub mod leaf;
pub mod ledger;
pub mod ledger_key;
pub mod proof;
pub mod record_ids;
pub mod refusals;
pub mod remote;
pub mod state_folder;
pub mod stored;
pub mod tile_path;
pub mod tree;
pub mod turnstile;
pub mod verify;
pub mod witness;
pub mod witnesses;
mod written;
