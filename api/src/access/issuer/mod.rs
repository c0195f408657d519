//! Trusted issuers: an agency brings its own identity provider, such as Keycloak, Entra or Okta.
//!
//! - [`rules`]: which provider may be trusted, and what its tokens may do. Pure.
//! - [`address`]: which network addresses lie on the open internet. Pure.
//! - [`age`]: how old a copy of its keys may be. Pure.
//! - [`token`]: whether one of its tokens proves anything now, and why not. Pure.
//! - [`fetch`]: its keys, from where it publishes them.
//! - [`cache`]: the issuers that a replica has met, with their keys.
//! - [`register`]: the registrations, each change with its audit event.
//!
//! The agency comes from the registration, never from a claim; a claim can only narrow what the registration gives.

pub mod address;
pub mod age;
pub mod cache;
pub mod fetch;
pub mod register;
pub mod rules;
pub mod token;

pub use cache::Issuers;
