//! The authorization server and the gate on the wire: partners get, narrow, inspect and lose tokens by the standards.

mod bad_assertions;
mod bad_exchanges;
mod bad_forms;
pub mod partner;
mod refused;
mod story;
