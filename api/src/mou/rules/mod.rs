//! The rules of MOUs. Pure.
//!
//! - [`coverage`]: who can take a referral by what was promised, and until when.
//! - [`impact`]: what would stop if one lapsed.
//! - [`reminders`]: when its parties are told that its review or its end comes nearer.
//! - [`mod@status`]: where one stands now, from dates and signatures, and what it covers.
//! - [`term`]: its days.
//! - [`transitions`]: what may follow what, in one table, and what its parties may do next.
//! - [`packs`]: what the law that binds a party asks of it.
//! - [`signing`]: offering and signing; [`document`]: which text they sign; [`words`]: what a party says of it from then on;
//!   [`versions`]: what takes its place, and in what it differs.

pub mod coverage;
pub mod document;
pub mod impact;
pub mod packs;
pub mod reminders;
pub mod signing;
pub mod status;
pub mod term;
pub mod transitions;
pub mod versions;
pub mod words;

pub use signing::{ChangedMou, PartySignature, offer, sign};
pub use status::{between, covering, signed, status};
pub use term::{DraftedTerm, counted_in, days_left};
pub use transitions::allowed;
