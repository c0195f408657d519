//! Concord's tests: they tell the domain's story against real parts.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking, and some of them are long tables"
)]

mod access;
mod accounting;
mod agencies;
mod applications;
mod as_of;
mod audit_export;
mod authority;
mod backups;
mod boxes;
mod calendar;
mod canary;
mod checkpoint;
mod clocks;
mod complaints;
mod connections;
mod consents;
mod contact;
mod contract;
mod copies;
mod coverage;
mod crash;
mod dates;
mod decision;
mod demo;
mod drafts;
mod endings;
mod evidence;
mod expiry;
mod fast_path;
mod faults;
mod feed;
mod form;
mod gone;
mod http;
mod interop;
mod issuers;
mod jose;
mod journey;
mod kek;
mod keyring;
mod keys;
mod languages;
mod ledger;
mod left_behind;
mod legal_hold;
mod limits;
mod links;
mod lost_replies;
mod mandated_disclosure;
mod model;
mod mou_life;
mod mou_terms;
mod mous;
mod noise;
mod notes;
mod oauth;
mod origins;
mod outcomes;
mod pages;
mod partnerships;
mod postgres;
mod preview;
mod proxied;
mod races;
mod rate;
mod receipts;
mod refusal;
mod register;
mod remote_log;
mod repeated;
mod review;
mod seal;
mod sessions;
mod settings;
mod states;
mod statistics;
mod sweeps;
mod telemetry;
mod text;
mod time_zones;
mod timeline;
mod transport;
mod tree;
mod trusted;
mod twins;
mod upgrade;
mod verify;
mod world;
mod written;
