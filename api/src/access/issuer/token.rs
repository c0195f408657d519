//! Whether an access token of an agency's own identity provider proves anything now, and why not.
//!
//! As strict as [`crate::access::token`] is with ours, as far as other issuers' tokens allow it. Who the agency is and
//! how far the token may reach is not the token's to say. The time is an argument.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_entities::ids::{AgencyId, IssuerId};
use concord_entities::instant::Instant;
use serde_json::Value;

use super::rules::{IssuerTerms, JWT};
use crate::access::scope::Scopes;
use crate::access::token::{MAX_JTI, MAX_NAME, MAX_TOKEN, Span, TokenError, holder};
use crate::jose::claim::{any_moment, audiences, claim, is_name, moment, name};
use crate::jose::jwk::ExternalKeys;
use crate::jose::jws::{Algorithm, JwsProfile, UnverifiedJws};
use crate::jose::strict_json::JsonMembers;

/// `x5t` and `x5t#S256` name the key once more (RFC 7515, 4.1.7 and 4.1.8). Providers send them and nothing here looks at
/// them.
const FORM: JwsProfile = JwsProfile {
    longest: MAX_TOKEN,
    header: &["alg", "typ", "kid", "x5t", "x5t#S256"],
};

/// Bytes of the longest `jti`.
const MAX_FOREIGN_JTI: usize = 255;
/// What Keycloak calls its access tokens, in a claim of their own.
const ACCESS_TOKENS: [&str; 4] = ["Bearer", "DPoP", "JWT", "at+jwt"];

/// A trusted issuer: whose it is, on what terms, and the `iss` of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The issuer's id.
    pub id: IssuerId,
    /// The agency that its tokens act for.
    pub agency: AgencyId,
    /// The `iss` of its tokens, letter for letter.
    pub issuer: String,
    /// What its tokens must look like and may do.
    pub terms: IssuerTerms,
}

/// What a token of an agency's own issuer says of itself, beside what it is known by here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOrigin {
    /// `iss`.
    pub issuer: String,
    /// The one of its audiences that is ours.
    pub audience: String,
    /// The program that carries it, as its issuer calls it.
    pub program: Option<String>,
    /// The claim that was to say what it may do, where it gives nothing.
    pub empty_claim: Option<String>,
}

/// What a token of a trusted issuer says, and what it may do by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalClaims {
    /// The issuer's registration.
    pub issuer: IssuerId,
    /// The agency of that registration.
    pub agency: AgencyId,
    /// `iss`, and that of its audiences that is ours.
    pub origin: TokenOrigin,
    /// `sub`: who acts.
    pub subject: String,
    /// `jti`: its own name, unique among this issuer's; the SHA-256 of what was signed, in base64url, where it has none.
    /// Here it is known by a shorter one where it is long: see [`known_as`].
    pub id: String,
    /// What it may do; never more than the registration allows.
    pub scopes: Scopes,
    /// `iat`: when it was issued.
    pub issued_at: Instant,
    /// `nbf`: from when it is good; when it was issued, where it does not say.
    pub not_before: Instant,
    /// `exp`: from when it is no longer good.
    pub expires_at: Instant,
    /// `cnf.jkt`: the thumbprint of the key that its bearer must prove to hold (RFC 9449, 6).
    pub holder: Option<String>,
}

/// What a token says about itself without any proof, only to find whose keys to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `iss`.
    pub issuer: String,
    /// `kid`, where it names one.
    pub kid: Option<String>,
    /// `alg`.
    pub algorithm: Algorithm,
}

/// Returns who issued a token and with which key, as it says itself.
///
/// # Errors
/// When it is not a signed JWT that names an issuer.
pub fn named(compact: &str) -> Result<Named, TokenError> {
    let jws = UnverifiedJws::read(compact, &FORM)?;
    let (kid, algorithm) = (jws.kid()?.map(str::to_owned), jws.algorithm());
    let issuer = claim(&jws.claimed().claims()?, "iss")?;
    Ok(Named {
        issuer,
        kid,
        algorithm,
    })
}

/// Returns what `compact` says, if one of the issuer's `keys` signed it for this `audience`, and it is good at `now`.
///
/// # Errors
/// The first thing that is wrong with it. Nothing that it claims is believed before its signature is found right.
pub fn verify(
    compact: &str,
    trusted: &Trusted,
    keys: &ExternalKeys,
    audience: &str,
    now: Instant,
) -> Result<ExternalClaims, TokenError> {
    let foreign = prove(compact, trusted, keys, audience)?;
    foreign.span().holds(now)?;
    Ok(foreign)
}

/// Returns all of [`verify`] but the time: what is true of a token as long as the keys and the registration are the
/// same.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn prove(
    compact: &str,
    trusted: &Trusted,
    keys: &ExternalKeys,
    audience: &str,
) -> Result<ExternalClaims, TokenError> {
    let jws = UnverifiedJws::read(compact, &FORM)?;
    if !trusted.terms.allows(jws.algorithm().name()) {
        return Err(TokenError::WrongAlgorithm);
    }
    let any_jwt = trusted.terms.token_type() == JWT;
    let typed = jws.is_typed(trusted.terms.token_type()) || any_jwt && jws.is_untyped();
    let key = keys.find(jws.kid()?, jws.algorithm());
    let payload = key.ok_or(TokenError::UnknownKey)?.prove(jws)?;
    // From here on the issuer vouches for it, and whoever brings it may know what is wrong: see `TokenError::member`.
    let members = payload.claims()?;
    if !typed || any_jwt && is_another_kind(&members) {
        return Err(TokenError::WrongType);
    }
    if claim::<String>(&members, "iss")? != trusted.issuer {
        return Err(TokenError::WrongIssuer);
    }
    // RFC 9068, 4: ours among others.
    let audience = trusted.terms.audience().unwrap_or(audience);
    if !audiences(&members)?.iter().any(|one| one == audience) {
        return Err(TokenError::WrongAudience);
    }
    read(&members, compact, trusted, audience)
}

/// Returns whether a JWT says by its claims that it is no access token: an ID token (`OpenID` Connect Core 1.0, 2 and 3.3.2.11),
/// a logout token, or what Keycloak calls by another `typ` than its access tokens.
fn is_another_kind(members: &JsonMembers<'_>) -> bool {
    let marked = ["nonce", "at_hash", "c_hash", "events"];
    let called = members.read::<String>("typ");
    marked.iter().any(|claim| members.has(claim))
        || called.is_some_and(|called| !ACCESS_TOKENS.contains(&called.as_str()))
}

fn read(
    members: &JsonMembers<'_>,
    compact: &str,
    trusted: &Trusted,
    audience: &str,
) -> Result<ExternalClaims, TokenError> {
    let issued_at = moment(members, "iat")?;
    let narrowing = trusted.terms.claim();
    let narrowing = narrowing.and_then(|claimed| members.read::<Value>(claimed));
    let scopes = trusted.terms.grants(narrowing.as_ref());
    let expires_at = moment(members, "exp")?;
    if expires_at.since(issued_at) > trusted.terms.max_life() {
        return Err(TokenError::WrongLife);
    }
    let empty_claim = trusted.terms.claim().filter(|_| scopes.is_empty());
    Ok(ExternalClaims {
        issuer: trusted.id,
        agency: trusted.agency,
        origin: TokenOrigin {
            issuer: trusted.issuer.clone(),
            audience: audience.to_owned(),
            program: program(members),
            empty_claim: empty_claim.map(str::to_owned),
        },
        subject: name(members, "sub", MAX_NAME)?,
        id: id(members, compact)?,
        scopes,
        issued_at,
        not_before: any_moment(members, "nbf")?.unwrap_or(issued_at),
        expires_at,
        holder: holder(members)?,
    })
}

fn id(members: &JsonMembers<'_>, compact: &str) -> Result<String, TokenError> {
    if members.has("jti") {
        let id = name(members, "jti", MAX_FOREIGN_JTI)?;
        let fits = id.len() <= MAX_FOREIGN_JTI;
        return fits.then_some(id).ok_or(TokenError::MalformedClaim("jti"));
    }
    let (signed, _) = compact.rsplit_once('.').ok_or(TokenError::Malformed)?;
    Ok(sha256(signed))
}

fn sha256(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// Returns the name of an issuer's token among all others: its `jti` after the issuer's id; the SHA-256 of a long one, which
/// every event of it would carry.
#[must_use]
pub fn known_as(issuer: IssuerId, id: &str) -> String {
    if id.len() > MAX_JTI {
        format!("{issuer}/{}", sha256(id))
    } else {
        format!("{issuer}/{id}")
    }
}

/// Returns the program that carries the token: `azp` (`OpenID` Connect Core 1.0, 2) or `client_id` (RFC 9068, 2.2), or what
/// Okta and Entra's older tokens have in their place. A name that cannot stand in a log is as good as none.
fn program(members: &JsonMembers<'_>) -> Option<String> {
    let mut names = ["azp", "client_id", "cid", "appid"].iter();
    names.find_map(|claimed| {
        let name = members.read::<String>(claimed)?;
        is_name(&name, MAX_NAME).then_some(name)
    })
}

impl ExternalClaims {
    /// Returns from when until when the token is good.
    pub(in crate::access) fn span(&self) -> Span {
        Span {
            issued_at: self.issued_at,
            not_before: self.not_before,
            expires_at: self.expires_at,
        }
    }
}
