//! Referrals: one survivor's package on its way from one agency to another.
//!
//! [`rules`] says what may follow what, [`package`] what a package holds, [`read`] how one is found, decided on and
//! released; [`graphql`] and [`change`] are the wire.

pub mod change;
pub mod continuation;
pub mod fast;
pub mod find;
pub mod graphql;
pub mod input;
pub mod package;
pub mod read;
pub mod rules;
pub mod withheld;
