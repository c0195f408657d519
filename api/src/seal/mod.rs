//! Sealed packages: what a referral carries can be read only while its key exists.
//!
//! - [`envelope`]: one category's bytes under a package's key, and that key under the key-encryption key. Pure.

pub mod envelope;
