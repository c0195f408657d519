//! Concord's tests: they tell the domain's story against real parts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod access;
mod authority;
mod checkpoint;
mod contract;
mod decision;
mod http;
mod journey;
mod limits;
mod postgres;
mod seal;
mod transport;
mod tree;
mod verify;
mod world;
