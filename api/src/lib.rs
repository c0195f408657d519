//! Concord: consented referral records and MOU status, shared among the agencies of an anti-trafficking task force.

pub mod access;
pub mod error;
pub mod seal;
