//! What an agency's programs poll: the counts of a badge, and what changed, in the ledger's order.
//!
//! `rules` says where a reader may go on from and what of a page is named, `cursor` seals that place, `query` reads a page
//! and `states` where its records stand now; `mailbox` counts, and names no record. The rows are written by the integrator
//! (`audit/change_feed.rs`).

pub mod cursor;
pub mod graphql;
mod mailbox;
mod query;
pub mod rules;
mod states;
