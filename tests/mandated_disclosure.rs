//! Mandated disclosures: only a statute or a court's order discloses without consent.

mod rules;
pub mod story;
