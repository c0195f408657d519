//! The schema assembled, and what stands before and around its execution.

pub mod asked;
mod coercion;
mod conflicts;
pub mod contract;
pub mod cost;
mod diagnostics;
pub mod document;
pub mod document_check;
pub mod extent;
mod given;
mod inner_values;
pub mod input_types;
mod introspection;
pub mod literals;
pub mod merge;
pub mod node;
pub mod nullable_root;
pub mod operation;
pub mod output_types;
pub mod prices;
pub mod records;
pub mod schema;
pub mod scopes;
pub mod variables;

pub use coercion::MAX_FAULTS;
pub use schema::{Schema, schema};
