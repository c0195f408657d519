//! Drafts of MOUs to begin with: one for each kind, in our own words. `docs/ARCHITECTURE.md` says which elements they stand on.

pub mod graphql;
pub mod texts;
