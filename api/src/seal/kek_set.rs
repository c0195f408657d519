//! The key-encryption keys at hand: one wraps, and both unwrap what they wrapped, so that one key can take another's place
//! while servers run.

use std::fmt;

use zeroize::Zeroizing;

use super::envelope::{KekId, KeyEncryptionKey, KeyOwner, PackageKey, SealError};

/// The key-encryption keys at hand.
#[derive(Debug)]
pub struct KekSet {
    current: SourcedKek,
    other: Option<SourcedKek>,
}

/// A key-encryption key, and where it came from.
#[derive(Debug)]
pub struct SourcedKek {
    key: KeyEncryptionKey,
    /// Which key it is.
    pub id: KekId,
    /// Where it came from, in words.
    pub source: String,
}

/// A wrapped key or secret, as a row of the keyring has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapping {
    /// The wrapped bytes.
    pub bytes: Vec<u8>,
    /// The id of the key that wrapped them; none where that was before there were ids.
    pub kek_id: Option<Vec<u8>>,
}

/// Why a wrapped key does not unwrap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// A key that is not at hand wrapped it.
    #[error(
        "this keyring needs the key-encryption key {needed}, and there is only {held}. Name the file, variable or command that \
         holds it, as the key or as the other key"
    )]
    Missing {
        /// The id of the key that is needed.
        needed: String,
        /// The keys that are at hand, and where they came from.
        held: String,
    },
    /// It does not say which key wrapped it, and none that is at hand did.
    #[error(
        "this keyring was wrapped under a key-encryption key that is not among those at hand: {held}. Name the file, variable or \
         command that holds it, as the key or as the other key"
    )]
    NoneOpens {
        /// The keys that are at hand, and where they came from.
        held: String,
    },
    /// The right key does not open it: it is no longer what it was.
    #[error("a wrapped key in the keyring is no longer what it was: {0}")]
    Broken(#[from] SealError),
}

impl SourcedKek {
    /// Says where a key came from.
    #[must_use]
    pub fn new(key: KeyEncryptionKey, source: String) -> Self {
        Self {
            id: key.id(),
            key,
            source,
        }
    }
}

impl fmt::Display for SourcedKek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, source) = (self.id, &self.source);
        write!(f, "{id}, from {source}")
    }
}

impl fmt::Display for KekSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.current.fmt(f)?;
        match &self.other {
            Some(other) => write!(f, "; and {other}"),
            None => Ok(()),
        }
    }
}

impl KekSet {
    /// Returns the set of a key that wraps and, where there is one, another that only unwraps.
    #[must_use]
    pub fn new(current: SourcedKek, other: Option<SourcedKek>) -> Self {
        Self { current, other }
    }

    /// Returns the key that wraps.
    #[must_use]
    pub fn current(&self) -> &SourcedKek {
        &self.current
    }

    /// Returns every key, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &SourcedKek> {
        std::iter::once(&self.current).chain(&self.other)
    }

    /// Wraps `holder`'s key under the current key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn wrap(&self, holder: KeyOwner<'_>, key: &PackageKey) -> Result<Wrapping, SealError> {
        self.current
            .key
            .wrap(holder, key)
            .map(|bytes| self.named(bytes))
    }

    /// Wraps a secret of `holder`'s that is no package key under the current key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn wrap_secret(&self, holder: KeyOwner<'_>, secret: &[u8]) -> Result<Wrapping, SealError> {
        let bytes = self.current.key.wrap_secret(holder, secret)?;
        Ok(self.named(bytes))
    }

    /// Unwraps the owner's key.
    ///
    /// # Errors
    /// [`UnwrapError`].
    pub fn unwrap(
        &self,
        holder: KeyOwner<'_>,
        wrapped: &[u8],
        kek_id: Option<&[u8]>,
    ) -> Result<PackageKey, UnwrapError> {
        self.open(kek_id, |key| key.unwrap(holder, wrapped))
    }

    /// Unwraps the owner's secret. Wiped from memory when dropped.
    ///
    /// # Errors
    /// [`UnwrapError`].
    pub fn unwrap_secret(
        &self,
        holder: KeyOwner<'_>,
        wrapped: &[u8],
        kek_id: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
        self.open(kek_id, |key| key.unwrap_secret(holder, wrapped))
    }

    /// Checks that a key of this id is at hand.
    ///
    /// # Errors
    /// [`UnwrapError::Missing`].
    pub fn holds(&self, kek_id: &[u8]) -> Result<&SourcedKek, UnwrapError> {
        let named = KekId::from_bytes(kek_id);
        self.all()
            .find(|kek| Some(kek.id) == named)
            .ok_or_else(|| UnwrapError::Missing {
                needed: hex::encode(kek_id),
                held: self.to_string(),
            })
    }

    fn open<T>(
        &self,
        kek_id: Option<&[u8]>,
        open: impl Fn(&KeyEncryptionKey) -> Result<T, SealError>,
    ) -> Result<T, UnwrapError> {
        if let Some(id) = kek_id {
            return Ok(open(&self.holds(id)?.key)?);
        }
        self.all()
            .find_map(|kek| open(&kek.key).ok())
            .ok_or_else(|| UnwrapError::NoneOpens {
                held: self.to_string(),
            })
    }

    fn named(&self, bytes: Vec<u8>) -> Wrapping {
        Wrapping {
            bytes,
            kek_id: Some(self.current.id.to_bytes()),
        }
    }
}
