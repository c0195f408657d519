//! What others sign, and the keys that they sign with: the good ones are believed, and nothing else is.

mod assertion;
mod examples;
mod foreign_key;
pub mod hand;
mod proof;
mod strict;
