//! The signed paper behind a consent.
//!
//! - [`formats`]: the files that it may be. Pure.
//! - [`store`]: keeps it sealed, and gives it back to the agency that stored it.

pub mod formats;
pub mod store;
