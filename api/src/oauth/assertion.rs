//! How an application proves who it is with a key of its own: `private_key_jwt` (RFC 7521, RFC 7523 and `OpenID`
//! Connect Core 1.0, section 9).
//!
//! That an assertion counts once is the caller's to keep, by [`Assertion::digest`] and [`Assertion::expires_at`].

use std::time::Duration;

use concord_entities::instant::Instant;

use crate::jose::claim::{ClaimError, any_moment, audience, claim, id, moment, name};
use crate::jose::jwk::ExternalKeys;
use crate::jose::jws::{Algorithm, JwsError, JwsProfile, UnverifiedJws};
use crate::jose::replay::digest_of;
use crate::jose::strict_json::JsonMembers;

/// How far in the future an assertion may expire, and how long after it was issued.
pub const MAX_LIFE: Duration = Duration::from_mins(5);
/// How far our clock may be behind the application's, or ahead of it.
pub const LEEWAY: Duration = Duration::from_secs(30);

const FORM: JwsProfile = JwsProfile {
    longest: 4 * 1024,
    header: &["alg", "typ", "kid"],
};
/// The types that it may say it has, besides none.
const TYPES: [&str; 2] = ["JWT", "client-authentication+jwt"];
/// Letters in the longest `iss` and `sub`.
const MAX_NAME: usize = 128;

/// What a good assertion says, besides who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// `jti`: its own name, unique for its application.
    pub id: String,
    /// The first moment in which it is no longer good, until which it must be remembered: `exp` and [`LEEWAY`].
    pub expires_at: Instant,
}

/// Why an assertion proves nothing: for the log and the audit, never for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// It is not a JWS, or its signature is not right.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A claim cannot be read.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The algorithm is neither ES256 nor `EdDSA`.
    #[error("signed with neither ES256 nor EdDSA")]
    WrongAlgorithm,
    /// The type is that of another kind of JWT.
    #[error("not of the type of a client assertion")]
    WrongType,
    /// The application has no such key, or more than one that it may mean.
    #[error("signed with a key that is not known here")]
    UnknownKey,
    /// Somebody else issued it.
    #[error("issued by another issuer")]
    WrongIssuer,
    /// It is about somebody else.
    #[error("about another subject")]
    WrongSubject,
    /// It is for somebody else, or for more than us.
    #[error("issued for another audience")]
    WrongAudience,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not good yet")]
    NotYet,
    /// It was issued in the future.
    #[error("issued in the future")]
    IssuedInFuture,
    /// It is good for longer than [`MAX_LIFE`], or for no time at all.
    #[error("good for longer than an assertion may be, or for no time")]
    WrongLife,
}

impl AssertionError {
    /// Returns the stable code of this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Jws(fault) => fault.code(),
            Self::Claim(fault) => fault.code(),
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::WrongType => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongSubject => "wrong_subject",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::IssuedInFuture => "issued_in_future",
            Self::WrongLife => "wrong_life",
        }
    }
}

impl Assertion {
    /// Returns the name of this assertion in the memory of those that were used: SHA-256 over its application and its
    /// `jti`.
    #[must_use]
    pub fn digest(&self, client_id: &str) -> [u8; 32] {
        digest_of(&["client assertion", client_id, &self.id])
    }
}

/// Returns the application that an assertion claims to come from, only to find whose keys to ask: nothing is proven.
///
/// # Errors
/// When it is not a JWS that names one.
pub fn claimed_client(compact: &str) -> Result<String, AssertionError> {
    let payload = UnverifiedJws::read(compact, &FORM)?.claimed();
    let claims = payload.claims()?;
    let client = name(&claims, "sub", MAX_NAME)?;
    if claim::<String>(&claims, "iss")? != client {
        return Err(AssertionError::WrongIssuer);
    }
    Ok(client)
}

/// Returns what an assertion says, if one of the application's `keys` signed it, it is by and about `client_id` and for
/// `issuer`, which is us, letter for letter, and it is good at `now`.
///
/// # Errors
/// The first thing that is wrong with it. Nothing that it claims is read before its signature is found right.
pub fn verify(
    compact: &str,
    keys: &ExternalKeys,
    client_id: &str,
    issuer: &str,
    now: Instant,
) -> Result<Assertion, AssertionError> {
    let jws = UnverifiedJws::read(compact, &FORM)?;
    if !matches!(jws.algorithm(), Algorithm::Es256 | Algorithm::EdDsa) {
        return Err(AssertionError::WrongAlgorithm);
    }
    if !jws.is_untyped() && !TYPES.iter().any(|kind| jws.is_typed(kind)) {
        return Err(AssertionError::WrongType);
    }
    let key = keys
        .find(jws.kid()?, jws.algorithm())
        .ok_or(AssertionError::UnknownKey)?;
    let payload = key.prove(jws)?;
    let claims = payload.claims()?;

    if claim::<String>(&claims, "iss")? != client_id {
        return Err(AssertionError::WrongIssuer);
    }
    if claim::<String>(&claims, "sub")? != client_id {
        return Err(AssertionError::WrongSubject);
    }
    // Not the token endpoint either: with two names for one server, another server's endpoint could be ours.
    if audience(&claims)?.as_deref() != Some(issuer) {
        return Err(AssertionError::WrongAudience);
    }
    Ok(Assertion {
        expires_at: in_time(&claims, now)?,
        id: id(&claims)?,
    })
}

/// Returns until when the assertion is good, if it is good now.
fn in_time(claims: &JsonMembers<'_>, now: Instant) -> Result<Instant, AssertionError> {
    let expires_at = moment(claims, "exp")?;
    let issued_at = any_moment(claims, "iat")?;
    let not_before = any_moment(claims, "nbf")?;
    let dead_at = expires_at.plus(LEEWAY);
    if now >= dead_at {
        return Err(AssertionError::Expired);
    }
    let too_long = |from: Instant| from >= expires_at || expires_at.since(from) > MAX_LIFE;
    if expires_at.since(now) > MAX_LIFE + LEEWAY || issued_at.is_some_and(too_long) {
        return Err(AssertionError::WrongLife);
    }
    if issued_at.is_some_and(|issued_at| issued_at > now.plus(LEEWAY)) {
        return Err(AssertionError::IssuedInFuture);
    }
    if not_before.is_some_and(|start| start > now.plus(LEEWAY)) {
        return Err(AssertionError::NotYet);
    }
    Ok(dead_at)
}
