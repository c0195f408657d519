//! Client secrets: made once, shown once, kept as a hash.
//!
//! argon2id (RFC 9106) with the least that OWASP's Password Storage Cheat Sheet asks for. [`issue`] and [`matches()`]
//! each fill 19 MiB of memory and take some tens of milliseconds of a core: call them within
//! `tokio::task::spawn_blocking`, never on a worker's own thread.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::{Refusal, Result};

/// What every secret starts with, so that those who scan repositories and logs for secrets find it.
pub const PREFIX: &str = "concord_";
/// Bytes of randomness in a secret.
const BYTES: usize = 32;
/// How long a presented secret may be, in bytes, before it is hashed at all.
const LONGEST: usize = 128;

/// KiB of memory.
const MEMORY: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// The hash of a secret that nobody has, made like every other: what a secret is checked against where there is no such
/// application, so that the answer takes as long.
pub const OF_NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$U5ur2VCQbGDwHHooEypjCA$QJ4xWalK2o7C10580MD5Da8b1TtqkojZ2GcYej2nr/w";

/// A secret could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client secret could not be made")]
pub struct SecretError;

/// Returns a fresh secret, and its hash as a PHC string. For `spawn_blocking`.
///
/// # Errors
/// Where the system has no randomness or memory to give.
pub fn issue() -> Result<(Zeroizing<String>, String), SecretError> {
    let mut bytes = Zeroizing::new([0_u8; BYTES]);
    aws_lc_rs::rand::fill(bytes.as_mut()).map_err(|_| SecretError)?;
    // All of it at once: a buffer that grows leaves copies of the secret behind.
    let mut secret = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * BYTES));
    secret.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(bytes.as_ref(), &mut secret);
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|_| SecretError)?;
    let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(secret.as_bytes())
        .map_err(|_| SecretError)?;
    Ok((secret, hash.to_string()))
}

/// Makes a secret on a thread of its own.
///
/// # Errors
/// `INTERNAL`.
pub async fn issued() -> Result<(Zeroizing<String>, String)> {
    tokio::task::spawn_blocking(issue)
        .await
        .map_err(Refusal::internal)?
        .map_err(Refusal::internal)
}

/// Returns whether this is the secret that `hash` was made of; never where the hash is not one of argon2id. Takes as
/// long whichever it is. For `spawn_blocking`.
#[must_use]
pub fn matches(secret: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    secret.len() <= LONGEST
        && hash.algorithm == ARGON2ID_IDENT
        && Argon2::default()
            .verify_password(secret.as_bytes(), &hash)
            .is_ok()
}
