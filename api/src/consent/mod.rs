//! Consents: what a survivor allows one agency to tell one other, what for, and until when.
//!
//! [`rules`] computes a consent's status and says what a lawful one needs; [`graphql`] and [`change`] are the wire.
//! [`document`] knows the files that a signed paper may be and [`evidence`] keeps them; [`form`] is the page to sign.

pub mod change;
pub mod document;
pub mod evidence;
pub mod form;
pub mod graphql;
pub mod input;
pub mod rules;
