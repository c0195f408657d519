//! Proof that whoever sends a request holds a key: `DPoP` (RFC 9449).
//!
//! That a proof counts once is the caller's to keep, by [`DpopProof::digest`] and [`DpopProof::expires_at`]. A `nonce` is
//! ignored, for none is given out.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_entities::instant::Instant;
use url::Url;

use super::claim::{ClaimError, any_moment, claim, id, moment};
use super::jwk::{Accepted, ExternalKey, JwkError};
use super::jws::{Algorithm, JwsError, JwsProfile, UnverifiedJws};
use super::replay::digest_of;
use super::strict_json::JsonMembers;

/// How long after it was issued a proof is good.
pub const MAX_AGE: Duration = Duration::from_mins(1);
/// How far our clock may be behind the sender's.
pub const LEEWAY: Duration = Duration::from_secs(30);

const FORM: JwsProfile = JwsProfile {
    longest: 4 * 1024,
    header: &["alg", "typ", "jwk"],
};
const TYPE: &str = "dpop+jwt";

/// The request that a proof must have been made for.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'request> {
    /// Its method, letter for letter.
    pub method: &'request str,
    /// Its URL as the sender knows it; a query and a fragment do not count.
    pub url: &'request str,
    /// The access token that it brings, if it brings one.
    pub access_token: Option<&'request str>,
}

/// What a good proof says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    /// The thumbprint of the key that its sender holds (RFC 7638 with SHA-256), as `cnf.jkt` spells it.
    pub thumbprint: String,
    /// `jti`: its own name, unique for that key.
    pub id: String,
    /// `iat`: when it was made.
    pub issued_at: Instant,
}

/// Why a proof proves nothing: for the log and the audit, never for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// It is not a JWS, or its signature is not right.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A claim cannot be read.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The key that it brings is not a public key for its algorithm.
    #[error(transparent)]
    Key(#[from] JwkError),
    /// The algorithm is neither ES256 nor `EdDSA`.
    #[error("signed with neither ES256 nor EdDSA")]
    WrongAlgorithm,
    /// The type is not that of a proof.
    #[error("not of the type dpop+jwt")]
    WrongType,
    /// It brings no key.
    #[error("no key in the header")]
    NoKey,
    /// It was made for another method.
    #[error("made for another method")]
    WrongMethod,
    /// It was made for another URL.
    #[error("made for another URL")]
    WrongUrl,
    /// It was made for another access token.
    #[error("made for another access token")]
    WrongToken,
    /// It is older than [`MAX_AGE`], or its own `exp` is over.
    #[error("expired")]
    Expired,
    /// Its own `nbf` has not come.
    #[error("not good yet")]
    NotYet,
    /// It was made in the future.
    #[error("issued in the future")]
    IssuedInFuture,
}

impl DpopError {
    /// Returns the stable code of this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Jws(fault) => fault.code(),
            Self::Claim(fault) => fault.code(),
            Self::Key(fault) => fault.code(),
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::WrongType => "wrong_type",
            Self::NoKey => "no_key",
            Self::WrongMethod => "wrong_method",
            Self::WrongUrl => "wrong_url",
            Self::WrongToken => "wrong_token",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::IssuedInFuture => "issued_in_future",
        }
    }
}

impl DpopProof {
    /// Returns the name of this proof in the memory of those that were used: SHA-256 over its key's thumbprint and its
    /// `jti`.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        digest_of(&["dpop proof", &self.thumbprint, &self.id])
    }

    /// Returns the first moment in which it is refused for its age, until which it must be remembered, by the clock
    /// that [`check`] is told.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.issued_at.plus(MAX_AGE)
    }
}

/// Returns what a proof says, if it was made for this request and is good at `now` (RFC 9449, 4.3).
///
/// # Errors
/// The first thing that is wrong with it. Nothing that it claims is read before its signature is found right.
pub fn check(
    proof: &str,
    expected: &Expectation<'_>,
    now: Instant,
) -> Result<DpopProof, DpopError> {
    let jws = UnverifiedJws::read(proof, &FORM)?;
    if !matches!(jws.algorithm(), Algorithm::Es256 | Algorithm::EdDsa) {
        return Err(DpopError::WrongAlgorithm);
    }
    if !jws.is_typed(TYPE) {
        return Err(DpopError::WrongType);
    }
    let key = ExternalKey::from_members(jws.jwk().ok_or(DpopError::NoKey)?, Accepted::CurvesOnly)?;
    let payload = key.prove(jws)?;
    let claims = payload.claims()?;
    is_for(&claims, expected)?;
    Ok(DpopProof {
        issued_at: in_time(&claims, now)?,
        id: id(&claims)?,
        thumbprint: key.thumbprint().to_owned(),
    })
}

fn is_for(claims: &JsonMembers<'_>, expected: &Expectation<'_>) -> Result<(), DpopError> {
    if claim::<String>(claims, "htm")? != expected.method {
        return Err(DpopError::WrongMethod);
    }
    let made_for = target(&claim::<String>(claims, "htu")?);
    if made_for.is_none() || made_for != target(expected.url) {
        return Err(DpopError::WrongUrl);
    }
    if let Some(token) = expected.access_token {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
        if claim::<String>(claims, "ath")? != hash {
            return Err(DpopError::WrongToken);
        }
    }
    Ok(())
}

/// Returns when it was made, if it is neither too old nor from the future.
fn in_time(claims: &JsonMembers<'_>, now: Instant) -> Result<Instant, DpopError> {
    let issued_at = moment(claims, "iat")?;
    let over = any_moment(claims, "exp")?.is_some_and(|end| now >= end);
    if over || now >= issued_at.plus(MAX_AGE) {
        return Err(DpopError::Expired);
    }
    if issued_at > now.plus(LEEWAY) {
        return Err(DpopError::IssuedInFuture);
    }
    if any_moment(claims, "nbf")?.is_some_and(|start| start > now.plus(LEEWAY)) {
        return Err(DpopError::NotYet);
    }
    Ok(issued_at)
}

/// Returns a URL of the web without its query and fragment, normal after RFC 3986, 6.2.2 and 6.2.3: case,
/// percent-encoding, dot segments, default port. Nothing where it is no such URL.
fn target(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let of_the_web = ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    // The URL crate reads as browsers do: it would mend a back slash, a space, a line break or a third slash.
    let plain = url.bytes().all(is_uri_letter) && !rest.starts_with('/');
    if !of_the_web || !plain {
        return None;
    }
    let normal = unescape(url)?;
    let mut normal = Url::parse(&normal).ok()?;
    if !normal.username().is_empty() || normal.password().is_some() {
        return None;
    }
    normal.set_query(None);
    normal.set_fragment(None);
    Some(normal.into())
}

/// Returns whether RFC 3986, 2 lets this letter stand in a URI, as itself or for an escape.
fn is_uri_letter(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&letter)
}

/// Returns a URI whose escapes are in capitals, and stand only where they are needed (RFC 3986, 6.2.2.1 and 6.2.2.2).
fn unescape(uri: &str) -> Option<String> {
    let mut pieces = uri.split('%');
    let mut normal = pieces.next()?.to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        let digits = digits.to_ascii_uppercase();
        let byte = hex::decode(&digits).ok()?;
        match byte.as_slice() {
            [letter] if letter.is_ascii_alphanumeric() || b"-._~".contains(letter) => {
                normal.push(char::from(*letter));
            }
            _ => {
                normal.push('%');
                normal.push_str(&digits);
            }
        }
        normal.push_str(rest);
    }
    Some(normal)
}
