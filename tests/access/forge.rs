//! Our key, a stranger's, and the parts of a good token to be made wrong.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord::access::token::{Claims, Expected, TokenError, verify};
use concord::jose::key::{KeySet, SigningKey};
use concord_entities::ids::{AgencyId, TokenId};
use concord_entities::instant::Instant;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

pub const NOW: i64 = 1_800_000_000;
pub const ISSUER: &str = "https://concord.example";
pub const AUDIENCE: &str = "https://concord.example/graphql";

/// Our key, a stranger's, and the parts of a good token.
pub struct Forge {
    pub ours: SigningKey,
    pub stranger: SigningKey,
    pub keys: KeySet,
    pub header: Value,
    pub claims: Value,
}

impl Forge {
    pub fn new() -> Self {
        let ours = SigningKey::generate().unwrap();
        Self {
            stranger: SigningKey::generate().unwrap(),
            keys: [ours.public().clone()].into_iter().collect(),
            header: json!({ "alg": "ES256", "typ": "at+jwt", "kid": ours.kid() }),
            claims: json!({
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": "case worker 7",
                "client_id": "application_01h2xcejqtf2nbrexx3vqjhp41",
                "agency": AgencyId::new().to_string(),
                "scope": "referral.r",
                "iat": NOW - 10,
                "nbf": NOW - 10,
                "exp": NOW + 600,
                "jti": TokenId::new().to_string(),
                "epoch": 3,
            }),
            ours,
        }
    }

    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.verify_at(token, Instant::from_unix_seconds(NOW))
    }

    pub fn verify_at(&self, token: &str, now: Instant) -> Result<Claims, TokenError> {
        let expected = Expected {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
        };
        verify(token, &self.keys, &expected, now)
    }

    pub fn good(&self) -> String {
        self.write(self.header.to_string(), self.claims.to_string())
    }

    /// Signed with our key, whatever the parts are.
    pub fn write(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        signed(&parts(header, claims), &self.ours)
    }

    pub fn with_header(&self, name: &str, value: Value) -> String {
        self.write(
            changed(&self.header, name, Some(value)).to_string(),
            self.claims.to_string(),
        )
    }

    pub fn with_claim(&self, name: &str, value: Value) -> String {
        self.write(
            self.header.to_string(),
            changed(&self.claims, name, Some(value)).to_string(),
        )
    }

    pub fn without_claim(&self, name: &str) -> String {
        self.write(
            self.header.to_string(),
            changed(&self.claims, name, None).to_string(),
        )
    }

    pub fn hmac(&self, secret: &[u8]) -> String {
        let header = changed(&self.header, "alg", Some(json!("HS256")));
        let signed = parts(header.to_string(), self.claims.to_string());
        let key = EncodingKey::from_secret(secret);
        let tag = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{signed}.{tag}")
    }

    /// The good token's three parts.
    pub fn split(&self) -> [String; 3] {
        let good = self.good();
        let parts: Vec<_> = good.split('.').map(str::to_owned).collect();
        parts.try_into().unwrap()
    }
}

pub fn changed(object: &Value, name: &str, value: Option<Value>) -> Value {
    let mut object = object.as_object().unwrap().clone();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    Value::Object(object)
}

pub fn parts(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    )
}

pub fn signature(text: &str, key: &SigningKey, form: &'static EcdsaSigningAlgorithm) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(form, &key.to_pkcs8_der()).unwrap();
    pair.sign(&SystemRandom::new(), text.as_bytes())
        .unwrap()
        .as_ref()
        .to_vec()
}

pub fn signed(text: &str, key: &SigningKey) -> String {
    let signature = signature(text, key, &ECDSA_P256_SHA256_FIXED_SIGNING);
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}
