//! The server: `POST /graphql` after GraphQL over HTTP, consents' signed papers and forms, the register of MOUs and their pages, the accounting's page, the audit log's tiles, the authorization server, what is well known, health, and the
//! explorer page in demo and development.
//!
//! [`negotiate`] and [`params`] are pure; [`graphql`] carries a request through guard, coercion and execution;
//! [`shared`] is what all routes share, [`routes`] how they are registered, [`client_address`] where a request comes from, [`correlation`] what its client calls it; [`server`] puts them on a socket.

pub mod accounting;
pub mod answer;
pub mod attachment;
pub mod audit_export;
pub mod audit_log;
pub mod authenticator;
pub mod calendar;
pub mod challenge;
pub mod client_address;
pub mod correlation;
pub mod cors;
pub mod cosigner;
pub mod evidence;
pub mod explorer;
pub mod files;
pub mod form;
pub mod graphql;
pub mod health;
pub mod metrics;
pub mod mou_document;
pub mod mou_page;
pub mod negotiate;
pub mod oauth;
pub mod params;
pub mod plain;
pub mod printed;
pub mod register;
pub mod routes;
pub mod server;
pub mod shared;
pub mod trusted;
pub mod well_known;
