//! Memoranda of understanding: what two or more agencies agreed to share, and until when.
//!
//! [`rules`] computes an MOU's status and what may follow; [`graphql`] and [`change`] are the wire.

pub mod change;
pub mod graphql;
pub mod input;
pub mod rules;
