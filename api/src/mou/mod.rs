//! Memoranda of understanding: what two or more agencies agreed to share, and until when.
//!
//! [`rules`] says what may follow what, [`change`] has them drafted, offered and signed, [`life`] takes what their
//! parties say from then on, [`query`] reads them, [`reminders`] tells of what comes nearer; [`graphql`] and [`input`] are the wire.

pub mod change;
pub mod days;
pub mod graphql;
pub mod input;
pub mod life;
pub mod query;
pub mod reminders;
pub mod rules;
