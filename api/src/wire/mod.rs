//! What every concept's GraphQL types are made of.
//!
//! - [`connection`]: pages of a list, after the Relay cursor specification.
//! - [`grants`]: what may be told, for what.
//! - [`scalars`]: times, days, hashes.
//! - [`lookahead`]: what a selection asks for below a field.
//! - [`together`]: records that are shown together, and what is read below all of them at once.

pub mod connection;
pub mod grants;
pub mod lookahead;
pub mod scalars;
pub mod together;
