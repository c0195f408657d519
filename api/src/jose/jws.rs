//! A JSON Web Signature in its compact form (RFC 7515, 7.1), read strictly (RFC 8725).
//!
//! In two steps: [`UnverifiedJws::read`] looks at the header alone, so that a key can be found, and [`UnverifiedJws::prove`] asks
//! that key. What the payload claims can be read only after that.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::strict_json::{JsonMembers, StrictJsonError};

/// A signature algorithm that is believed at all (RFC 7518, 3.1 and RFC 8037, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `EdDSA`, with Ed25519 alone.
    EdDsa,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `PS256`: RSASSA-PSS with SHA-256.
    Ps256,
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::Es256, Self::EdDsa, Self::Rs256, Self::Ps256];

    /// Returns this algorithm as `alg` names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// Returns the algorithm that `alg` names, letter for letter. `Ed25519` is the younger name of the one curve of
    /// `EdDSA` that is meant here (RFC 9864, 2.2).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    fn as_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
        }
    }
}

/// What a kind of JWS may look like, as its reader says.
#[derive(Clone, Copy, Debug)]
pub struct JwsProfile {
    /// How long it may be, in bytes.
    pub longest: usize,
    /// What its header may say. A list of what may stand there cannot forget one of `crit`, `jku`, `jwk`, `x5u`,
    /// `x5c`, `b64`, `zip`, `cty`.
    pub header: &'static [&'static str],
}

/// Why a text is not a JWS that proves its payload: for the log and the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than its form allows.
    #[error("longer than it may be")]
    TooLong,
    /// Not three parts of base64url without padding, or the header is not a JSON object.
    #[error("not a JWS in its compact form")]
    Malformed,
    /// The header says something twice.
    #[error("a member is repeated")]
    RepeatedMember,
    /// The header says more than its form allows.
    #[error("the header says more than it may")]
    ForbiddenHeader,
    /// The algorithm is none of [`Algorithm`].
    #[error("signed with an algorithm that is not believed")]
    UnknownAlgorithm,
    /// The signature is not that key's over this text.
    #[error("the signature is not right")]
    BadSignature,
}

impl JwsError {
    /// Returns the stable code of this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::RepeatedMember => "repeated_member",
            Self::ForbiddenHeader => "forbidden_header",
            Self::UnknownAlgorithm => "wrong_algorithm",
            Self::BadSignature => "bad_signature",
        }
    }
}

impl From<StrictJsonError> for JwsError {
    fn from(fault: StrictJsonError) -> Self {
        match fault {
            StrictJsonError::NotAnObject => Self::Malformed,
            StrictJsonError::Repeated => Self::RepeatedMember,
        }
    }
}

/// A JWS whose signature nobody has checked: its header can be asked, its payload cannot.
pub struct UnverifiedJws<'text> {
    signed: &'text str,
    signature: &'text str,
    algorithm: Algorithm,
    header: Map<String, Value>,
    payload: Vec<u8>,
}

/// The payload of a JWS whose signature was found right.
pub struct Payload(Vec<u8>);

impl<'text> UnverifiedJws<'text> {
    /// Reads a JWS of this form.
    ///
    /// # Errors
    /// The first thing that is wrong with its form or its header.
    pub fn read(compact: &'text str, form: &JwsProfile) -> Result<Self, JwsError> {
        if compact.len() > form.longest {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = (decode(header)?, decode(payload)?);
        decode(signature)?;

        let said = JsonMembers::parse(&header)?;
        if said.names().any(|name| !form.header.contains(&name)) {
            return Err(JwsError::ForbiddenHeader);
        }
        let algorithm = said.read::<String>("alg");
        Ok(Self {
            signed,
            signature,
            algorithm: algorithm
                .and_then(|name| Algorithm::named(&name))
                .ok_or(JwsError::UnknownAlgorithm)?,
            header: serde_json::from_slice(&header).map_err(|_| JwsError::Malformed)?,
            payload,
        })
    }

    /// Returns `alg`, the algorithm that the JWS says it is signed with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns whether it does not say what it is.
    #[must_use]
    pub fn is_untyped(&self) -> bool {
        !self.header.contains_key("typ")
    }

    /// Returns whether `typ` is this type, whatever its case, with or without `application/` (RFC 7515, 4.1.9).
    #[must_use]
    pub fn is_typed(&self, kind: &str) -> bool {
        let said = self.header.get("typ").and_then(Value::as_str);
        said.is_some_and(|said| {
            let said = said.to_ascii_lowercase();
            let said = said.strip_prefix("application/").unwrap_or(&said);
            said.eq_ignore_ascii_case(kind)
        })
    }

    /// Returns `kid`, the name of the key, where it names one.
    ///
    /// # Errors
    /// When `kid` is there and not text.
    pub fn kid(&self) -> Result<Option<&str>, JwsError> {
        match self.header.get("kid") {
            None => Ok(None),
            Some(kid) => kid.as_str().map(Some).ok_or(JwsError::Malformed),
        }
    }

    /// Returns `jwk`, the key itself, where the header brings one as an object. Nothing in it is said twice.
    #[must_use]
    pub fn jwk(&self) -> Option<&Map<String, Value>> {
        self.header.get("jwk").and_then(Value::as_object)
    }

    /// Returns what it says, if `key` signed it.
    ///
    /// # Errors
    /// When the signature is not that key's over this text by the algorithm that the header names.
    pub fn prove(self, key: &DecodingKey) -> Result<Payload, JwsError> {
        let proven = jsonwebtoken::crypto::verify(
            self.signature,
            self.signed.as_bytes(),
            key,
            self.algorithm.as_jsonwebtoken(),
        );
        match proven {
            Ok(true) => Ok(Payload(self.payload)),
            Ok(false) | Err(_) => Err(JwsError::BadSignature),
        }
    }

    /// Returns what it claims without any proof, only to find whose keys to ask.
    pub(crate) fn claimed(self) -> Payload {
        Payload(self.payload)
    }
}

impl Payload {
    /// Returns the claims, where the payload is a JSON object in which nothing is said twice.
    ///
    /// # Errors
    /// When it is not.
    pub fn claims(&self) -> Result<JsonMembers<'_>, JwsError> {
        Ok(JsonMembers::parse(&self.0)?)
    }

    /// Returns the payload as it was signed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Returns a part of the compact form. A further point is no letter of base64url, so more than three parts fail here.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) | Err(_) => Err(JwsError::Malformed),
    }
}
