//! Agencies: their directory, and what partners see of one another.

pub mod change;
pub mod founding;
pub mod graphql;
pub mod rules;
pub(crate) mod told;
pub mod zone;
