//! Agencies' own identity providers: whose tokens are believed, by which keys, and how far.

mod address;
mod cache;
pub mod command;
mod fetch;
pub mod provider;
mod recipes;
mod rules;
mod token;
mod wire;
