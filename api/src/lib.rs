//! Concord: consented referral records and MOU status, shared among the agencies of an anti-trafficking task force.
//!
//! The way down: `http` -> `graphql` -> a concept (`agency`, `application`, `survivor`, `contact`,
//! `consent`, `mandate`, `referral`, `mou`) -> `sharing`, `audit`, `seal` -> `store` -> the entities. Nothing points up.

pub mod access;
pub mod agency;
pub mod application;
pub mod audit;
pub mod clock;
pub mod consent;
pub mod contact;
pub mod demo;
pub mod error;
pub mod graphql;
pub mod http;
pub mod mandate;
pub mod mou;
pub mod oauth;
pub mod referral;
pub mod seal;
pub mod settings;
pub mod sharing;
pub mod store;
pub mod survivor;
