//! Client secrets: made once, shown once, kept as a hash.
//!
//! A secret has 256 random bits: nobody guesses one, so a hash needs not be slow, and a slow one lets strangers burn our
//! processors. SHA-256 it is, compared in constant time. Until 0.2 it was argon2id: such a hash is still read
//! ([`KeptHash::Argon2`]), and replaced when its secret is next used.

use argon2::password_hash::{PasswordVerifier, phc::PasswordHash};
use argon2::{ARGON2ID_IDENT, Argon2};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// What every secret starts with, so that those who scan repositories and logs for secrets find it.
pub const PREFIX: &str = "concord_";
/// Bytes of randomness in a secret.
const BYTES: usize = 32;
/// How long a presented secret may be, in bytes, before an argon2 hash is made of it.
const LONGEST: usize = 128;
/// What a hash of today starts with; hexadecimal digits follow.
const SHA256_PREFIX: &str = "sha256:";

/// A secret could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client secret could not be made")]
pub struct SecretError;

/// Returns a fresh secret, and the hash to keep.
///
/// # Errors
/// Where the system has no randomness to give.
pub fn issue() -> Result<(Zeroizing<String>, String), SecretError> {
    let mut bytes = Zeroizing::new([0_u8; BYTES]);
    aws_lc_rs::rand::fill(bytes.as_mut()).map_err(|_| SecretError)?;
    // All of it at once: a buffer that grows leaves copies of the secret behind.
    let mut secret = Zeroizing::new(String::with_capacity(PREFIX.len() + 2 * BYTES));
    secret.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(bytes.as_ref(), &mut secret);
    let hash = hash(&secret);
    Ok((secret, hash))
}

/// Returns the hash that is kept of a secret.
#[must_use]
pub fn hash(secret: &str) -> String {
    let hashed = digest(&SHA256, secret.as_bytes());
    format!("{SHA256_PREFIX}{}", hex::encode(hashed))
}

/// A hash as the store keeps it, by its kind.
#[derive(Clone, Debug)]
pub enum KeptHash {
    /// A hash of today.
    Sha256(Vec<u8>),
    /// One of before 0.2, as a PHC string: to check a secret against it fills 19 MiB of memory and takes some tens of
    /// milliseconds of a core.
    Argon2(String),
}

impl KeptHash {
    /// Returns the hash of a kind that secrets are kept as; none where it is of another.
    #[must_use]
    pub fn parse(stored: &str) -> Option<Self> {
        if let Some(digits) = stored.strip_prefix(SHA256_PREFIX) {
            return hex::decode(digits).ok().map(Self::Sha256);
        }
        let parsed = PasswordHash::new(stored).ok()?;
        (parsed.algorithm == ARGON2ID_IDENT).then(|| Self::Argon2(stored.to_owned()))
    }

    /// Returns whether this is the secret that the hash was made of. Of argon2, for `spawn_blocking`.
    #[must_use]
    pub fn is_of(&self, secret: &str) -> bool {
        match self {
            Self::Sha256(kept) => {
                let hashed = digest(&SHA256, secret.as_bytes());
                verify_slices_are_equal(hashed.as_ref(), kept).is_ok()
            }
            Self::Argon2(kept) => {
                secret.len() <= LONGEST
                    && PasswordHash::new(kept).is_ok_and(|kept| {
                        Argon2::default()
                            .verify_password(secret.as_bytes(), &kept)
                            .is_ok()
                    })
            }
        }
    }
}
