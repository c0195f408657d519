//! Legal holds: that a court, a subpoena, an investigation, a lawsuit or a law obliges an agency to keep what it holds of
//! a survivor.
//!
//! A hold shares nothing and forbids nothing by itself: whoever erases the person is told of it, and erases all the same
//! by naming each hold in force, which goes on record. The survivor's word stands; that it was given over a hold, the
//! agency answers for.

pub mod change;
pub mod graphql;
pub mod query;
pub mod rules;
