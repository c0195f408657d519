//! Witnesses of other houses: each remembers the largest checkpoint that it saw of a log, and cosigns the next one only if
//! that goes on from it (C2SP tlog-witness, tlog-cosignature). So nobody can show one log to some and another to others.
//!
//! [`cosignature`] and [`submission`] are pure: what is signed, and what is sent. [`cosigner`] is the witness, which a partner
//! runs; [`asking`] is the service, which asks those that it was told of; [`kept`] keeps what they signed.

pub mod asking;
pub mod cosignature;
pub mod cosigner;
pub mod kept;
pub mod submission;
