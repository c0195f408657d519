//! Signed checkpoints (C2SP tlog-checkpoint in a signed note, Ed25519) and receipts for single events.
//!
//! A checkpoint commits us to a size and a root; whoever keeps one can hold every later ledger against it, with any
//! tool that knows the format. A receipt commits us to having written one event, from before the event has an index.
//! One key signs both; their texts cannot be mistaken for one another, as a receipt's first line has spaces and an
//! origin has none.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use signed_note::{Note, Signature, StandardVerifier, VerifierList};
use zeroize::Zeroizing;

use super::tree::{Digest, Head};

/// The first byte of an Ed25519 key in a verifier key (C2SP signed-note).
const ED25519_ALGORITHM: u8 = 1;

/// The bytes of an Ed25519 public key.
const PUBLIC_KEY_BYTES: usize = 32;

/// The most characters that an origin may have.
const MAX_ORIGIN: usize = 255;

/// What a ledger's owner commits to: this ledger has this size and root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger, such as `concord.example.org/audit`.
    pub origin: String,
    /// Its size and root.
    pub head: Head,
}

/// Why a key of the ledger cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The origin does not fit into a checkpoint.
    #[error(
        "a ledger's origin is 1 to {MAX_ORIGIN} characters without spaces, `+` and control characters"
    )]
    Origin,
    /// The secret is not an Ed25519 seed.
    #[error("the ledger's secret cannot be used as an Ed25519 key")]
    Secret,
    /// The text is not a verifier key.
    #[error(
        "not a verifier key: it must look like `<origin>+<8 hexadecimal digits>+<base64>`, for Ed25519"
    )]
    Verifier,
}

/// Why a checkpoint or receipt was not made, or is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is not a signed note with a checkpoint in it, or not a signature at all.
    #[error("malformed")]
    Malformed,
    /// This key did not sign it.
    #[error("not signed with the ledger's key")]
    NotSigned,
    /// The key signed a checkpoint of another ledger.
    #[error("a checkpoint of another ledger")]
    OtherOrigin,
    /// The signing itself failed.
    #[error("could not be signed")]
    Signing,
}

/// The secret key of a ledger, which signs for its origin. The secret lives inside the cryptographic library alone,
/// which clears it when the key is dropped.
pub struct LedgerKey {
    pair: Ed25519KeyPair,
    codes: hmac::Key,
    origins: LedgerOrigins,
    /// The line of every checkpoint that quotes what was signed under the name before; empty under the first name.
    quoting: String,
}

/// Where a log was gone on with from an older copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopening {
    /// The id of the event that records it, which the log's new name ends with.
    pub event: String,
    /// What had been signed for under the name before.
    pub signed: Head,
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LedgerKey").field(self.public()).finish()
    }
}

impl LedgerKey {
    /// Returns the key of the ledger `origin`, from 32 secret random bytes, which are cleared.
    ///
    /// # Errors
    /// `Origin`, `Secret`.
    pub fn new(origin: &str, secret: &Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(secret.as_slice()).map_err(|_| KeyError::Secret)?;
        let bytes = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Secret)?;
        let public = LedgerPublicKey::new(origin, bytes)?;
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice());
        let codes = hmac::sign(&root, b"concord authentication codes v1");
        let codes = hmac::Key::new(hmac::HMAC_SHA256, codes.as_ref());
        Ok(Self {
            pair,
            codes,
            origins: LedgerOrigins::new(public, Vec::new()),
            quoting: String::new(),
        })
    }

    /// Returns the key of the same ledger after it was gone on with from an older copy: under another name, so that nobody
    /// takes it for the one that had been signed, which every checkpoint quotes.
    ///
    /// # Errors
    /// `Origin`: the name has become too long.
    pub fn reopened(self, reopening: &Reopening) -> Result<Self, KeyError> {
        let LedgerOrigins {
            current,
            mut earlier,
        } = self.origins;
        let before = current.origin.as_str();
        let Reopening { event, signed } = reopening;
        let first = earlier.last().unwrap_or(&current).origin.as_str();
        let name = format!("{first}/{event}");
        let root = BASE64_STANDARD.encode(signed.root.0);
        let quoting = format!("reopened {before} {} {root}\n", signed.size);
        let named = LedgerPublicKey::new(&name, current.bytes)?;
        earlier.insert(0, current);
        Ok(Self {
            origins: LedgerOrigins::new(named, earlier),
            quoting,
            ..self
        })
    }

    /// Returns the key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> &LedgerPublicKey {
        self.origins.current()
    }

    /// Returns the names that the ledger has had, with the keys that check what was signed for them.
    #[must_use]
    pub fn origins(&self) -> &LedgerOrigins {
        &self.origins
    }

    /// Signs a checkpoint, as the text of a signed note. Only ever for a size and root that are committed.
    ///
    /// # Errors
    /// `Signing`.
    pub fn sign(&self, head: Head) -> Result<String, CheckpointError> {
        let origin = &self.public().origin;
        let text = tlog_tiles::Checkpoint::new(origin, head.size, head.root.into(), &self.quoting)
            .map_err(|_| CheckpointError::Malformed)?
            .to_bytes();
        let signature = Signature::new(origin.clone(), self.public().id(), self.signature(&text)?)
            .map_err(|_| CheckpointError::Malformed)?;
        let note = Note::new(&text, &[signature]).map_err(|_| CheckpointError::Malformed)?;
        String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Malformed)
    }

    /// Signs that the event with this leaf hash is durably written: base64 of an Ed25519 signature.
    ///
    /// # Errors
    /// `Signing`.
    pub fn sign_receipt(&self, event: &str, leaf: Digest) -> Result<String, CheckpointError> {
        let signature = self.signature(&self.public().receipt(event, leaf))?;
        Ok(BASE64_STANDARD.encode(signature))
    }

    /// Returns a code over `bytes` that nobody makes without this key: HMAC-SHA-256, for one `usage` alone. We give it away
    /// with what we want to know again as our own.
    #[must_use]
    pub fn authenticate(&self, usage: &str, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.codes, &coded(usage, bytes))
            .as_ref()
            .to_vec()
    }

    /// Returns whether this code was given over `bytes`, for this `usage`.
    #[must_use]
    pub fn has_authenticated(&self, usage: &str, bytes: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.codes, &coded(usage, bytes), code).is_ok()
    }

    fn signature(&self, text: &[u8]) -> Result<Vec<u8>, CheckpointError> {
        let signature = self
            .pair
            .try_sign(text)
            .map_err(|_| CheckpointError::Signing)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn coded(usage: &str, bytes: &[u8]) -> Vec<u8> {
    [usage.as_bytes(), b"\0", bytes].concat()
}

/// The public key of a ledger, with the origin that it signs for. Its text is a verifier key (C2SP signed-note),
/// `<origin>+<key id>+<base64 key>`, which any checkpoint tool takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerPublicKey {
    origin: String,
    bytes: [u8; PUBLIC_KEY_BYTES],
}

impl LedgerPublicKey {
    fn new(origin: &str, bytes: [u8; PUBLIC_KEY_BYTES]) -> Result<Self, KeyError> {
        let fits = signed_note::is_key_name_valid(origin)
            && origin.chars().count() <= MAX_ORIGIN
            && !origin.chars().any(char::is_control);
        if !fits {
            return Err(KeyError::Origin);
        }
        Ok(Self {
            origin: origin.to_owned(),
            bytes,
        })
    }

    /// Returns the ledger that this key signs for.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the checkpoint in a signed note, if this key signed it for its own origin. Signatures of others
    /// (witnesses) and extension lines may stand beside, and are not looked at.
    ///
    /// # Errors
    /// `Malformed`, `NotSigned`, `OtherOrigin`.
    pub fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
        note.verify(&VerifierList::new(vec![Box::new(self.clone())]))
            .map_err(|_| CheckpointError::NotSigned)?;
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text())
            .map_err(|_| CheckpointError::Malformed)?;
        if checkpoint.origin() != self.origin {
            return Err(CheckpointError::OtherOrigin);
        }
        Ok(Checkpoint {
            origin: self.origin.clone(),
            head: Head {
                size: checkpoint.size(),
                root: (*checkpoint.hash()).into(),
            },
        })
    }

    /// Returns whether this receipt was given for the event with this leaf hash.
    ///
    /// # Errors
    /// `Malformed`, `NotSigned`.
    pub fn check_receipt(
        &self,
        receipt: &str,
        event: &str,
        leaf: Digest,
    ) -> Result<(), CheckpointError> {
        let signature = BASE64_STANDARD
            .decode(receipt)
            .map_err(|_| CheckpointError::Malformed)?;
        if !self.signed(&self.receipt(event, leaf), &signature) {
            return Err(CheckpointError::NotSigned);
        }
        Ok(())
    }

    /// Returns what a receipt signs. The origin is in it, so that one key in two ledgers still gives two receipts.
    fn receipt(&self, event: &str, leaf: Digest) -> Vec<u8> {
        format!("concord receipt v1\n{}\n{event}\n{leaf}\n", self.origin).into_bytes()
    }

    fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.bytes)
            .verify(text, signature)
            .is_ok()
    }

    /// Returns the key as a verifier key holds it: the algorithm, then the key's bytes.
    fn encoded(&self) -> Vec<u8> {
        [[ED25519_ALGORITHM].as_slice(), &self.bytes].concat()
    }

    fn id(&self) -> u32 {
        signed_note::key_id(&self.origin, &self.encoded())
    }
}

/// The names that a ledger has had, newest first, each with the key that checks what was signed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerOrigins {
    current: LedgerPublicKey,
    earlier: Vec<LedgerPublicKey>,
}

impl LedgerOrigins {
    /// Returns the names of a ledger: the one that it has, and those that it had before.
    #[must_use]
    pub fn new(current: LedgerPublicKey, earlier: Vec<LedgerPublicKey>) -> Self {
        Self { current, earlier }
    }

    /// Returns the key of the name that the ledger has.
    #[must_use]
    pub fn current(&self) -> &LedgerPublicKey {
        &self.current
    }

    /// Returns the key of the name under which a checkpoint was signed.
    #[must_use]
    pub fn key_of(&self, checkpoint: &Checkpoint) -> Option<&LedgerPublicKey> {
        let mut all = std::iter::once(&self.current).chain(&self.earlier);
        all.find(|key| key.origin == checkpoint.origin)
    }

    /// Returns the checkpoint in a signed note, under whichever name it was signed.
    ///
    /// # Errors
    /// What the present name's key says of it, where no name's key signed it.
    pub fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let opened = self.current.open(note);
        opened.or_else(|fault| {
            let mut earlier = self.earlier.iter().map(|key| key.open(note));
            earlier.find_map(Result::ok).ok_or(fault)
        })
    }

    /// Returns whether this receipt was given for the event with this leaf hash, under whichever name.
    ///
    /// # Errors
    /// What the present name's key says of it, where no name's key signed it.
    pub fn check_receipt(
        &self,
        receipt: &str,
        event: &str,
        leaf: Digest,
    ) -> Result<(), CheckpointError> {
        let checked = self.current.check_receipt(receipt, event, leaf);
        checked.or_else(|fault| {
            let mut earlier = self.earlier.iter();
            let given = earlier.any(|key| key.check_receipt(receipt, event, leaf).is_ok());
            if given { Ok(()) } else { Err(fault) }
        })
    }
}

impl signed_note::Verifier for LedgerPublicKey {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.id()
    }

    fn verify(&self, msg: &[u8], sig: &[u8]) -> bool {
        self.signed(msg, sig)
    }
}

impl fmt::Display for LedgerPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode(self.encoded());
        write!(f, "{}+{:08x}+{key}", self.origin, self.id())
    }
}

impl FromStr for LedgerPublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The library knows what a verifier key must be (algorithm, key id, point on the curve), but keeps the bytes.
        StandardVerifier::new(text).map_err(|_| KeyError::Verifier)?;
        let mut parts = text.splitn(3, '+');
        let (Some(origin), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Verifier);
        };
        let key = BASE64_STANDARD
            .decode(key)
            .map_err(|_| KeyError::Verifier)?;
        let bytes = key
            .split_first()
            .and_then(|(_, bytes)| bytes.try_into().ok())
            .ok_or(KeyError::Verifier)?;
        Self::new(origin, bytes)
    }
}
