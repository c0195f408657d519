//! What stands out among audit events, by rules that are stated: a reviewer reads those first.

pub(crate) mod graphql;
pub mod rules;
