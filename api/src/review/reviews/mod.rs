//! Reviews of the log: over a period and a scope, with what stands out, what was flagged, and what came of it.

pub(crate) mod change;
pub(crate) mod graphql;
mod rules;
