//! Applications: the programs of an agency's that call the service, and how each proves that it is the one that was
//! registered.
//!
//! - [`rules`]: what may be registered, and by whom. Pure.
//! - [`secret`]: client secrets, made and checked.
//! - [`documents`]: what an application may execute, where it may execute nothing else.
//! - [`register`]: what the wire and the command line do alike, inside an open change.
//! - [`operator`]: the same for an operator at the command line.
//! - [`graphql`], [`change`], [`pages`], [`trusted`] and [`input`]: the wire.

pub mod change;
pub mod documents;
pub mod graphql;
pub mod input;
pub mod operator;
pub mod pages;
pub mod register;
pub mod registrars;
pub mod rules;
pub mod secret;
pub mod staff;
pub mod trusted;
