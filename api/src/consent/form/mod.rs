//! The form: a consent as a page to be printed, read and signed, in plain words.
//!
//! [`page`] makes the page and [`texts`] has its words, one file a language; [`read`] finds the consent.

pub mod page;
pub mod read;
pub mod texts;
