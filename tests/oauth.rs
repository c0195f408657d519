//! The authorization server and the gate on the wire: partners get, narrow, inspect and lose tokens by the standards.

mod authenticator;
mod bad_assertions;
mod bad_exchanges;
mod bad_forms;
mod dpop;
mod forged;
mod metadata;
pub mod partner;
mod refused;
mod remembered;
mod replicas;
mod story;
mod taken_back;
mod wanted;
