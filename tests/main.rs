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
mod canary;
mod checkpoint;
mod crash;
mod decision;
mod journey;
mod limits;
mod postgres;
mod races;
mod refusal;
mod seal;
mod transport;
mod tree;
mod verify;
mod world;
