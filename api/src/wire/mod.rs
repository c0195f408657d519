//! What every concept's GraphQL types are made of.
//!
//! - [`connection`]: pages of a list, after the Relay cursor specification.
//! - [`scalars`]: times, days, hashes.
//! - [`lookahead`]: what a selection asks for below a field.

pub mod connection;
pub mod lookahead;
pub mod scalars;
