//! Concord: consented referral records and MOU status, shared among the agencies of an anti-trafficking task force.

pub mod audit;
pub mod error;
