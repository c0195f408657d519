//! What the parties of an MOU agree on: the text that they sign.

pub mod document;
