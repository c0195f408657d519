//! The service over HTTP.

pub mod negotiate;
pub mod params;
