//! MOUs' days as a calendar that other programs subscribe to.
//!
//! [`rules`] says which days there are and [`ical`] writes them; [`feed`] reads what a secret opens; [`change`] has a calendar
//! made and revoked, [`graphql`] is the wire.

pub mod change;
pub(crate) mod feed;
pub mod graphql;
pub mod ical;
pub mod rules;
