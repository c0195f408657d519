//! Safe contact: how, when and where a person may be reached, and the one door for whatever goes out to a person.
//!
//! - [`plan`]: what a plan says, as it is written, read and sealed.
//! - [`rules`]: whether a person may be contacted now. Pure.
//! - [`advice`]: what a plan answers, on the wire.
//! - [`outbound`]: leave to contact a person, and all that may be left for them. Pure.
//! - [`read`]: a survivor's plan, unsealed for the agency that holds it, once its event is on record.

pub mod advice;
pub mod graphql;
pub mod outbound;
pub mod plan;
pub mod read;
pub mod rules;
