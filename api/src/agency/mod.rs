//! Agencies: their directory, and what partners see of one another.

mod beside;
pub mod change;
mod fields;
pub mod founding;
pub mod graphql;
pub mod membership;
pub mod names;
pub(crate) mod pairs;
mod parting;
pub mod record;
pub mod rules;
pub(crate) mod told;
pub mod training;
pub mod vetting;
pub mod zone;
