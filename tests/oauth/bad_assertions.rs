//! Assertions that prove nothing.

use concord::clock;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::partner::{granting, said};
use super::refused::{Cases, Cast};
use crate::access::forge::parts;
use crate::jose::hand::{Hand, with};

pub async fn bad_assertions(cast: &Cast) -> Cases {
    let program = &cast.keyed;
    let now = clock::now().unix_seconds();
    let grant = granting(&[]);
    let sent = |assertion: &str| program.asserting("token", &grant, assertion);
    let changed = |changes| sent(&program.asserts(changes));
    let under = |header: Value| sent(&program.hand().jws(&header, &program.claims()));
    let by = |hand: &Hand| {
        let header = json!({ "alg": hand.algorithm(), "typ": "JWT" });
        sent(&hand.jws(&header, &program.claims()))
    };
    let used = program.asserts(json!({}));
    assert_eq!(said(sent(&used)).await.status, 200);
    let to_revoke = program.asserts(json!({}));
    let revoking = program.asserting("revoke", &[("token", "x")], &to_revoke);
    assert_eq!(said(revoking).await.status, 200);
    let issuer = program.issuer.as_str();
    let unsigned = parts(r#"{"alg":"none"}"#, program.claims().to_string());
    let foreign = &cast.foreign;
    vec![
        ("used", sent(&used)),
        ("used at another endpoint", sent(&to_revoke)),
        (
            "used, to introspect",
            program.asserting("introspect", &[("token", "x")], &used),
        ),
        (
            "for the token endpoint",
            changed(json!({ "aud": format!("{issuer}/oauth/token") })),
        ),
        ("for /graphql", changed(json!({ "aud": program.audience }))),
        (
            "for us and another",
            changed(json!({ "aud": [issuer, "https://elsewhere.example"] })),
        ),
        ("for us twice", changed(json!({ "aud": [issuer, issuer] }))),
        (
            "for the issuer with a slash",
            changed(json!({ "aud": format!("{issuer}/") })),
        ),
        ("for nobody", changed(json!({ "aud": null }))),
        (
            "HS256 with the public key as a secret",
            sent(&confused(cast)),
        ),
        ("alg none", sent(&format!("{unsigned}."))),
        (
            "alg none, with a signature",
            under(json!({ "alg": "none" })),
        ),
        ("ES384 by name", under(json!({ "alg": "ES384" }))),
        ("with a stranger's key", by(&Hand::p256())),
        ("with a key of another kind", by(&Hand::ed25519())),
        ("with another program's key", by(foreign.hand())),
        (
            "by another program for this one",
            sent(&foreign.asserts(json!({ "sub": program.id }))),
        ),
        (
            "by this program for another one",
            changed(json!({ "sub": foreign.id })),
        ),
        (
            "with a key brought along",
            under(json!({ "alg": "ES256", "jwk": program.hand().jwk() })),
        ),
        (
            "with a key to be fetched",
            under(json!({ "alg": "ES256", "jku": "https://elsewhere.example" })),
        ),
        (
            "with a kid that is not its key's",
            under(json!({ "alg": "ES256", "kid": "other" })),
        ),
        (
            "critical",
            under(json!({ "alg": "ES256", "crit": ["exp"], "exp": now })),
        ),
        (
            "an access token by type",
            under(json!({ "alg": "ES256", "typ": "at+jwt" })),
        ),
        (
            "expired",
            changed(json!({ "iat": now - 120, "exp": now - 31 })),
        ),
        ("good for too long", changed(json!({ "exp": now + 310 }))),
        (
            "good for too long since it was made",
            changed(json!({ "iat": now - 200, "exp": now + 120 })),
        ),
        ("good for ever", changed(json!({ "exp": null }))),
        (
            "from the future",
            changed(json!({ "iat": now + 200, "exp": now + 280 })),
        ),
        (
            "not good yet",
            changed(json!({ "nbf": now + 200, "exp": now + 280 })),
        ),
        ("without a jti", changed(json!({ "jti": null }))),
        ("with an empty jti", changed(json!({ "jti": "" }))),
        ("without an issuer", changed(json!({ "iss": null }))),
        ("too long", changed(json!({ "note": "a".repeat(4096) }))),
        (
            "of a suspended program",
            cast.suspended.request("introspect", &[("token", "x")]),
        ),
    ]
}

/// The public key, as its owner published it, taken for a secret.
fn confused(cast: &Cast) -> String {
    let program = &cast.keyed;
    let header = with(&json!({ "typ": "JWT" }), json!({ "alg": "HS256" }));
    let text = parts(header.to_string(), program.claims().to_string());
    let key = EncodingKey::from_secret(program.hand().jwk().to_string().as_bytes());
    let tag = jsonwebtoken::crypto::sign(text.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{text}.{tag}")
}
