//! What the parties of an MOU agree on: the text that they sign.

mod days;
pub mod document;
mod earlier;
mod packs;
mod templates;
