//! Partnerships: how two agencies come to work together, step by step, before any MOU and with one.

pub mod change;
pub mod graphql;
pub mod query;
pub mod rules;
