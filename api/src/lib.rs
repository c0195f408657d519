//! Concord: consented referral records and MOU status, shared among the agencies of an anti-trafficking task force.
//!
//! The floors, from the top down; nothing imports what stands above it:
//! the command line and [`service`]; [`demo`]; [`http`]; [`graphql`]; [`oauth`]; [`erasure`], [`recovery`], [`data_check`] and [`sweep`]; the concepts
//! ([`referral`], [`consent`], [`mou`], [`survivor`], [`mandated_disclosure`], [`notice`], [`rule_pack`], [`agency`],
//! [`application`], [`partnership`], [`review`], [`feed`], [`statistics`]); [`request`]; [`access`]; [`jose`]; [`wire`]; [`audit`]; [`seal`]; [`sharing`]; [`store`];
//! [`error`], [`text`], [`clock`], [`settings`], [`private_files`] and [`telemetry`]; the entities.

pub mod access;
pub mod agency;
pub mod application;
pub mod audit;
pub mod clock;
pub mod consent;
pub mod data_check;
pub mod database_fault;
pub mod demo;
pub mod erasure;
pub mod error;
pub mod feed;
pub mod graphql;
pub mod http;
pub mod input_fault;
pub mod jose;
pub mod lists;
pub mod mandated_disclosure;
pub mod mou;
pub mod notice;
pub mod oauth;
pub mod partnership;
pub mod private_files;
pub mod recovery;
pub mod referral;
pub mod request;
pub mod review;
pub mod rule_pack;
pub mod seal;
pub mod service;
pub mod settings;
pub mod sharing;
pub mod spreadsheet;
pub mod statistics;
pub mod store;
pub mod survivor;
pub mod sweep;
pub mod telemetry;
pub mod text;
pub mod wire;
