//! Survivors: an agency's own pseudonyms for the people it serves. No identity, no search across agencies.

pub mod contact;
mod fields;
pub mod graphql;
pub mod legal_hold;
pub mod rules;
