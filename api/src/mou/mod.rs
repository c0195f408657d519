//! Memoranda of understanding: what two or more agencies agreed to share, and until when.
//!
//! [`rules`] says what may follow what, [`change`] has them drafted, offered and signed, [`life`] takes what their parties say
//! from then on, [`query`] reads them: by [`find`] those that a [`register`] asks for; [`graphql`] and [`input`] are the wire.
//! [`document`] keeps the text that they sign; [`promises`] are what its parties promise, of which [`coverage`] is a map, and
//! [`impact`] counts what would stop. [`export`] and [`import`] are the register as a spreadsheet has it, in its [`cells`], [`page`] is
//! one MOU on paper, [`calendar`] the days of many; [`reminders`] tells of what comes nearer, and `put_back` says again in an older copy what was
//! said since.

pub mod calendar;
pub mod cells;
pub mod change;
pub mod coverage;
pub mod days;
pub mod document;
pub mod export;
pub mod find;
pub mod graphql;
pub mod history;
pub mod impact;
pub mod import;
pub mod input;
pub mod life;
pub mod obligations;
pub mod page;
pub mod promises;
pub(crate) mod put_back;
pub mod query;
pub mod register;
pub mod reminders;
pub mod rules;
mod standing;
pub mod template;
pub mod unsound;
pub mod versions;
