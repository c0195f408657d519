//! Consents: what a survivor allows one agency to tell one other, what for, and until when.
//!
//! [`rules`] computes a consent's status and says what a lawful one needs; [`ending`] ends them
//! before their time, also by an [`operator`]'s hand and after an older copy was put back ([`reopening`]), and gives [`notice`]; [`graphql`] and [`change`] are the wire.

pub mod change;
pub mod ending;
pub mod graphql;
pub mod input;
pub mod notice;
pub mod operator;
pub mod reopening;
pub mod rules;
