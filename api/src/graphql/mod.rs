//! The schema assembled, and what stands before and around its execution.

pub mod connection;
pub mod guard;
pub mod lexis;
pub mod look;
pub mod node;
pub mod operation;
pub mod request;
pub mod scalars;
pub mod schema;
pub mod variables;

pub use request::{InRequest, Request, Worker};
pub use schema::{Schema, schema};
