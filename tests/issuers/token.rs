//! An access token of an agency's own provider, and every way to pretend.

use std::time::Duration;

use base64::Engine;
use concord::access::caller::token_name;
use concord::access::issuer::rules::IssuerRegistration;
use concord::access::issuer::token::{ExternalClaims, Trusted, known_as, named, verify};
use concord::access::token::TokenError;
use concord::jose::jwk::{Accepted, ExternalKeys};
use concord::jose::key::SigningKey;
use concord_entities::ids::{AgencyId, IssuerId};
use concord_entities::instant::Instant;
use concord_entities::trusted_issuer::Mapping;
use serde_json::{Value, json};
use sha2::Digest;

use super::provider::{AUDIENCE, ISSUER, claims, header, signed};
use crate::jose::hand::with;

const NOW: i64 = 1_800_000_000;
/// The thumbprint of RFC 9449, 6.1.
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

/// A provider's key, what it is registered with, and the parts of a good token to be made wrong.
struct Forge {
    key: SigningKey,
    keys: ExternalKeys,
    trusted: Trusted,
    header: Value,
    claims: Value,
}

fn trusted(registration: &IssuerRegistration) -> Trusted {
    Trusted {
        id: IssuerId::new(),
        agency: AgencyId::new(),
        issuer: registration.issuer.clone(),
        terms: registration.terms().unwrap(),
    }
}

fn registration() -> IssuerRegistration {
    IssuerRegistration {
        issuer: ISSUER.to_owned(),
        jwks_uri: "https://login.north.example/keys".to_owned(),
        token_type: "at+jwt".to_owned(),
        algorithms: vec!["ES256".to_owned()],
        scope: "consent.r referral.rs".to_owned(),
        mapping: None,
        audience: None,
        max_life: None,
    }
}

impl Forge {
    fn new() -> Self {
        let key = SigningKey::generate().unwrap();
        let set = json!({ "keys": [key.public_jwk()] }).to_string();
        Self {
            keys: ExternalKeys::parse(set.as_bytes(), Accepted::CurvesAndRsa).unwrap(),
            trusted: trusted(&registration()),
            header: header(&key),
            claims: claims(Instant::from_unix_seconds(NOW)),
            key,
        }
    }

    fn verify_at(&self, token: &str, now: i64) -> Result<ExternalClaims, TokenError> {
        let now = Instant::from_unix_seconds(now);
        verify(token, &self.trusted, &self.keys, AUDIENCE, now)
    }

    fn good(&self) -> String {
        signed(&self.key, &self.header, &self.claims)
    }

    fn with_header(&self, name: &str, value: Option<Value>) -> Result<ExternalClaims, TokenError> {
        let token = signed(&self.key, &changed(&self.header, name, value), &self.claims);
        self.verify_at(&token, NOW)
    }

    fn with_claim(&self, name: &str, value: Option<Value>) -> Result<ExternalClaims, TokenError> {
        let token = signed(&self.key, &self.header, &changed(&self.claims, name, value));
        self.verify_at(&token, NOW)
    }
}

fn changed(object: &Value, name: &str, value: Option<Value>) -> Value {
    let mut object = object.as_object().unwrap().clone();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    Value::Object(object)
}

#[test]
fn a_good_token_says_who_acts_and_its_registration_says_for_whom() {
    let forge = Forge::new();
    let foreign = forge.verify_at(&forge.good(), NOW).unwrap();
    assert_eq!(foreign.issuer, forge.trusted.id);
    assert_eq!(foreign.agency, forge.trusted.agency);
    assert_eq!(foreign.subject, "case worker 7");
    assert_eq!(foreign.id, "a-token-of-theirs");
    assert_eq!(foreign.scopes, *forge.trusted.terms.ceiling());
    assert_eq!(foreign.issued_at, Instant::from_unix_seconds(NOW - 10));
    assert_eq!(foreign.not_before, foreign.issued_at);
    assert_eq!(foreign.expires_at, Instant::from_unix_seconds(NOW + 600));
    assert_eq!(foreign.holder, None);

    // What it claims of agency, scope and epoch is nothing to us.
    for (claim, value) in [
        ("agency", json!(AgencyId::new().to_string())),
        ("scope", json!("agency.c")),
        ("epoch", json!(9)),
    ] {
        assert_eq!(
            forge.with_claim(claim, Some(value)).unwrap(),
            foreign,
            "{claim}"
        );
    }
}

#[test]
fn it_names_whose_keys_to_ask() {
    let forge = Forge::new();
    let said = named(&forge.good()).unwrap();
    assert_eq!(said.issuer, ISSUER);
    assert_eq!(said.kid.as_deref(), Some(forge.key.kid()));
    assert_eq!(said.algorithm.name(), "ES256");
    assert_eq!(named("a.b.c").unwrap_err(), TokenError::Malformed);
    let nobodys = signed(
        &forge.key,
        &forge.header,
        &changed(&forge.claims, "iss", None),
    );
    assert_eq!(
        named(&nobodys).unwrap_err(),
        TokenError::MissingClaim("iss")
    );
}

#[test]
fn the_header_is_as_registered() {
    let forge = Forge::new();
    for (name, value, fault) in [
        ("alg", Some(json!("none")), TokenError::WrongAlgorithm),
        ("alg", Some(json!("HS256")), TokenError::WrongAlgorithm),
        // Believed of others, but not of this one.
        ("alg", Some(json!("EdDSA")), TokenError::WrongAlgorithm),
        ("alg", Some(json!("RS256")), TokenError::WrongAlgorithm),
        ("alg", None, TokenError::WrongAlgorithm),
        ("typ", Some(json!("JWT")), TokenError::WrongType),
        ("typ", Some(json!("id+jwt")), TokenError::WrongType),
        ("typ", None, TokenError::WrongType),
        ("kid", Some(json!("another")), TokenError::UnknownKey),
        ("kid", Some(json!(7)), TokenError::Malformed),
        (
            "jku",
            Some(json!("https://elsewhere.example")),
            TokenError::ForbiddenHeader,
        ),
        (
            "jwk",
            Some(forge.key.public_jwk()),
            TokenError::ForbiddenHeader,
        ),
        (
            "x5u",
            Some(json!("https://elsewhere.example")),
            TokenError::ForbiddenHeader,
        ),
        ("x5c", Some(json!([])), TokenError::ForbiddenHeader),
        ("crit", Some(json!(["exp"])), TokenError::ForbiddenHeader),
        ("b64", Some(json!(false)), TokenError::ForbiddenHeader),
    ] {
        assert_eq!(
            forge.with_header(name, value.clone()).unwrap_err(),
            fault,
            "{name} {value:?}"
        );
    }
    for (name, value) in [
        ("typ", Some(json!("application/at+jwt"))),
        ("typ", Some(json!("AT+JWT"))),
        ("x5t", Some(json!("abc"))),
        // Without a name there is only one key that it can be.
        ("kid", None),
    ] {
        assert!(
            forge.with_header(name, value.clone()).is_ok(),
            "{name} {value:?}"
        );
    }
}

#[test]
fn a_provider_that_can_do_no_better_says_jwt() {
    let mut forge = Forge::new();
    forge.trusted.terms = IssuerRegistration {
        token_type: "JWT".to_owned(),
        ..registration()
    }
    .terms()
    .unwrap();
    assert!(forge.with_header("typ", Some(json!("JWT"))).is_ok());
    assert_eq!(
        forge.verify_at(&forge.good(), NOW).unwrap_err(),
        TokenError::WrongType
    );
    assert!(forge.with_header("typ", None).is_ok());
    assert_eq!(
        forge.with_header("typ", Some(json!("id+jwt"))).unwrap_err(),
        TokenError::WrongType
    );
    // What says by a claim that it is another kind of JWT is none either.
    for (claim, value) in [
        ("nonce", json!("n")),
        ("at_hash", json!("h")),
        ("c_hash", json!("h")),
        ("events", json!({})),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
    ] {
        let header = changed(&forge.header, "typ", Some(json!("JWT")));
        let claims = changed(&forge.claims, claim, Some(value));
        let token = signed(&forge.key, &header, &claims);
        let fault = forge.verify_at(&token, NOW).unwrap_err();
        assert_eq!(fault, TokenError::WrongType, "{claim}");
    }
}

#[test]
fn an_audience_and_a_longest_life_are_the_issuers_own() {
    let mut forge = Forge::new();
    forge.trusted.terms = IssuerRegistration {
        audience: Some("api://concord".to_owned()),
        max_life: Some(Duration::from_hours(1)),
        ..registration()
    }
    .terms()
    .unwrap();
    let fault = forge.verify_at(&forge.good(), NOW).unwrap_err();
    assert_eq!(fault, TokenError::WrongAudience);
    forge.claims["aud"] = json!(["another", "api://concord"]);
    let foreign = forge.verify_at(&forge.good(), NOW).unwrap();
    assert_eq!(foreign.origin.audience, "api://concord");
    let life = |exp: i64| forge.with_claim("exp", Some(json!(exp))).map(|_| ());
    assert_eq!(life(NOW - 10 + 3600), Ok(()));
    assert_eq!(life(NOW - 10 + 3601), Err(TokenError::WrongLife));
}

#[test]
fn the_program_is_kept_as_its_issuer_calls_it() {
    let forge = Forge::new();
    let program = |claims: Value| {
        let token = signed(&forge.key, &forge.header, &with(&forge.claims, claims));
        forge.verify_at(&token, NOW).unwrap().origin.program
    };
    assert_eq!(program(json!({})), None);
    for claim in ["azp", "client_id", "cid", "appid"] {
        assert_eq!(program(json!({ claim: "desk" })).as_deref(), Some("desk"));
    }
    let both = json!({ "client_id": "account", "azp": "desk" });
    assert_eq!(program(both).as_deref(), Some("desk"));
    for none in [
        json!(7),
        json!(""),
        json!("a\u{1b}b"),
        json!("x".repeat(129)),
    ] {
        assert_eq!(program(json!({ "azp": none })), None);
    }
}

#[test]
fn a_long_name_is_known_by_its_digest() {
    let forge = Forge::new();
    let known = |id: &str| {
        let foreign = forge.with_claim("jti", Some(json!(id))).unwrap();
        assert_eq!(foreign.id, id);
        known_as(foreign.issuer, &foreign.id)
    };
    let issuer = forge.trusted.id;
    let short = "a".repeat(64);
    assert_eq!(known(&short), format!("{issuer}/{short}"));
    let (one, other) = ("x".repeat(255), format!("{}y", "x".repeat(254)));
    let digest =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(&one));
    assert_eq!(known(&one), format!("{issuer}/{digest}"));
    assert_ne!(known(&one), known(&other));
    // Whoever takes it back may name it either way.
    assert_eq!(token_name(&format!("{issuer}/{one}")), known(&one));
    assert_eq!(token_name(&known(&one)), known(&one));
    assert_eq!(token_name("token_1"), "token_1");
}

#[test]
fn the_claims_are_exact() {
    let forge = Forge::new();
    let missing = TokenError::MissingClaim;
    let malformed = TokenError::MalformedClaim;
    for (name, value, fault) in [
        (
            "iss",
            Some(json!(format!("{ISSUER}/"))),
            TokenError::WrongIssuer,
        ),
        (
            "iss",
            Some(json!(ISSUER.to_uppercase())),
            TokenError::WrongIssuer,
        ),
        ("iss", Some(json!([ISSUER])), malformed("iss")),
        ("iss", None, missing("iss")),
        (
            "aud",
            Some(json!("https://concord.example")),
            TokenError::WrongAudience,
        ),
        (
            "aud",
            Some(json!(["one", "another"])),
            TokenError::WrongAudience,
        ),
        ("aud", Some(json!([AUDIENCE, 7])), malformed("aud")),
        ("aud", Some(json!([])), TokenError::WrongAudience),
        ("aud", None, missing("aud")),
        ("sub", None, missing("sub")),
        ("sub", Some(json!("")), malformed("sub")),
        ("sub", Some(json!("x".repeat(129))), malformed("sub")),
        ("sub", Some(json!("a\u{1b}b")), malformed("sub")),
        ("sub", Some(json!(7)), malformed("sub")),
        ("exp", None, missing("exp")),
        ("exp", Some(json!("soon")), malformed("exp")),
        ("exp", Some(json!(-1)), malformed("exp")),
        ("iat", None, missing("iat")),
        ("iat", Some(json!(null)), malformed("iat")),
        ("nbf", Some(json!("now")), malformed("nbf")),
        ("jti", Some(json!("x".repeat(256))), malformed("jti")),
        ("jti", Some(json!("\u{e4}".repeat(128))), malformed("jti")),
        ("jti", Some(json!("")), malformed("jti")),
        ("jti", Some(json!(null)), malformed("jti")),
        ("cnf", Some(json!({ "jkt": "short" })), malformed("cnf")),
        (
            "cnf",
            Some(json!({ "x5t#S256": THUMBPRINT })),
            malformed("cnf"),
        ),
        (
            "cnf",
            Some(json!({ "jkt": THUMBPRINT, "x5t#S256": THUMBPRINT })),
            malformed("cnf"),
        ),
        ("cnf", Some(json!(THUMBPRINT)), malformed("cnf")),
        ("cnf", Some(json!(null)), malformed("cnf")),
    ] {
        assert_eq!(
            forge.with_claim(name, value.clone()).unwrap_err(),
            fault,
            "{name} {value:?}"
        );
    }
    for aud in [json!([AUDIENCE]), json!(["another", AUDIENCE])] {
        assert!(forge.with_claim("aud", Some(aud)).is_ok());
    }
    let bound = forge
        .with_claim("cnf", Some(json!({ "jkt": THUMBPRINT })))
        .unwrap();
    assert_eq!(bound.holder.as_deref(), Some(THUMBPRINT));
}

#[test]
fn its_time_is_judged() {
    let forge = Forge::new();
    let at = |now| forge.verify_at(&forge.good(), now).map(|_| ());
    assert_eq!(at(NOW + 599), Ok(()));
    assert_eq!(at(NOW + 600), Err(TokenError::Expired));
    assert_eq!(at(NOW - 40), Ok(()));
    assert_eq!(at(NOW - 41), Err(TokenError::IssuedInFuture));
    let life = |exp: i64| forge.with_claim("exp", Some(json!(exp))).map(|_| ());
    let day = i64::try_from(Duration::from_hours(24).as_secs()).unwrap();
    assert_eq!(life(NOW - 10 + day), Ok(()));
    assert_eq!(life(NOW - 10 + day + 1), Err(TokenError::WrongLife));
    assert_eq!(life(NOW - 10), Err(TokenError::WrongLife));
    let from = |nbf: i64| forge.with_claim("nbf", Some(json!(nbf))).map(|_| ());
    assert_eq!(from(NOW + 30), Ok(()));
    assert_eq!(from(NOW + 31), Err(TokenError::NotYet));
}

#[test]
fn a_token_without_a_name_is_called_by_its_digest() {
    let forge = Forge::new();
    let token = signed(
        &forge.key,
        &forge.header,
        &changed(&forge.claims, "jti", None),
    );
    let (text, _) = token.rsplit_once('.').unwrap();
    let foreign = forge.verify_at(&token, NOW).unwrap();
    let digest =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text));
    assert_eq!(foreign.id, digest);
}

#[test]
fn a_claim_narrows_and_can_do_nothing_else() {
    let mut forge = Forge::new();
    forge.trusted.terms = IssuerRegistration {
        mapping: Some(Mapping {
            claim: "roles".to_owned(),
            values: Some([("reader".to_owned(), "consent.r".to_owned())].into()),
        }),
        ..registration()
    }
    .terms()
    .unwrap();
    let scopes = |roles| forge.with_claim("roles", roles).unwrap().scopes.to_string();
    assert_eq!(scopes(Some(json!(["reader", "agency.c"]))), "consent.r");
    assert_eq!(scopes(Some(json!(["admin"]))), "");
    assert_eq!(scopes(None), "");
}

#[test]
fn another_key_proves_nothing() {
    let forge = Forge::new();
    let stranger = SigningKey::generate().unwrap();
    let forged = signed(&stranger, &forge.header, &forge.claims);
    assert_eq!(
        forge.verify_at(&forged, NOW).unwrap_err(),
        TokenError::BadSignature
    );
    let own = signed(&stranger, &header(&stranger), &forge.claims);
    assert_eq!(
        forge.verify_at(&own, NOW).unwrap_err(),
        TokenError::UnknownKey
    );
    let good = forge.good();
    let (text, _) = good.rsplit_once('.').unwrap();
    assert_eq!(
        forge.verify_at(&format!("{text}."), NOW).unwrap_err(),
        TokenError::Malformed
    );
    assert_eq!(
        forge.verify_at(text, NOW).unwrap_err(),
        TokenError::Malformed
    );
}
