//! `DPoP` proofs: the good one proves its key, and nothing else does.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeySize;
use concord::jose::claim::ClaimError::{Malformed as Bad, Missing};
use concord::jose::dpop::DpopError::{
    self, Claim, Expired, IssuedInFuture, Jws, Key, NoKey, NotYet, WrongAlgorithm, WrongMethod,
    WrongToken, WrongType, WrongUrl,
};
use concord::jose::dpop::{DpopProof, Expectation, check};
use concord::jose::jwk::{Accepted, ExternalKey, JwkError};
use concord::jose::jws::JwsError;
use concord_entities::instant::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::hand::{Hand, NOW, b64, with, with_a_letter_changed};

const URL: &str = "https://concord.example/graphql";
const TOKEN: &str = "an.access.token";
const EXPECTED: Expectation<'_> = Expectation {
    method: "POST",
    url: URL,
    access_token: Some(TOKEN),
};

fn header(hand: &Hand) -> Value {
    json!({ "typ": "dpop+jwt", "alg": hand.algorithm(), "jwk": hand.jwk() })
}

fn claims() -> Value {
    let ath = b64(digest(&SHA256, TOKEN.as_bytes()).as_ref());
    json!({ "jti": "p-1", "htm": "POST", "htu": URL, "iat": NOW - 2, "ath": ath })
}

fn checked(proof: &str) -> Result<DpopProof, DpopError> {
    check(proof, &EXPECTED, Instant::from_unix_seconds(NOW))
}

fn checked_with(hand: &Hand, changes: Value) -> Result<DpopProof, DpopError> {
    checked(&hand.jws(&header(hand), &with(&claims(), changes)))
}

#[test]
fn a_good_proof_names_its_key() {
    for hand in [Hand::p256(), Hand::ed25519()] {
        let proof = checked(&hand.jws(&header(&hand), &claims())).unwrap();
        let key = hand.jwk().to_string();
        let key = ExternalKey::parse(key.as_bytes(), Accepted::CurvesOnly).unwrap();
        assert_eq!(proof.thumbprint, key.thumbprint());
        assert_eq!(proof.id, "p-1");
        assert_eq!(proof.issued_at, Instant::from_unix_seconds(NOW - 2));
        assert_eq!(proof.expires_at(), Instant::from_unix_seconds(NOW + 58));
    }
}

#[test]
fn what_a_good_proof_may_vary_in() {
    let hand = Hand::p256();
    for changes in [
        json!({ "htu": "HTTPS://Concord.Example:443/graphql" }),
        json!({ "htu": "https://concord.example/graphql?query=1" }),
        json!({ "htu": "https://concord.example/graphql#fragment" }),
        json!({ "htu": "https://concord.example/./a/../graphql" }),
        json!({ "htu": "https://concord.example/a/%2e%2E/graphql" }),
        json!({ "htu": "https://concord.example/%67raphql" }),
        json!({ "iat": NOW - 59 }),
        json!({ "iat": NOW + 30 }),
        json!({ "iat": 1_800_000_000.75 }),
        json!({ "nonce": "anything" }),
        json!({ "exp": NOW + 1, "nbf": NOW }),
        json!({ "jti": "~".repeat(128) }),
    ] {
        assert!(checked_with(&hand, changes.clone()).is_ok(), "{changes}");
    }
    let typed = with(&header(&hand), json!({ "typ": "application/DPoP+JWT" }));
    assert!(checked(&hand.jws(&typed, &claims())).is_ok());
    // Without an access token its hash says nothing.
    let at_the_token_endpoint = Expectation {
        access_token: None,
        ..EXPECTED
    };
    for ath in [json!(null), json!("whatever")] {
        let proof = hand.jws(&header(&hand), &with(&claims(), json!({ "ath": ath })));
        let now = Instant::from_unix_seconds(NOW);
        assert!(check(&proof, &at_the_token_endpoint, now).is_ok());
    }
}

#[test]
fn no_bad_claim_passes() {
    let hand = Hand::ed25519();
    let rows = [
        (json!({ "htm": null }), Claim(Missing("htm"))),
        (json!({ "htm": "GET" }), WrongMethod),
        (json!({ "htm": "post" }), WrongMethod),
        (json!({ "htm": ["POST"] }), Claim(Bad("htm"))),
        (json!({ "htu": null }), Claim(Missing("htu"))),
        (json!({ "htu": "" }), WrongUrl),
        (json!({ "htu": "/graphql" }), WrongUrl),
        (json!({ "htu": "http://concord.example/graphql" }), WrongUrl),
        (
            json!({ "htu": "https://concord.example:8443/graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/Graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/graphql/" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/%2Fgraphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example.evil.example/graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example@evil.example/graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://user@concord.example/graphql" }),
            WrongUrl,
        ),
        (json!({ "htu": "https:concord.example/graphql" }), WrongUrl),
        (
            json!({ "htu": "https:///concord.example/graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example\\graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": " https://concord.example/graphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/gra\nphql" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/graphql%" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/graphql?%4" }),
            WrongUrl,
        ),
        (
            json!({ "htu": "https://concord.example/gr\u{e4}phql" }),
            WrongUrl,
        ),
        (json!({ "htu": 1 }), Claim(Bad("htu"))),
        (json!({ "ath": null }), Claim(Missing("ath"))),
        (json!({ "ath": "" }), WrongToken),
        (json!({ "ath": TOKEN }), WrongToken),
        (
            json!({ "ath": b64(digest(&SHA256, b"another").as_ref()) }),
            WrongToken,
        ),
        (json!({ "iat": null }), Claim(Missing("iat"))),
        (json!({ "iat": NOW - 60 }), Expired),
        (json!({ "iat": 0 }), Expired),
        (json!({ "iat": NOW + 31 }), IssuedInFuture),
        (json!({ "iat": NOW.to_string() }), Claim(Bad("iat"))),
        (json!({ "iat": -5 }), Claim(Bad("iat"))),
        (json!({ "exp": NOW }), Expired),
        (json!({ "nbf": NOW + 31 }), NotYet),
        (json!({ "jti": null }), Claim(Missing("jti"))),
        (json!({ "jti": "" }), Claim(Bad("jti"))),
        (json!({ "jti": "a".repeat(129) }), Claim(Bad("jti"))),
        (json!({ "jti": "a\tb" }), Claim(Bad("jti"))),
    ];
    for (changes, fault) in rows {
        assert_eq!(
            checked_with(&hand, changes.clone()),
            Err(fault),
            "{changes}"
        );
    }
}

#[test]
fn no_bad_header_passes() {
    let hand = Hand::p256();
    let jwk = hand.jwk();
    let key = |changes: Value| json!({ "jwk": with(&jwk, changes) });
    let rows = [
        (json!({ "typ": null }), WrongType),
        (json!({ "typ": "JWT" }), WrongType),
        (json!({ "typ": "at+jwt" }), WrongType),
        (json!({ "alg": "none" }), Jws(JwsError::UnknownAlgorithm)),
        (json!({ "alg": "HS256" }), Jws(JwsError::UnknownAlgorithm)),
        (json!({ "alg": "RS256" }), WrongAlgorithm),
        (json!({ "alg": "EdDSA" }), Jws(JwsError::UnknownAlgorithm)),
        (json!({ "jwk": null }), NoKey),
        (json!({ "jwk": "text" }), NoKey),
        (json!({ "jwk": [jwk] }), NoKey),
        (json!({ "jwk": {} }), Key(JwkError::Malformed)),
        (key(json!({ "d": "AAAA" })), Key(JwkError::Secret)),
        (key(json!({ "k": "AAAA" })), Key(JwkError::Secret)),
        (key(json!({ "y": null })), Key(JwkError::Malformed)),
        (key(json!({ "crv": "P-384" })), Key(JwkError::UnknownKind)),
        (key(json!({ "use": "enc" })), Key(JwkError::WrongUse)),
        (
            json!({ "jwk": Hand::p256().jwk() }),
            Jws(JwsError::BadSignature),
        ),
        (json!({ "kid": "one" }), Jws(JwsError::ForbiddenHeader)),
        (
            json!({ "jku": "https://a.example" }),
            Jws(JwsError::ForbiddenHeader),
        ),
        (json!({ "crit": ["jwk"] }), Jws(JwsError::ForbiddenHeader)),
    ];
    for (changes, fault) in rows {
        let proof = hand.jws(&with(&header(&hand), changes.clone()), &claims());
        assert_eq!(checked(&proof), Err(fault), "{changes}");
    }
    let rsa = Hand::rsa(KeySize::Rsa2048);
    assert_eq!(
        checked(&rsa.jws(&header(&rsa), &claims())),
        Err(WrongAlgorithm)
    );
    let twice = header(&hand)
        .to_string()
        .replacen(r#""crv""#, r#""crv":"P-256","crv""#, 1);
    assert_eq!(
        checked(&hand.write(twice, claims().to_string())),
        Err(Jws(JwsError::RepeatedMember))
    );
    let good = hand.jws(&header(&hand), &claims());
    assert_eq!(
        checked(&format!("{good}, {good}")),
        Err(Jws(JwsError::Malformed))
    );
}

#[test]
fn an_expectation_that_is_no_url_is_met_by_nothing() {
    let hand = Hand::p256();
    let proof = hand.jws(
        &header(&hand),
        &with(&claims(), json!({ "htu": "/graphql" })),
    );
    let expected = Expectation {
        url: "/graphql",
        ..EXPECTED
    };
    let now = Instant::from_unix_seconds(NOW);
    assert_eq!(check(&proof, &expected, now), Err(WrongUrl));
}

#[test]
fn its_name_is_its_keys_and_its_own() {
    let proof = |thumbprint: &str, id: &str| DpopProof {
        thumbprint: thumbprint.to_owned(),
        id: id.to_owned(),
        issued_at: Instant::from_unix_seconds(NOW),
    };
    let later = DpopProof {
        issued_at: Instant::from_unix_seconds(NOW + 1),
        ..proof("a", "b")
    };
    assert_eq!(proof("a", "b").digest(), later.digest());
    assert_ne!(proof("a", "b").digest(), proof("a", "c").digest());
    assert_ne!(proof("a", "b").digest(), proof("c", "b").digest());
    assert_ne!(proof("a", "bc").digest(), proof("ab", "c").digest());
}

#[test]
fn no_letter_can_be_changed() {
    for hand in [Hand::p256(), Hand::ed25519()] {
        let good = hand.jws(&header(&hand), &claims());
        for forged in with_a_letter_changed(&good) {
            assert!(checked(&forged).is_err(), "{forged}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A proof is good from 30 seconds before it was made to its last microsecond, and never otherwise.
    #[test]
    fn it_is_good_in_its_time_alone(away in -100_000_000_i64..100_000_000) {
        let hand = Hand::ed25519();
        let proof = hand.jws(&header(&hand), &with(&claims(), json!({ "iat": NOW })));
        let now = Instant(Instant::from_unix_seconds(NOW).0 + away);
        let good = (-30_000_000..60_000_000).contains(&away);
        prop_assert_eq!(check(&proof, &EXPECTED, now).is_ok(), good);
    }

    /// However a path's letters are escaped, it stays the same path, and another path stays another.
    #[test]
    fn an_escaped_path_is_the_same_path(path in "[a-z0-9._~-]{1,12}", escaped in any::<u16>(), small: bool) {
        prop_assume!(path.bytes().any(|letter| letter != b'.'));
        let written: String = path.bytes().enumerate().map(|(place, letter)| {
            match (escaped >> place & 1, small) {
                (0, _) => char::from(letter).to_string(),
                (_, true) => format!("%{letter:02x}"),
                (_, false) => format!("%{letter:02X}"),
            }
        }).collect();
        let hand = Hand::ed25519();
        let proof = hand.jws(&header(&hand), &with(&claims(), json!({ "htu": format!("https://concord.example/{written}") })));
        let now = Instant::from_unix_seconds(NOW);
        let same = format!("https://concord.example/{path}");
        let other = format!("https://concord.example/{path}a");
        let to_the_same = check(&proof, &Expectation { url: &same, ..EXPECTED }, now);
        prop_assert!(to_the_same.is_ok(), "{:?}", to_the_same);
        prop_assert_eq!(check(&proof, &Expectation { url: &other, ..EXPECTED }, now), Err(WrongUrl));
    }

    #[test]
    fn no_text_stops_the_reader(text in ".{0,200}") {
        prop_assert!(checked(&text).is_err());
    }
}
