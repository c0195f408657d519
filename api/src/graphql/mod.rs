//! How a GraphQL request is admitted and made ready before anything is executed.

pub mod guard;
pub mod lexis;
pub mod operation;
pub mod variables;
