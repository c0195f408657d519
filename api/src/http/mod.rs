//! The server: `POST /graphql` after GraphQL over HTTP, the authorization server, what is well known, health, and the
//! explorer page in demo and development.
//!
//! [`negotiate`] and [`params`] are pure; [`graphql`] carries a request through guard, coercion and execution;
//! [`server`] puts it on a socket.

pub mod answer;
pub mod challenge;
pub mod explorer;
pub mod gate;
pub mod graphql;
pub mod health;
pub mod negotiate;
pub mod oauth;
pub mod params;
pub mod server;
pub mod well_known;
