//! Notices: what an agency is told without having asked.

pub mod change;
pub mod graphql;
pub mod rules;
