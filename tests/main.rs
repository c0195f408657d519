//! The one test binary: each module breaks, or tries to, one part of the service.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod checkpoint;
mod tree;
mod verify;
