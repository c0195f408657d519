//! A cosignature: a witness's statement that a checkpoint is the largest that it saw of a log, and goes on from all before
//! (C2SP tlog-cosignature, Ed25519, `cosignature/v1`).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use concord_entities::instant::Instant;
use signed_note::{Note, Signature, StandardVerifier, Verifier, VerifierList};
use zeroize::Zeroizing;

/// The first byte of such a key in a verifier key: an Ed25519 key that cosigns.
const ALGORITHM: u8 = 4;
/// The same for an Ed25519 key that signs notes, which the library knows.
const ED25519_ALGORITHM: u8 = 1;
/// What a secret key's text begins with (as in Go's `sumdb/note`).
const SECRET: &str = "PRIVATE+KEY+";
/// The bytes of a timestamp before the signature.
const TIMESTAMP: usize = 8;
/// The bytes of an Ed25519 public key, and of a secret one.
const KEY_BYTES: usize = 32;

/// Why a witness's key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignerKeyError {
    /// The name cannot stand in a note.
    #[error("a witness's name is 1 to 255 characters without spaces, `+` and control characters")]
    Name,
    /// The text is not a witness's verifier key.
    #[error(
        "not a witness's verifier key: it must look like `<name>+<8 hexadecimal digits>+<base64>`, for Ed25519 cosignatures"
    )]
    Verifier,
    /// The text is not a witness's secret key.
    #[error("not a witness's secret key")]
    Secret,
}

/// The secret key of a witness.
pub struct CosignerKey {
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; KEY_BYTES]>,
    public: CosignerPublicKey,
}

/// The public key of a witness, with its name. Its text is a verifier key, `<name>+<key id>+<base64 key>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CosignerPublicKey {
    name: String,
    bytes: [u8; KEY_BYTES],
}

/// A cosignature that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Whose it is.
    pub by: CosignerPublicKey,
    /// When the witness signed, by its own clock, to the second.
    pub at: Instant,
    /// The key's id, the time and the signature, base64, as the note's line has them.
    pub signature: String,
}

impl Cosignature {
    /// Returns the line by which it stands in a note.
    #[must_use]
    pub fn line(&self) -> String {
        line(&self.by.name, &self.signature)
    }
}

/// Returns the line of a note that this signature is.
#[must_use]
pub fn line(name: &str, signature: &str) -> String {
    format!("\u{2014} {name} {signature}\n")
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CosignerKey").field(&self.public).finish()
    }
}

impl CosignerKey {
    /// Returns the key of a witness of this name, from 32 secret random bytes.
    ///
    /// # Errors
    /// `Name`, `Secret`.
    pub fn new(name: &str, seed: Zeroizing<[u8; KEY_BYTES]>) -> Result<Self, CosignerKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
        let pair = pair.map_err(|_| CosignerKeyError::Secret)?;
        let bytes = pair.public_key().as_ref().try_into();
        let bytes = bytes.map_err(|_| CosignerKeyError::Secret)?;
        let public = CosignerPublicKey::new(name, bytes)?;
        Ok(Self { pair, seed, public })
    }

    /// Returns the key in its text.
    ///
    /// # Errors
    /// `Secret`.
    pub fn parse(text: &str) -> Result<Self, CosignerKeyError> {
        let parts = text.strip_prefix(SECRET).map(|rest| rest.splitn(3, '+'));
        let mut parts = parts.ok_or(CosignerKeyError::Secret)?;
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CosignerKeyError::Secret);
        };
        let bytes = BASE64_STANDARD.decode(key).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| CosignerKeyError::Secret)?;
        let seed = match bytes.split_first() {
            Some((&ALGORITHM, seed)) => seed.try_into().map_err(|_| CosignerKeyError::Secret)?,
            Some(_) | None => return Err(CosignerKeyError::Secret),
        };
        let key = Self::new(name, Zeroizing::new(seed))?;
        if format!("{:08x}", key.public.id()) != id {
            return Err(CosignerKeyError::Secret);
        }
        Ok(key)
    }

    /// Returns the key's text, to be kept where nobody else reads it.
    #[must_use]
    pub fn secret_text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new([[ALGORITHM].as_slice(), self.seed.as_slice()].concat());
        let key = Zeroizing::new(BASE64_STANDARD.encode(&*bytes));
        let (name, id) = (&self.public.name, self.public.id());
        Zeroizing::new(format!("{SECRET}{name}+{id:08x}+{}", *key))
    }

    /// Returns the key that checks what this one cosigns.
    #[must_use]
    pub fn public(&self) -> &CosignerPublicKey {
        &self.public
    }

    /// Returns the signature line under the text of a checkpoint, as of now. The witness has remembered the checkpoint before.
    #[must_use]
    pub fn cosign(&self, text: &[u8], now: Instant) -> String {
        let time = u64::try_from(now.unix_seconds()).unwrap_or(0);
        let signature = self.pair.sign(&message(text, time));
        let id = self.public.id().to_be_bytes();
        let time = time.to_be_bytes();
        let bytes = [id.as_slice(), &time, signature.as_ref()].concat();
        line(&self.public.name, &BASE64_STANDARD.encode(bytes))
    }
}

/// Returns what is signed.
fn message(text: &[u8], time: u64) -> Vec<u8> {
    let head = format!("cosignature/v1\ntime {time}\n");
    [head.as_bytes(), text].concat()
}

impl CosignerPublicKey {
    fn new(name: &str, bytes: [u8; KEY_BYTES]) -> Result<Self, CosignerKeyError> {
        let fits = signed_note::is_key_name_valid(name)
            && name.chars().count() <= 255
            && !name.chars().any(char::is_control);
        if !fits {
            return Err(CosignerKeyError::Name);
        }
        let name = name.to_owned();
        Ok(Self { name, bytes })
    }

    /// Returns the witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns this witness's cosignature in a note; none where it has not cosigned it, or not this.
    #[must_use]
    pub fn cosignature_in(&self, note: &str) -> Option<Cosignature> {
        let note = Note::from_bytes(note.as_bytes()).ok()?;
        let (verified, _) = note
            .verify(&VerifierList::new(vec![Box::new(self.clone())]))
            .ok()?;
        let line = verified.first()?;
        let (time, _) = timed(line.signature())?;
        Some(Cosignature {
            by: self.clone(),
            at: Instant::from_unix_seconds(i64::try_from(time).ok()?),
            signature: written(line)?,
        })
    }

    fn encoded(&self, algorithm: u8) -> Vec<u8> {
        [[algorithm].as_slice(), &self.bytes].concat()
    }

    fn id(&self) -> u32 {
        signed_note::key_id(&self.name, &self.encoded(ALGORITHM))
    }

    fn text(&self, algorithm: u8) -> String {
        let encoded = self.encoded(algorithm);
        let id = signed_note::key_id(&self.name, &encoded);
        format!("{}+{id:08x}+{}", self.name, BASE64_STANDARD.encode(encoded))
    }
}

/// Returns a signature as its line in a note has it.
fn written(signature: &Signature) -> Option<String> {
    let line = String::from_utf8(signature.to_bytes()).ok()?;
    line.trim_end().rsplit(' ').next().map(str::to_owned)
}

/// Returns the time in a cosignature, which fits into 63 bits, and what was signed with it.
fn timed(signature: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = signature.split_first_chunk::<TIMESTAMP>()?;
    let time = u64::from_be_bytes(*time);
    (time <= u64::MAX >> 1).then_some((time, signature))
}

impl Verifier for CosignerPublicKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> u32 {
        self.id()
    }

    fn verify(&self, msg: &[u8], sig: &[u8]) -> bool {
        timed(sig).is_some_and(|(time, signature)| {
            UnparsedPublicKey::new(&ED25519, self.bytes)
                .verify(&message(msg, time), signature)
                .is_ok()
        })
    }
}

impl fmt::Display for CosignerPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(ALGORITHM))
    }
}

impl FromStr for CosignerPublicKey {
    type Err = CosignerKeyError;

    fn from_str(text: &str) -> Result<Self, CosignerKeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(CosignerKeyError::Verifier);
        };
        let key = BASE64_STANDARD.decode(key);
        let key = key.map_err(|_| CosignerKeyError::Verifier)?;
        let bytes = key
            .strip_prefix(&[ALGORITHM])
            .and_then(|key| key.try_into().ok());
        let parsed = Self::new(name, bytes.ok_or(CosignerKeyError::Verifier)?)?;
        // The library knows a point of the curve, and not this use of it.
        let is_key = StandardVerifier::new(&parsed.text(ED25519_ALGORITHM)).is_ok();
        if !is_key || parsed.to_string() != text {
            return Err(CosignerKeyError::Verifier);
        }
        Ok(parsed)
    }
}
