//! Erasing a survivor: what touches every concept at once.

pub mod change;
mod holds;
pub mod kept;
