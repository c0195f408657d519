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
mod canary;
mod checkpoint;
mod contract;
mod crash;
mod decision;
mod demo;
mod fast_path;
mod http;
mod journey;
mod ledger;
mod limits;
mod postgres;
mod races;
mod refusal;
mod seal;
mod transport;
mod tree;
mod verify;
mod world;
mod written;
