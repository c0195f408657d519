//! Survivors: an agency's own pseudonyms for the people it serves. No identity, no search across agencies.

pub mod erasure;
pub mod graphql;
