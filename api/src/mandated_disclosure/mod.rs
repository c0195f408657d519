//! What a statute or a court's order made an agency disclose without consent. A subpoena alone never does.
//!
//! 34 U.S.C. 12291(b)(2)(C) and (D): where a statute or a court's mandate compels a release, the agency makes reasonable
//! attempts to notify the person, takes steps to protect their privacy and safety, and releases no more than is
//! compelled.

pub mod change;
pub mod graphql;
pub mod input;
pub mod rules;
pub(crate) mod texts;
