//! Somebody else's hand: it signs whatever it is told to.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::access::forge::{changed, parts};

pub const NOW: i64 = 1_800_000_000;

pub enum Hand {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl Hand {
    pub fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub fn rsa(size: KeySize) -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(size).unwrap()))
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
            Self::Rsa(_) => "RS256",
        }
    }

    pub fn jwk(&self) -> Value {
        match self {
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref()) })
            }
            Self::Rsa(pair) => {
                // PKCS#1: a sequence, the modulus after a zero, and 65537 in five bytes at the end.
                let der = pair.public_key().as_ref();
                let end = der.len() - 5;
                let modulus = &der[end - pair.public_modulus_len()..end];
                json!({ "kty": "RSA", "n": b64(modulus), "e": "AQAB" })
            }
        }
    }

    /// This hand's key, as its owner calls it.
    pub fn named(&self, kid: &str) -> Value {
        changed(&self.jwk(), "kid", Some(json!(kid)))
    }

    pub fn sign(&self, algorithm: &str, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::P256(pair) => pair
                .sign(&random, text.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            Self::Ed25519(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match algorithm {
                    "PS256" => pair.sign(&RSA_PSS_SHA256, &random, text.as_bytes(), &mut signature),
                    _ => pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature),
                }
                .unwrap();
                signature
            }
        }
    }

    /// A JWS of these parts, whatever they are.
    pub fn write(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        let said: Value = serde_json::from_slice(header.as_ref()).unwrap_or_default();
        let text = parts(header, claims);
        let signature = self.sign(said["alg"].as_str().unwrap_or_default(), &text);
        format!("{text}.{}", b64(&signature))
    }

    pub fn jws(&self, header: &Value, claims: &Value) -> String {
        self.write(header.to_string(), claims.to_string())
    }
}

pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `object` with its members changed: each to a value, or, where that is null, gone.
pub fn with(object: &Value, changes: Value) -> Value {
    let mut object = object.clone();
    for (name, value) in changes.as_object().unwrap() {
        let value = (!value.is_null()).then(|| value.clone());
        object = changed(&object, name, value);
    }
    object
}

/// Every JWS that differs from this one in one letter.
pub fn with_a_letter_changed(jws: &str) -> impl Iterator<Item = String> {
    (0..jws.len()).flat_map(move |place| {
        ["A", "B", "_", ".", "="]
            .into_iter()
            .filter_map(move |other| {
                (&jws[place..=place] != other)
                    .then(|| format!("{}{other}{}", &jws[..place], &jws[place + 1..]))
            })
    })
}
