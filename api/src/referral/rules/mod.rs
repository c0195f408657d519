//! The rules of referrals. Pure.
//!
//! - [`status`]: what a referral's status is now.
//! - [`transitions`]: what may follow what (HL7 Gravity SDOH closed loop), in one table.
//! - [`actions`]: what a side may do next, and what keeps it from it.
//! - [`steps`]: the verbs that need nothing but the referral; [`completion`]: those with an outcome, which [`outcome`] tells
//!   the meaning of.
//! - [`answer`]: within what time one answers.
//! - [`notes`]: who may add which notes, and who may read them.
//! - [`draft`], [`basis`]: what a draft may say, and what a referral is sent and continued under.

pub mod actions;
pub mod answer;
pub mod basis;
pub mod completion;
pub mod draft;
pub mod notes;
pub mod outcome;
pub mod status;
pub mod steps;
pub mod transitions;
