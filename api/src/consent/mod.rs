//! Consents: what a survivor allows one agency to tell one other, what for, and until when.
//!
//! [`rules`] computes a consent's status and says what a lawful one needs; [`graphql`] and [`change`] are the wire.

pub mod change;
pub mod graphql;
pub mod input;
pub mod rules;
