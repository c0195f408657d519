//! The one reader of a compact JWS: what it takes, from every algorithm, and what it does not.

use aws_lc_rs::rsa::KeySize;
use concord::jose::jwk::{Accepted, ExternalKey};
use concord::jose::jws::{Algorithm, JwsError, JwsProfile, UnverifiedJws};
use serde_json::{Value, json};

use super::hand::{Hand, with};
use crate::access::forge::parts;
use JwsError::{
    BadSignature, ForbiddenHeader, Malformed, RepeatedMember, TooLong, UnknownAlgorithm,
};

const FORM: JwsProfile = JwsProfile {
    longest: 2048,
    header: &["alg", "typ", "kid", "jwk"],
};

fn key(hand: &Hand) -> ExternalKey {
    ExternalKey::parse(hand.jwk().to_string().as_bytes(), Accepted::CurvesAndRsa).unwrap()
}

fn proven(jws: &str, key: &ExternalKey) -> Result<Vec<u8>, JwsError> {
    let payload = key.prove(UnverifiedJws::read(jws, &FORM)?)?;
    Ok(payload.bytes().to_vec())
}

#[test]
fn every_algorithm_proves_its_own_and_no_other() {
    let rsa = Hand::rsa(KeySize::Rsa2048);
    let hands = [
        (Hand::p256(), Algorithm::Es256),
        (Hand::ed25519(), Algorithm::EdDsa),
    ];
    let names = ["ES256", "EdDSA", "RS256", "PS256"];
    let claims = json!({ "sub": "a" }).to_string();
    for (hand, algorithm) in &hands {
        for name in names {
            let jws = hand.write(json!({ "alg": name }).to_string(), &claims);
            let expected = if name == algorithm.name() {
                Ok(claims.clone().into_bytes())
            } else {
                Err(UnknownAlgorithm)
            };
            assert_eq!(proven(&jws, &key(hand)), expected, "{name}");
        }
    }
    for name in names {
        let jws = rsa.write(json!({ "alg": name }).to_string(), &claims);
        assert_eq!(
            proven(&jws, &key(&rsa)).is_ok(),
            name.ends_with("S256") && name != "ES256"
        );
    }
    // What one padding signed does not count as the other's.
    let [pkcs1, pss] = ["RS256", "PS256"].map(|name| json!({ "alg": name }).to_string());
    let text = parts(&pkcs1, &claims);
    let crossed = format!("{text}.{}", super::hand::b64(&rsa.sign("PS256", &text)));
    assert_eq!(proven(&crossed, &key(&rsa)), Err(BadSignature));
    let text = parts(&pss, &claims);
    let crossed = format!("{text}.{}", super::hand::b64(&rsa.sign("RS256", &text)));
    assert_eq!(proven(&crossed, &key(&rsa)), Err(BadSignature));
    // Another's key of the same kind.
    for hand in [Hand::p256(), Hand::ed25519()] {
        let other = if hand.algorithm() == "ES256" {
            Hand::p256()
        } else {
            Hand::ed25519()
        };
        let jws = hand.jws(&json!({ "alg": hand.algorithm() }), &json!({}));
        assert_eq!(proven(&jws, &key(&other)), Err(BadSignature));
    }
}

#[test]
fn what_is_no_jws_of_its_form() {
    let hand = Hand::p256();
    let good = json!({ "alg": "ES256", "typ": "JWT", "kid": "1" });
    let jws = hand.jws(&good, &json!({ "sub": "a" }));
    assert!(proven(&jws, &key(&hand)).is_ok());
    let [header, payload, signature]: [&str; 3] =
        jws.split('.').collect::<Vec<_>>().try_into().unwrap();
    let header_of = |changes: Value| hand.jws(&with(&good, changes), &json!({}));
    let raw = |header: &str| hand.write(header, "{}");
    let rows = [
        ("nothing", String::new(), Malformed),
        ("points alone", "..".to_owned(), Malformed),
        ("two parts", format!("{header}.{payload}"), Malformed),
        ("four parts", format!("{jws}.{signature}"), Malformed),
        (
            "five parts, as of a JWE",
            format!("{header}.{payload}.{payload}.{payload}.{signature}"),
            Malformed,
        ),
        ("no header", format!(".{payload}.{signature}"), Malformed),
        (
            "no payload, as when detached",
            format!("{header}..{signature}"),
            Malformed,
        ),
        ("no signature", format!("{header}.{payload}."), Malformed),
        (
            "padded",
            format!("{header}.{payload}.{signature}=="),
            Malformed,
        ),
        ("a space before", format!(" {jws}"), Malformed),
        ("a line after", format!("{jws}\n"), Malformed),
        (
            "the other alphabet",
            format!("{header}.{payload}.+/{}", &signature[2..]),
            Malformed,
        ),
        ("a header that is a list", raw("[]"), Malformed),
        ("a header that is text", raw(r#""alg""#), Malformed),
        (
            "a header with more after it",
            raw(r#"{"alg":"ES256"}{}"#),
            Malformed,
        ),
        (
            "alg twice",
            raw(r#"{"alg":"ES256","alg":"ES256"}"#),
            RepeatedMember,
        ),
        (
            "alg twice, once escaped",
            raw(r#"{"alg":"none","\u0061lg":"ES256"}"#),
            RepeatedMember,
        ),
        (
            "jwk that says x twice",
            raw(r#"{"alg":"ES256","jwk":{"x":"a","x":"b"}}"#),
            RepeatedMember,
        ),
        (
            "crit",
            header_of(json!({ "crit": ["exp"] })),
            ForbiddenHeader,
        ),
        (
            "jku",
            header_of(json!({ "jku": "https://a.example" })),
            ForbiddenHeader,
        ),
        (
            "x5u",
            header_of(json!({ "x5u": "https://a.example" })),
            ForbiddenHeader,
        ),
        ("x5c", header_of(json!({ "x5c": [] })), ForbiddenHeader),
        ("b64", header_of(json!({ "b64": false })), ForbiddenHeader),
        ("zip", header_of(json!({ "zip": "DEF" })), ForbiddenHeader),
        ("cty", header_of(json!({ "cty": "JWT" })), ForbiddenHeader),
        (
            "no alg",
            header_of(json!({ "alg": null })),
            UnknownAlgorithm,
        ),
        (
            "none",
            header_of(json!({ "alg": "none" })),
            UnknownAlgorithm,
        ),
        (
            "HS256",
            header_of(json!({ "alg": "HS256" })),
            UnknownAlgorithm,
        ),
        (
            "ES384",
            header_of(json!({ "alg": "ES384" })),
            UnknownAlgorithm,
        ),
        (
            "small letters",
            header_of(json!({ "alg": "es256" })),
            UnknownAlgorithm,
        ),
        (
            "a list of one",
            header_of(json!({ "alg": ["ES256"] })),
            UnknownAlgorithm,
        ),
        (
            "too long",
            hand.jws(&good, &json!({ "a": "b".repeat(2048) })),
            TooLong,
        ),
        (
            "another's payload",
            format!("{header}.e30.{signature}"),
            BadSignature,
        ),
        (
            "zeros for a signature",
            format!("{header}.{payload}.{}", "A".repeat(86)),
            BadSignature,
        ),
    ];
    for (name, jws, fault) in rows {
        assert_eq!(proven(&jws, &key(&hand)), Err(fault), "{name}");
    }
}

#[test]
fn a_type_is_compared_as_a_media_type() {
    let hand = Hand::p256();
    let typed = |kind: Value| {
        let jws = hand.jws(
            &with(&json!({ "alg": "ES256" }), json!({ "typ": kind })),
            &json!({}),
        );
        let jws = UnverifiedJws::read(&jws, &FORM).unwrap();
        (jws.is_untyped(), jws.is_typed("at+jwt"))
    };
    assert_eq!(typed(Value::Null), (true, false));
    for same in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        assert_eq!(typed(json!(same)), (false, true), "{same}");
    }
    for other in [
        json!("jwt"),
        json!(""),
        json!("text/at+jwt"),
        json!("at+jwt "),
        json!(7),
        json!(["at+jwt"]),
    ] {
        assert_eq!(typed(other.clone()), (false, false), "{other}");
    }
}

#[test]
fn a_kid_is_text_or_not_there() {
    let hand = Hand::p256();
    let kid = |kid: Value| {
        let jws = hand.jws(
            &with(&json!({ "alg": "ES256" }), json!({ "kid": kid })),
            &json!({}),
        );
        let jws = UnverifiedJws::read(&jws, &FORM).unwrap();
        jws.kid().map(|kid| kid.map(str::to_owned))
    };
    assert_eq!(kid(Value::Null), Ok(None));
    assert_eq!(kid(json!("a")), Ok(Some("a".to_owned())));
    assert_eq!(kid(json!(1)), Err(Malformed));
    // A `null` that is written is not the same as nothing.
    let jws = hand.write(r#"{"alg":"ES256","kid":null}"#, "{}");
    assert_eq!(
        UnverifiedJws::read(&jws, &FORM).unwrap().kid(),
        Err(Malformed)
    );
}
