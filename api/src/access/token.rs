//! Whether a bearer token proves anything now, and why not.
//!
//! An access token is a JWT after RFC 9068, signed with ES256, and this is the only reader of one. The JWT library
//! does the signature and nothing else: its defaults let absent claims pass, so every other check is written here,
//! in the order in which they are made, and after the advice of RFC 8725. The time is an argument.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use jsonwebtoken::Header;
use serde::{Deserialize, Serialize};

use crate::jose::claim::{ClaimError, audience, claim, name, whole_second};
use crate::jose::jws::{Algorithm, JwsError, JwsProfile, UnverifiedJws};
use crate::jose::key::{KeySet, SigningKey};
use crate::jose::strict_json::JsonMembers;

/// How long a token may be, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;
/// How long a token may be good for.
pub const MAX_LIFE: Duration = Duration::from_hours(24);
/// How far our clock may be behind the issuer's.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// The media type of an access token (RFC 9068, 2.1), which keeps other JWTs of ours from passing for one.
const TYPE: &str = "at+jwt";
const FORM: JwsProfile = JwsProfile {
    longest: MAX_TOKEN,
    header: &["alg", "typ", "kid"],
};
/// Letters in the longest `sub`, `client_id` or `jti`.
pub(crate) const MAX_NAME: usize = 128;
pub(crate) const MAX_JTI: usize = 64;

/// Who must have issued a token, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The one issuer that is believed, letter for letter.
    pub issuer: String,
    /// This service, letter for letter.
    pub audience: String,
}

/// What a token says. Once verified it is true, as far as its issuer knew when it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `iss`: who issued it.
    pub issuer: String,
    /// `aud`: for whom it was issued.
    pub audience: String,
    /// `sub`: who acts.
    pub subject: String,
    /// `client_id`: the application that acts for them.
    pub client: String,
    /// `agency`: the agency that they act for.
    pub agency: AgencyId,
    /// `scope`: what they may ask for, as text; see [`super::scope::Scopes::parse`], whose fault grants nothing.
    pub scope: String,
    /// `iat`: when it was issued, in whole seconds.
    pub issued_at: Instant,
    /// `nbf`: from when it is good, in whole seconds.
    pub not_before: Instant,
    /// `exp`: the first second in which it is no longer good.
    pub expires_at: Instant,
    /// `jti`: its own name.
    pub id: String,
    /// `epoch`: the agency's token epoch when it was issued. When the agency's has moved on, the token is over.
    pub epoch: u32,
    /// `cnf.jkt`: the thumbprint of the key that its bearer must prove to hold (RFC 9449, 6.1), where there is one.
    pub holder: Option<String>,
    /// `act`: who acts for the subject, where the token was exchanged (RFC 8693, 4.1).
    pub actor: Option<Actor>,
}

/// An application that acts for somebody else, with those who acted before it (RFC 8693, 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Its `client_id`.
    #[serde(rename = "sub")]
    pub subject: String,
    /// Who acted before it.
    #[serde(rename = "act", default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Self>>,
}

impl Actor {
    /// Returns how many actors there are.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.before.as_ref().map_or(0, |before| before.count())
    }
}

/// What a token proves, and by which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VerifiedToken {
    /// What it says.
    pub(super) claims: Claims,
    /// The name of the key that signed it.
    pub(super) kid: String,
}

/// Why a token proves nothing: for the log and the audit, never for its bearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN`].
    #[error("longer than a token may be")]
    TooLong,
    /// Not three parts of base64url without padding, or a part is not a JSON object.
    #[error("not a signed JWT in its compact form")]
    Malformed,
    /// The header or the claims say something twice.
    #[error("a member is repeated")]
    RepeatedMember,
    /// The header says more than `alg`, `typ` and `kid`.
    #[error("the header says more than it may")]
    ForbiddenHeader,
    /// The algorithm is not ES256.
    #[error("not signed with ES256")]
    WrongAlgorithm,
    /// The type is not that of an access token.
    #[error("not of the type of an access token")]
    WrongType,
    /// We have no such key.
    #[error("signed with a key that is not known here")]
    UnknownKey,
    /// The signature is not that key's over this text.
    #[error("the signature is not right")]
    BadSignature,
    /// A claim is missing.
    #[error("the claim `{0}` is missing")]
    MissingClaim(&'static str),
    /// A claim is not of its kind.
    #[error("the claim `{0}` is not of its kind")]
    MalformedClaim(&'static str),
    /// Somebody else issued it.
    #[error("issued by another issuer")]
    WrongIssuer,
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
    #[error("good for longer than a token may be, or for no time")]
    WrongLife,
}

/// The signing of a token failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct TokenSigningError;

impl TokenError {
    /// Returns the stable code of this fault, as log and audit carry it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::RepeatedMember => "repeated_member",
            Self::ForbiddenHeader => "forbidden_header",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::WrongType => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::MissingClaim(_) => "missing_claim",
            Self::MalformedClaim(_) => "malformed_claim",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::IssuedInFuture => "issued_in_future",
            Self::WrongLife => "wrong_life",
        }
    }
}

impl TokenError {
    /// Returns which claim or header is at fault, where it is one. Only a signature that was found right lets it be read.
    #[must_use]
    pub fn member(self) -> Option<&'static str> {
        match self {
            Self::WrongType => Some("typ"),
            Self::MissingClaim(claim) | Self::MalformedClaim(claim) => Some(claim),
            Self::WrongIssuer => Some("iss"),
            Self::WrongAudience => Some("aud"),
            Self::Expired | Self::WrongLife => Some("exp"),
            Self::NotYet => Some("nbf"),
            Self::IssuedInFuture => Some("iat"),
            Self::TooLong
            | Self::Malformed
            | Self::RepeatedMember
            | Self::ForbiddenHeader
            | Self::WrongAlgorithm
            | Self::UnknownKey
            | Self::BadSignature => None,
        }
    }
}

impl From<JwsError> for TokenError {
    fn from(fault: JwsError) -> Self {
        match fault {
            JwsError::TooLong => Self::TooLong,
            JwsError::Malformed => Self::Malformed,
            JwsError::RepeatedMember => Self::RepeatedMember,
            JwsError::ForbiddenHeader => Self::ForbiddenHeader,
            JwsError::UnknownAlgorithm => Self::WrongAlgorithm,
            JwsError::BadSignature => Self::BadSignature,
        }
    }
}

impl From<ClaimError> for TokenError {
    fn from(fault: ClaimError) -> Self {
        match fault {
            ClaimError::Missing(claim) => Self::MissingClaim(claim),
            ClaimError::Malformed(claim) => Self::MalformedClaim(claim),
        }
    }
}

/// Returns what `compact` says, if one of `keys` signed it, `expected` names its issuer and audience, and it is good at
/// `now`.
///
/// # Errors
/// The first thing that is wrong with it. Nothing that it claims is read before its signature is found right.
pub fn verify(
    compact: &str,
    keys: &KeySet,
    expected: &Expected,
    now: Instant,
) -> Result<Claims, TokenError> {
    let claims = prove(compact, keys, expected)?.claims;
    claims.span().holds(now)?;
    Ok(claims)
}

/// Returns all of [`verify`] but the time: what is true of a token for good, as long as the keys are the same.
pub(super) fn prove(
    compact: &str,
    keys: &KeySet,
    expected: &Expected,
) -> Result<VerifiedToken, TokenError> {
    let jws = UnverifiedJws::read(compact, &FORM)?;
    if jws.algorithm() != Algorithm::Es256 {
        return Err(TokenError::WrongAlgorithm);
    }
    if !jws.is_typed(TYPE) {
        return Err(TokenError::WrongType);
    }
    // A name that is no text is a name that no key of ours has.
    let kid = jws.kid().ok().flatten().ok_or(TokenError::UnknownKey)?;
    let kid = kid.to_owned();
    let key = keys.get(&kid).ok_or(TokenError::UnknownKey)?;
    let payload = jws.prove(key.verifier())?;

    let claims = read_claims(&payload.claims()?)?;
    if claims.issuer != expected.issuer {
        return Err(TokenError::WrongIssuer);
    }
    if claims.audience != expected.audience {
        return Err(TokenError::WrongAudience);
    }
    Ok(VerifiedToken { claims, kid })
}

/// Returns a token that says `claims`, signed with `key`. Times are cut to whole seconds.
///
/// # Errors
/// When the signature cannot be made.
pub fn issue(key: &SigningKey, claims: &Claims) -> Result<String, TokenSigningError> {
    let header = Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(key.kid().to_owned()),
        ..Header::new(jsonwebtoken::Algorithm::ES256)
    };
    jsonwebtoken::encode(&header, &TokenPayload::from(claims), key.signer())
        .map_err(|_| TokenSigningError)
}

fn read_claims(members: &JsonMembers<'_>) -> Result<Claims, TokenError> {
    Ok(Claims {
        issuer: claim(members, "iss")?,
        audience: audience(members)?.ok_or(TokenError::WrongAudience)?,
        subject: name(members, "sub", MAX_NAME)?,
        client: name(members, "client_id", MAX_NAME)?,
        agency: claim(members, "agency")?,
        scope: claim(members, "scope")?,
        issued_at: whole_second(members, "iat")?,
        not_before: whole_second(members, "nbf")?,
        expires_at: whole_second(members, "exp")?,
        id: name(members, "jti", MAX_JTI)?,
        epoch: claim(members, "epoch")?,
        holder: holder(members)?,
        actor: members
            .has("act")
            .then(|| claim(members, "act"))
            .transpose()?,
    })
}

/// Returns the key that a token is bound to. One that is bound in a way that is not understood here must not pass for a
/// bearer's.
pub(super) fn holder(members: &JsonMembers<'_>) -> Result<Option<String>, TokenError> {
    if !members.has("cnf") {
        return Ok(None);
    }
    let Confirmation { jkt } = claim(members, "cnf")?;
    let is_digest = URL_SAFE_NO_PAD.decode(&jkt).is_ok() && jkt.len() == DIGEST;
    is_digest
        .then_some(Some(jkt))
        .ok_or(TokenError::MalformedClaim("cnf"))
}

/// The claim `cnf` (RFC 7800, 3.1), with the one member that is understood here.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    jkt: String,
}

/// Letters of a SHA-256 in base64url.
const DIGEST: usize = 43;

/// From when until when a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// `iat`.
    pub(super) issued_at: Instant,
    /// `nbf`.
    pub(super) not_before: Instant,
    /// `exp`: the first moment in which it is no longer good.
    pub(super) expires_at: Instant,
}

impl Span {
    /// Checks that a token of this span is good at `now`.
    ///
    /// # Errors
    /// When its time is over, has not come, or is longer than a token's may be.
    pub(super) fn holds(self, now: Instant) -> Result<(), TokenError> {
        if self.expires_at <= self.issued_at || self.expires_at.since(self.issued_at) > MAX_LIFE {
            return Err(TokenError::WrongLife);
        }
        if now >= self.expires_at {
            return Err(TokenError::Expired);
        }
        if self.issued_at > now.plus(LEEWAY) {
            return Err(TokenError::IssuedInFuture);
        }
        if self.not_before > now.plus(LEEWAY) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }
}

impl Claims {
    /// Returns from when until when the token is good.
    pub(super) fn span(&self) -> Span {
        Span {
            issued_at: self.issued_at,
            not_before: self.not_before,
            expires_at: self.expires_at,
        }
    }
}

/// The claims as a token spells them.
#[derive(Serialize)]
struct TokenPayload<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    agency: AgencyId,
    scope: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
    epoch: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Actor>,
}

impl<'a> From<&'a Claims> for TokenPayload<'a> {
    fn from(claims: &'a Claims) -> Self {
        Self {
            iss: &claims.issuer,
            aud: &claims.audience,
            sub: &claims.subject,
            client_id: &claims.client,
            agency: claims.agency,
            scope: &claims.scope,
            iat: claims.issued_at.unix_seconds(),
            nbf: claims.not_before.unix_seconds(),
            exp: claims.expires_at.unix_seconds(),
            jti: &claims.id,
            epoch: claims.epoch,
            cnf: claims.holder.clone().map(|jkt| Confirmation { jkt }),
            act: claims.actor.as_ref(),
        }
    }
}
