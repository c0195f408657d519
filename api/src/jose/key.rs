//! The keys that sign access tokens and the keys that prove them: ECDSA on P-256, named by their thumbprint.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyUncompressedBin};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    ParsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Why something is not a key for access tokens. Safe to show: it repeats nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The bytes are not a private key on P-256.
    #[error("not a private key for ES256: it must be PKCS#8 of a key on the curve P-256")]
    NotPrivate,
    /// It is not a public key on P-256.
    #[error(
        "not a public key for ES256: it must be a JWK with `kty` EC, `crv` P-256 and a point on the curve"
    )]
    NotPublic,
    /// There is no randomness to make a key from.
    #[error("no randomness to make a key from")]
    NoRandomness,
}

/// A private key that signs access tokens. Wiped from memory when dropped; its `Debug` names it and shows nothing.
pub struct SigningKey {
    pkcs8: EncodingKey,
    public: PublicKey,
}

/// A public key that proves access tokens.
#[derive(Clone)]
pub struct PublicKey {
    kid: String,
    x: String,
    y: String,
    verifier: DecodingKey,
}

/// The public keys that prove access tokens, each under its thumbprint.
#[derive(Clone, Debug, Default)]
pub struct KeySet(BTreeMap<String, PublicKey>);

impl SigningKey {
    /// Returns a fresh key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| SigningKeyError::NoRandomness)?;
        Self::from_pair(&pair)
    }

    /// Returns the key in a PKCS#8 document (RFC 5958), in DER.
    ///
    /// # Errors
    /// When it is not a private key on P-256.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, SigningKeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map_err(|_| SigningKeyError::NotPrivate)?;
        Self::from_pair(&pair)
    }

    /// Returns this key as a PKCS#8 document, in DER.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.pkcs8.as_bytes().to_vec())
    }

    /// Returns the public half of this key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Returns the name of this key: see [`PublicKey::kid`].
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// Returns the public half of this key as a JWK: see [`PublicKey::jwk`].
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        self.public.jwk()
    }

    /// Returns the half that signs.
    #[must_use]
    pub fn signer(&self) -> &EncodingKey {
        &self.pkcs8
    }

    fn from_pair(pair: &EcdsaKeyPair) -> Result<Self, SigningKeyError> {
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| SigningKeyError::NotPrivate)?;
        let point: EcPublicKeyUncompressedBin<'_> = pair
            .public_key()
            .as_be_bytes()
            .map_err(|_| SigningKeyError::NotPrivate)?;
        Ok(Self {
            pkcs8: EncodingKey::from_ec_der(pkcs8.as_ref()),
            public: PublicKey::from_point(point.as_ref())?,
        })
    }
}

impl PublicKey {
    /// Returns the key that a JWK describes (RFC 7517). Its own `kid` is not believed: the thumbprint is the name.
    ///
    /// # Errors
    /// When it is not a public key on P-256.
    pub fn from_jwk(jwk: &Value) -> Result<Self, SigningKeyError> {
        let text = |name| jwk.get(name).and_then(Value::as_str);
        if text("kty") != Some("EC") || text("crv") != Some("P-256") {
            return Err(SigningKeyError::NotPublic);
        }
        Self::from_coordinates(text("x").unwrap_or_default(), text("y").unwrap_or_default())
    }

    /// Returns the key at these coordinates, as a JWK writes them (RFC 7518, 6.2.1).
    ///
    /// # Errors
    /// When they are not coordinates of a point on P-256.
    pub(super) fn from_coordinates(x: &str, y: &str) -> Result<Self, SigningKeyError> {
        let mut point = vec![UNCOMPRESSED];
        for coordinate in [x, y] {
            let coordinate = URL_SAFE_NO_PAD.decode(coordinate).ok();
            let coordinate = coordinate.filter(|bytes| bytes.len() == COORDINATE);
            point.extend(coordinate.ok_or(SigningKeyError::NotPublic)?);
        }
        Self::from_point(&point)
    }

    /// Returns the name of this key: its thumbprint (RFC 7638, with SHA-256).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns this key as a JWK, as the world may see it.
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "EC",
            "crv": "P-256",
            "x": self.x,
            "y": self.y,
            "use": "sig",
            "alg": "ES256",
            "kid": self.kid,
        })
    }

    /// Returns the half that verifies.
    #[must_use]
    pub fn verifier(&self) -> &DecodingKey {
        &self.verifier
    }

    /// Reads a key from `point`, SEC 1's uncompressed form: 4, then both coordinates.
    fn from_point(point: &[u8]) -> Result<Self, SigningKeyError> {
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .map_err(|_| SigningKeyError::NotPublic)?;
        let coordinates = point
            .strip_prefix(&[UNCOMPRESSED])
            .filter(|bytes| bytes.len() == 2 * COORDINATE);
        let (x, y) = coordinates
            .ok_or(SigningKeyError::NotPublic)?
            .split_at(COORDINATE);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        Ok(Self {
            kid: thumbprint(&format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#
            )),
            x,
            y,
            verifier: DecodingKey::from_ec_der(point),
        })
    }
}

/// Returns the thumbprint of a key (RFC 7638, with SHA-256). `required` is its JWK with the required members alone, in
/// the order of their names, with no white space.
pub(super) fn thumbprint(required: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, required.as_bytes()))
}

const UNCOMPRESSED: u8 = 4;
/// Bytes of one coordinate on P-256.
const COORDINATE: usize = 32;

impl KeySet {
    /// Returns the key of this name.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }

    /// Returns these keys as a JWK set (RFC 7517), as `/.well-known/jwks.json` shows it.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.0.values().map(PublicKey::jwk).collect::<Vec<_>>() })
    }
}

impl FromIterator<PublicKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.kid.clone(), key)).collect())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.kid)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.kid)
    }
}
