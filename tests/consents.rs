//! What makes a consent lawful: the linter, who signs, and a consent's life.

mod corrected;
mod grown;
mod guardians;
mod lint;
mod minors;
mod properties;
mod review;
mod signatures;
mod signers;
mod story;
mod versions;
