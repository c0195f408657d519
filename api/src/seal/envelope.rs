//! One category's bytes under a package's key, a signed paper under its own, and those keys under the key-encryption key.
//!
//! Both are sealed with AES-256-GCM-SIV (RFC 8452), which forgives a nonce that is used twice, and both are bound to
//! the place where they belong: moved to another row, category or version, they do not open. A sealed text is
//! `nonce (12 bytes) || ciphertext || tag (16 bytes)`.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::vocabulary::{Code, DataCategory};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A seal could not be made or does not open. It never says why: the reasons differ only for an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seal is broken")]
pub struct SealError;

/// A text or file is not a key-encryption key. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a key-encryption key: it must be 32 random bytes, as they are, in base64 or as 64 hex digits"
)]
pub struct InvalidKekError;

/// The key of one referral's package, or of one signed paper. Wiped from memory when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PackageKey(KeyBytes);

/// The key under which package keys are kept. Wiped from memory when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct KeyEncryptionKey(KeyBytes);

/// Which key-encryption key one is: nothing of the key can be learned from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekId([u8; 8]);

/// Where sealed bytes belong: they open nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageBinding {
    /// The referral whose package it is.
    pub referral: ReferralId,
    /// What the bytes tell.
    pub category: DataCategory,
    /// Which of the referral's keys seals them.
    pub version: u32,
}

/// Which signed paper sealed bytes are: they open as no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentBinding<'a> {
    /// The version of a consent for which it was signed.
    pub consent: ConsentId,
    /// Its media type.
    pub content_type: &'a str,
    /// Which of the paper's keys seals it.
    pub version: u32,
}

/// Whose key a wrapped key is: it unwraps as nobody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOwner<'a> {
    /// What the key is for, such as `package`.
    pub purpose: &'a str,
    /// The id of the record that it belongs to.
    pub owner: Uuid,
    /// Which of the owner's keys it is.
    pub version: u32,
}

/// Bytes of a key.
const KEY: usize = 32;
type KeyBytes = [u8; KEY];

impl KekId {
    /// Returns the id in a keyring's row.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Returns the id as a keyring's row has it.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl fmt::Display for KekId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl PackageKey {
    /// Returns a fresh key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = Self([0; KEY]);
        aws_lc_rs::rand::fill(&mut key.0).map_err(|_| SealError)?;
        Ok(key)
    }

    /// Seals what belongs at `place`.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn seal(&self, place: PackageBinding, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &place.binding(), plain)
    }

    /// Seals a signed paper.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn seal_paper(
        &self,
        paper: DocumentBinding<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &paper.binding(), plain)
    }

    /// Returns what was sealed as this paper. Wiped from memory when dropped.
    ///
    /// # Errors
    /// When it was not sealed with this key as this paper, or is no longer what it was.
    pub fn open_paper(
        &self,
        paper: DocumentBinding<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, &paper.binding(), sealed)
    }

    /// Returns what was sealed for `place`. Wiped from memory when dropped.
    ///
    /// # Errors
    /// When it was not sealed with this key for this place, or is no longer what it was.
    pub fn open(
        &self,
        place: PackageBinding,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, &place.binding(), sealed)
    }

    /// Seals a single record of `holder`'s.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn seal_record(&self, holder: KeyOwner<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &holder.record_binding(), plain)
    }

    /// Returns what was sealed as `holder`'s record. Wiped from memory when dropped.
    ///
    /// # Errors
    /// When it was not sealed with this key for this holder, or is no longer what it was.
    pub fn open_record(
        &self,
        holder: KeyOwner<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, &holder.record_binding(), sealed)
    }

    /// Returns the hash of a text that only this key makes (HMAC-SHA-256): without the key nobody can tell what was hashed, not
    /// even by guessing.
    #[must_use]
    pub fn hash(&self, text: &[u8]) -> Vec<u8> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        hmac::sign(&key, text).as_ref().to_vec()
    }
}

impl KeyEncryptionKey {
    /// Returns the key in a settings text: base64 (either alphabet, padded or not) or 64 hex digits.
    ///
    /// # Errors
    /// When it is not 32 bytes, or is one byte over and over.
    pub fn from_text(text: &str) -> Result<Self, InvalidKekError> {
        let text = text.trim();
        let hexadecimal = (text.len() == 2 * KEY)
            .then(|| hex::decode(text).ok())
            .flatten();
        let unpadded = text.trim_end_matches('=');
        let bytes = hexadecimal
            .or_else(|| STANDARD_NO_PAD.decode(unpadded).ok())
            .or_else(|| URL_SAFE_NO_PAD.decode(unpadded).ok())
            .map(Zeroizing::new);
        Self::from_raw(&bytes.ok_or(InvalidKekError)?)
    }

    /// Returns the key in a file: 32 bytes as they are, or text as [`Self::from_text`] reads it.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, InvalidKekError> {
        if bytes.len() == KEY {
            return Self::from_raw(bytes);
        }
        Self::from_text(str::from_utf8(bytes).map_err(|_| InvalidKekError)?)
    }

    /// Returns which key this is: the first 8 bytes of the SHA-256 of a label and the key.
    #[must_use]
    pub fn id(&self) -> KekId {
        let mut labelled = Context::new(&SHA256);
        labelled.update(b"concord kek id v1\0");
        labelled.update(&self.0);
        let digest = labelled.finish();
        KekId(digest.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Wraps `holder`'s key, to be kept.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn wrap(&self, holder: KeyOwner<'_>, key: &PackageKey) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &holder.binding(), &key.0)
    }

    /// Unwraps the owner's key.
    ///
    /// # Errors
    /// When it was not wrapped with this key for this holder, or is no longer what it was.
    pub fn unwrap(&self, holder: KeyOwner<'_>, wrapped: &[u8]) -> Result<PackageKey, SealError> {
        let bytes = open(&self.0, &holder.binding(), wrapped)?;
        let key: &KeyBytes = bytes.as_slice().try_into().map_err(|_| SealError)?;
        Ok(PackageKey(*key))
    }

    /// Wraps a secret of `holder`'s that is no package key, such as a signing key, to be kept.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn wrap_secret(&self, holder: KeyOwner<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &holder.binding(), secret)
    }

    /// Unwraps the owner's secret. Wiped from memory when dropped.
    ///
    /// # Errors
    /// When it was not wrapped with this key for this holder, or is no longer what it was.
    pub fn unwrap_secret(
        &self,
        holder: KeyOwner<'_>,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(&self.0, &holder.binding(), wrapped)
    }

    fn from_raw(bytes: &[u8]) -> Result<Self, InvalidKekError> {
        let key = Self(KeyBytes::try_from(bytes).map_err(|_| InvalidKekError)?);
        // An empty disk or a forgotten placeholder, not a key.
        let [first, rest @ ..] = &key.0;
        if rest.iter().all(|byte| byte == first) {
            return Err(InvalidKekError);
        }
        Ok(key)
    }
}

impl PackageBinding {
    /// Returns what the sealed bytes are bound to. No two places have the same bytes: all but the last field have a
    /// fixed length.
    fn binding(&self) -> Vec<u8> {
        bind(
            b"concord package v1\0",
            self.referral.0,
            self.version,
            self.category.code(),
        )
    }
}

impl DocumentBinding<'_> {
    fn binding(&self) -> Vec<u8> {
        bind(
            b"concord document v1\0",
            self.consent.0,
            self.version,
            self.content_type,
        )
    }
}

impl KeyOwner<'_> {
    fn binding(&self) -> Vec<u8> {
        bind(
            b"concord wrapped v1\0",
            self.owner,
            self.version,
            self.purpose,
        )
    }

    /// Returns what a record's bytes are bound to: never what a wrapped key is, so that neither can be taken for the
    /// other.
    fn record_binding(&self) -> Vec<u8> {
        bind(
            b"concord record v1\0\0",
            self.owner,
            self.version,
            self.purpose,
        )
    }
}

fn bind(kind: &[u8], id: Uuid, version: u32, word: &str) -> Vec<u8> {
    [kind, id.as_bytes(), &version.to_be_bytes(), word.as_bytes()].concat()
}

fn seal(key: &KeyBytes, binding: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    // Room for all of it at once: a buffer that grows leaves copies of the plain text behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(
        NONCE_LEN + plain.len() + AES_256_GCM_SIV.tag_len(),
    ));
    buffer.extend_from_slice(&[0; NONCE_LEN]);
    buffer.extend_from_slice(plain);

    let (head, body) = buffer
        .split_first_chunk_mut::<NONCE_LEN>()
        .ok_or(SealError)?;
    let (nonce, tag) = cipher(key)?
        .seal_in_place_separate_tag(Aad::from(binding), body)
        .map_err(|_| SealError)?;
    head.copy_from_slice(nonce.as_ref());
    buffer.extend_from_slice(tag.as_ref());
    Ok(std::mem::take(&mut *buffer))
}

fn open(key: &KeyBytes, binding: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
    let mut buffer = Zeroizing::new(body.to_vec());
    let plain = cipher(key)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(binding),
            &mut buffer,
        )
        .map_err(|_| SealError)?
        .len();
    buffer.truncate(plain);
    Ok(buffer)
}

fn cipher(key: &KeyBytes) -> Result<RandomizedNonceKey, SealError> {
    RandomizedNonceKey::new(&AES_256_GCM_SIV, key).map_err(|_| SealError)
}

impl fmt::Debug for PackageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PackageKey(..)")
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(..)")
    }
}
