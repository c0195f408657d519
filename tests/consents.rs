//! What makes a consent lawful: the linter, who signs, and a consent's life.

mod corrected;
mod lint;
mod properties;
mod signatures;
mod signers;
mod story;
mod versions;
