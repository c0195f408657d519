//! Notices: what an agency is told without having asked.

pub mod graphql;
