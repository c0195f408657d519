//! The signed paper behind a consent.
//!
//! - [`formats`]: the files that it may be. Pure.
//! - `pdf`: whether a PDF does no more than show pages. Pure.
//! - [`store`]: keeps it sealed, and gives it back to the agency that stored it.

pub mod fault;
pub mod formats;
mod pdf;
pub mod store;
