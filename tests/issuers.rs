//! Agencies' own identity providers: whose tokens are believed, by which keys, and how far.

mod address;
mod cache;
mod command;
mod fetch;
mod provider;
mod rules;
mod token;
mod wire;
