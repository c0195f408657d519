//! The public keys of others, as they publish them: JWK and JWK Sets (RFC 7517), read strictly.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::jws::{Algorithm, JwsError, Payload, UnverifiedJws};
use super::key::{PublicKey, thumbprint};
use super::strict_json::{JsonMembers, StrictJsonError};

/// How many keys a set may hold.
pub const MAX_KEYS: usize = 32;
/// How long a key or a set may be, in bytes of JSON.
pub const MAX_JSON: usize = 64 * 1024;
/// Letters in the longest `kid`.
const MAX_KID: usize = 256;
/// Members that only a private or a shared key has (RFC 7518, 6.2.2, 6.3.2 and 6.4; RFC 8037, 2).
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Which kinds of key a reader accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// P-256 and Ed25519.
    CurvesOnly,
    /// P-256, Ed25519 and RSA of 2048 to 4096 bits.
    CurvesAndRsa,
}

/// Why something is not a key, or a set of keys, that may prove anything here. Safe to show: it repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Longer than [`MAX_JSON`].
    #[error("longer than a key or a set of keys may be")]
    TooLong,
    /// It is no JSON object.
    #[error("not a JSON object")]
    NotAnObject,
    /// It says something twice.
    #[error("a member is repeated")]
    Repeated,
    /// It has no list of keys.
    #[error("not a JWK Set: `keys` must be a list of objects")]
    NotASet,
    /// It holds more than [`MAX_KEYS`].
    #[error("more keys than a set may hold")]
    TooMany,
    /// It tells a secret.
    #[error("a private or shared key: only public keys may be shown")]
    Secret,
    /// Its `kty` or `crv` is not one that is accepted.
    #[error("a kind of key that is not accepted")]
    UnknownKind,
    /// Its `use` or `key_ops` says that it proves no signatures.
    #[error("not a key for verifying signatures")]
    WrongUse,
    /// Its `alg` is not one that such a key is accepted for.
    #[error("a key for an algorithm that is not accepted")]
    WrongAlgorithm,
    /// A member is missing or not of its kind, or there is no such key.
    #[error("not a well-formed public key")]
    Malformed,
    /// It is too small, too large or otherwise easy to sign for.
    #[error("a key that is too weak or too large")]
    WrongStrength,
}

impl JwkError {
    /// Returns the stable code of this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "key_too_long",
            Self::NotAnObject => "key_not_an_object",
            Self::Repeated => "key_repeated_member",
            Self::NotASet => "key_not_a_set",
            Self::TooMany => "key_too_many",
            Self::Secret => "key_secret",
            Self::UnknownKind => "key_unknown_kind",
            Self::WrongUse => "key_wrong_use",
            Self::WrongAlgorithm => "key_wrong_algorithm",
            Self::Malformed => "key_malformed",
            Self::WrongStrength => "key_wrong_strength",
        }
    }
}

impl From<StrictJsonError> for JwkError {
    fn from(fault: StrictJsonError) -> Self {
        match fault {
            StrictJsonError::NotAnObject => Self::NotAnObject,
            StrictJsonError::Repeated => Self::Repeated,
        }
    }
}

/// Somebody else's public key.
#[derive(Clone)]
pub struct ExternalKey {
    kid: Option<String>,
    thumbprint: String,
    algorithms: Vec<Algorithm>,
    verifier: DecodingKey,
}

/// Somebody else's public keys, as far as they can be used here.
#[derive(Clone, Debug, Default)]
pub struct ExternalKeys {
    keys: Vec<ExternalKey>,
    skipped: Vec<JwkError>,
}

impl ExternalKey {
    /// Returns the key that a JWK describes. Members that are not known are ignored (RFC 7517, 4).
    ///
    /// # Errors
    /// When it is not a public key of a kind that is accepted, or not only a public key.
    pub fn parse(json: &[u8], accepted: Accepted) -> Result<Self, JwkError> {
        Self::from_members(&said_once(json)?, accepted)
    }

    /// Reads a `jwk` that a reader has read which refuses what is said twice.
    pub(super) fn from_members(
        jwk: &Map<String, Value>,
        accepted: Accepted,
    ) -> Result<Self, JwkError> {
        if tells_a_secret(jwk) {
            return Err(JwkError::Secret);
        }
        let mut key = match (text(jwk, "kty")?, accepted) {
            ("EC", _) => p256(jwk)?,
            ("OKP", _) => ed25519(jwk)?,
            ("RSA", Accepted::CurvesAndRsa) => rsa(jwk)?,
            (_, Accepted::CurvesOnly | Accepted::CurvesAndRsa) => {
                return Err(JwkError::UnknownKind);
            }
        };
        if !verifies(jwk)? {
            return Err(JwkError::WrongUse);
        }
        if jwk.contains_key("alg") {
            let only = Algorithm::named(text(jwk, "alg")?);
            key.algorithms.retain(|one| Some(*one) == only);
        }
        if key.algorithms.is_empty() {
            return Err(JwkError::WrongAlgorithm);
        }
        key.kid = kid(jwk)?;
        Ok(key)
    }

    /// Returns its owner's name for it, where it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns its thumbprint (RFC 7638, with SHA-256), in base64url.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Returns whether it may prove a signature by this algorithm.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Returns what a JWS says, if this key signed it.
    ///
    /// # Errors
    /// When the key is not for the algorithm that the JWS names, or did not sign it.
    pub fn prove(&self, jws: UnverifiedJws<'_>) -> Result<Payload, JwsError> {
        if !self.fits(jws.algorithm()) {
            return Err(JwsError::UnknownAlgorithm);
        }
        jws.prove(&self.verifier)
    }

    fn new(thumbprint: String, algorithms: &[Algorithm], verifier: DecodingKey) -> Self {
        Self {
            kid: None,
            thumbprint,
            algorithms: algorithms.to_vec(),
            verifier,
        }
    }
}

impl ExternalKeys {
    /// Returns the keys of a JWK Set. Those that cannot be used here are skipped (RFC 7517, 5).
    ///
    /// # Errors
    /// When it is not a set of at most [`MAX_KEYS`], says something twice, or one of its keys tells a secret: then
    /// nobody knows who else can sign for it, nor for the others beside it.
    pub fn parse(json: &[u8], accepted: Accepted) -> Result<Self, JwkError> {
        let set = said_once(json)?;
        let Some(Value::Array(listed)) = set.get("keys") else {
            return Err(JwkError::NotASet);
        };
        if listed.len() > MAX_KEYS {
            return Err(JwkError::TooMany);
        }
        let mut keys = Self::default();
        for key in listed {
            let key = key.as_object().ok_or(JwkError::NotASet)?;
            match ExternalKey::from_members(key, accepted) {
                Ok(key) => keys.keys.push(key),
                Err(JwkError::Secret) => return Err(JwkError::Secret),
                Err(fault) => keys.skipped.push(fault),
            }
        }
        Ok(keys)
    }

    /// Returns the one key for this algorithm that `kid` names or, without a `kid`, the only one for it. Nothing where
    /// several would do: which of them is meant must not be guessed.
    #[must_use]
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&ExternalKey> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.fits(algorithm) && (kid.is_none() || key.kid() == kid));
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// Returns the keys that can be used here, in the order of the set.
    pub fn iter(&self) -> impl Iterator<Item = &ExternalKey> {
        self.keys.iter()
    }

    /// Returns whether none can be used here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns why the others were skipped, in the order of the set.
    #[must_use]
    pub fn skipped(&self) -> &[JwkError] {
        &self.skipped
    }
}

impl FromIterator<ExternalKey> for ExternalKeys {
    fn from_iter<I: IntoIterator<Item = ExternalKey>>(keys: I) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            skipped: Vec::new(),
        }
    }
}

impl fmt::Debug for ExternalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignKey({})", self.thumbprint)
    }
}

fn said_once(json: &[u8]) -> Result<Map<String, Value>, JwkError> {
    if json.len() > MAX_JSON {
        return Err(JwkError::TooLong);
    }
    JsonMembers::parse(json)?;
    serde_json::from_slice(json).map_err(|_| JwkError::NotAnObject)
}

fn tells_a_secret(jwk: &Map<String, Value>) -> bool {
    let shared = jwk.get("kty").and_then(Value::as_str) == Some("oct");
    shared || SECRET.iter().any(|member| jwk.contains_key(*member))
}

fn text<'jwk>(jwk: &'jwk Map<String, Value>, name: &str) -> Result<&'jwk str, JwkError> {
    let text = jwk.get(name).and_then(Value::as_str);
    text.ok_or(JwkError::Malformed)
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, JwkError> {
    let bytes = URL_SAFE_NO_PAD.decode(text(jwk, name)?);
    bytes.map_err(|_| JwkError::Malformed)
}

/// Returns whether it is for verifying signatures, as far as it says (RFC 7517, 4.2 and 4.3).
fn verifies(jwk: &Map<String, Value>) -> Result<bool, JwkError> {
    let by_use = !jwk.contains_key("use") || text(jwk, "use")? == "sig";
    let by_operations = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(listed)) => listed.iter().any(|one| one.as_str() == Some("verify")),
        Some(_) => return Err(JwkError::Malformed),
    };
    Ok(by_use && by_operations)
}

fn kid(jwk: &Map<String, Value>) -> Result<Option<String>, JwkError> {
    if !jwk.contains_key("kid") {
        return Ok(None);
    }
    let kid = text(jwk, "kid")?;
    let well_formed = (1..=MAX_KID).contains(&kid.len()) && !kid.chars().any(char::is_control);
    well_formed
        .then(|| Some(kid.to_owned()))
        .ok_or(JwkError::Malformed)
}

fn p256(jwk: &Map<String, Value>) -> Result<ExternalKey, JwkError> {
    if text(jwk, "crv")? != "P-256" {
        return Err(JwkError::UnknownKind);
    }
    let key = PublicKey::from_coordinates(text(jwk, "x")?, text(jwk, "y")?)
        .map_err(|_| JwkError::Malformed)?;
    let verifier = key.verifier().clone();
    Ok(ExternalKey::new(
        key.kid().to_owned(),
        &[Algorithm::Es256],
        verifier,
    ))
}

/// Reads an Ed25519 key (RFC 8037, 2).
fn ed25519(jwk: &Map<String, Value>) -> Result<ExternalKey, JwkError> {
    if text(jwk, "crv")? != "Ed25519" {
        return Err(JwkError::UnknownKind);
    }
    let x = bytes(jwk, "x")?;
    let point = <[u8; 32]>::try_from(x.as_slice()).map_err(|_| JwkError::Malformed)?;
    if proves_anything(point) {
        return Err(JwkError::WrongStrength);
    }
    let x = URL_SAFE_NO_PAD.encode(point);
    Ok(ExternalKey::new(
        thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)),
        &[Algorithm::EdDsa],
        DecodingKey::from_ed_der(&point),
    ))
}

/// Returns whether a point of edwards25519 is of small order, so that signatures can be had under it without a private
/// key, or is not written in its one canonical form (RFC 8032, 5.1.3). `y` is little-endian; its last bit is the sign
/// of `x`.
fn proves_anything(mut y: [u8; 32]) -> bool {
    let [first, between @ .., last] = &mut y;
    *last &= 0x7f;
    // 2^255 - 19 is the first number that is no `y`, and 2^255 - 20 is the `y` of order 2.
    let at_the_end = *last == 0x7f && between.iter().all(|byte| *byte == 0xff);
    // 1 is the neutral element; 0 is of order 4.
    let at_the_start = *last == 0 && between.iter().all(|byte| *byte == 0);
    if (at_the_end && *first >= 0xec) || (at_the_start && *first <= 1) {
        return true;
    }
    let written = hex::encode(y);
    ORDER_8.contains(&written.as_str())
}

/// The `y` of the points of order 8 on edwards25519, without the sign of `x`.
const ORDER_8: [&str; 2] = [
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

/// Reads an RSA key (RFC 7518, 6.3.1).
fn rsa(jwk: &Map<String, Value>) -> Result<ExternalKey, JwkError> {
    let (modulus, exponent) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let bits = bits(&modulus)?;
    let large_enough = (17..=32).contains(&self::bits(&exponent)?);
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !(2048..=4096).contains(&bits) || !large_enough || !odd(&modulus) || !odd(&exponent) {
        return Err(JwkError::WrongStrength);
    }
    let (n, e) = (
        URL_SAFE_NO_PAD.encode(&modulus),
        URL_SAFE_NO_PAD.encode(&exponent),
    );
    Ok(ExternalKey::new(
        thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)),
        &[Algorithm::Rs256, Algorithm::Ps256],
        DecodingKey::from_rsa_raw_components(&modulus, &exponent),
    ))
}

/// Returns how many bits a big-endian number has, if it starts with none that is zero (RFC 7518, 2, `Base64urlUInt`).
fn bits(number: &[u8]) -> Result<usize, JwkError> {
    let leading = number.first().copied().filter(|first| *first != 0);
    let leading = leading.ok_or(JwkError::Malformed)?.leading_zeros();
    let leading = usize::try_from(leading).map_err(|_| JwkError::Malformed)?;
    Ok(number.len().saturating_mul(8).saturating_sub(leading))
}
