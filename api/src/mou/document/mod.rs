//! The text that the parties of an MOU sign, as a file: one for each version, sealed, and read by whoever follows the MOU.
//!
//! Its key is never destroyed: it is kept as long as the MOU is, which is for ever.

pub mod graphql;
pub mod store;
