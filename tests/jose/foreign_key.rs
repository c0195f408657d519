//! The keys of others: the good ones are taken, and nothing else is.

use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use concord::jose::jwk::JwkError::{
    self, Malformed, NotASet, NotAnObject, Repeated, Secret, TooLong, TooMany, UnknownKind,
    WrongAlgorithm, WrongStrength, WrongUse,
};
use concord::jose::jwk::{Accepted, ExternalKey, ExternalKeys, MAX_KEYS};
use concord::jose::jws::Algorithm::{self, EdDsa, Es256, Ps256, Rs256};
use serde_json::{Value, json};

use super::hand::{Hand, b64, with};

fn parse(jwk: &Value) -> Result<ExternalKey, JwkError> {
    ExternalKey::parse(jwk.to_string().as_bytes(), Accepted::CurvesAndRsa)
}

fn set(keys: &[Value]) -> Result<ExternalKeys, JwkError> {
    ExternalKeys::parse(
        json!({ "keys": keys }).to_string().as_bytes(),
        Accepted::CurvesAndRsa,
    )
}

fn fitting(key: &ExternalKey) -> Vec<Algorithm> {
    [Es256, EdDsa, Rs256, Ps256]
        .into_iter()
        .filter(|one| key.fits(*one))
        .collect()
}

#[test]
fn every_kind_of_key_is_for_its_algorithms() {
    let (ec, ed) = (Hand::p256().jwk(), Hand::ed25519().jwk());
    let rsa = Hand::rsa(KeySize::Rsa2048).jwk();
    for (jwk, algorithms) in [
        (ec.clone(), vec![Es256]),
        (
            with(
                &ec,
                json!({ "alg": "ES256", "use": "sig", "x5c": ["ignored"] }),
            ),
            vec![Es256],
        ),
        (ed.clone(), vec![EdDsa]),
        (with(&ed, json!({ "key_ops": ["verify"] })), vec![EdDsa]),
        (rsa.clone(), vec![Rs256, Ps256]),
        (with(&rsa, json!({ "alg": "PS256" })), vec![Ps256]),
        (with(&rsa, json!({ "alg": "RS256" })), vec![Rs256]),
        (Hand::rsa(KeySize::Rsa4096).jwk(), vec![Rs256, Ps256]),
    ] {
        let key = parse(&jwk).unwrap();
        assert_eq!(fitting(&key), algorithms, "{jwk}");
        assert_eq!(key.kid(), None);
        assert_eq!(
            format!("{key:?}"),
            format!("ForeignKey({})", key.thumbprint())
        );
    }
    let only_curves = |jwk: &Value| {
        ExternalKey::parse(jwk.to_string().as_bytes(), Accepted::CurvesOnly)
            .map(|key| fitting(&key))
    };
    assert_eq!(only_curves(&rsa), Err(UnknownKind));
    assert_eq!(only_curves(&ec), Ok(vec![Es256]));
    assert_eq!(only_curves(&ed), Ok(vec![EdDsa]));
}

#[test]
fn no_bad_key_is_taken() {
    let (ec, ed) = (Hand::p256().jwk(), Hand::ed25519().jwk());
    let rsa = Hand::rsa(KeySize::Rsa2048).jwk();
    let modulus = |first: u8, length: usize, last: u8| {
        let mut bytes = vec![0xab; length];
        bytes[0] = first;
        bytes[length - 1] = last;
        json!({ "n": b64(&bytes) })
    };
    assert!(parse(&with(&rsa, modulus(0x80, 256, 1))).is_ok());
    let rows = [
        (json!({}), Malformed),
        (with(&ec, json!({ "kty": null })), Malformed),
        (with(&ec, json!({ "kty": "ec" })), UnknownKind),
        (with(&ec, json!({ "kty": "OKP" })), UnknownKind),
        (with(&ec, json!({ "crv": "secp256k1" })), UnknownKind),
        (with(&ec, json!({ "crv": null })), Malformed),
        (with(&ec, json!({ "x": ed["x"] })), Malformed),
        (with(&ec, json!({ "x": b64(&[0; 31]) })), Malformed),
        (
            with(
                &ec,
                json!({ "x": format!("{}=", ec["x"].as_str().unwrap()) }),
            ),
            Malformed,
        ),
        (with(&ec, json!({ "y": null })), Malformed),
        (
            with(&ec, json!({ "x": b64(&[0; 32]), "y": b64(&[0; 32]) })),
            Malformed,
        ),
        (with(&ed, json!({ "crv": "X25519" })), UnknownKind),
        (with(&ed, json!({ "crv": "Ed448" })), UnknownKind),
        (with(&ed, json!({ "x": b64(&[7; 33]) })), Malformed),
        (with(&ed, json!({ "x": [1] })), Malformed),
        (with(&rsa, json!({ "n": null })), Malformed),
        (with(&rsa, json!({ "e": null })), Malformed),
        (with(&rsa, json!({ "e": "" })), Malformed),
        (with(&rsa, modulus(0x7f, 256, 1)), WrongStrength),
        (with(&rsa, modulus(0xff, 128, 1)), WrongStrength),
        (with(&rsa, modulus(0x01, 513, 1)), WrongStrength),
        (with(&rsa, modulus(0x80, 256, 2)), WrongStrength),
        (with(&rsa, modulus(0, 257, 1)), Malformed),
        (with(&rsa, json!({ "e": b64(&[1]) })), WrongStrength),
        (with(&rsa, json!({ "e": b64(&[3]) })), WrongStrength),
        (with(&rsa, json!({ "e": b64(&[1, 0, 0]) })), WrongStrength),
        (
            with(&rsa, json!({ "e": b64(&[1, 0, 0, 0, 1]) })),
            WrongStrength,
        ),
        (with(&rsa, json!({ "e": b64(&[0, 1, 0, 1]) })), Malformed),
        (json!({ "kty": "oct", "k": "AAAA" }), Secret),
        (json!({ "kty": "oct" }), Secret),
        (with(&ec, json!({ "d": "AAAA" })), Secret),
        (with(&ed, json!({ "d": 1 })), Secret),
        (with(&rsa, json!({ "d": "AAAA" })), Secret),
        (with(&rsa, json!({ "p": "AAAA" })), Secret),
        (with(&rsa, json!({ "q": "AAAA" })), Secret),
        (with(&rsa, json!({ "dp": "AAAA" })), Secret),
        (with(&rsa, json!({ "dq": "AAAA" })), Secret),
        (with(&rsa, json!({ "qi": "AAAA" })), Secret),
        (with(&rsa, json!({ "oth": [] })), Secret),
        (with(&ec, json!({ "k": "AAAA" })), Secret),
        (with(&ec, json!({ "use": "enc" })), WrongUse),
        (with(&ec, json!({ "use": 1 })), Malformed),
        (with(&ec, json!({ "key_ops": [] })), WrongUse),
        (with(&ec, json!({ "key_ops": ["sign"] })), WrongUse),
        (with(&ec, json!({ "key_ops": "verify" })), Malformed),
        (
            with(&ec, json!({ "use": "enc", "key_ops": ["verify"] })),
            WrongUse,
        ),
        (with(&ec, json!({ "alg": "EdDSA" })), WrongAlgorithm),
        (with(&ec, json!({ "alg": "ECDH-ES" })), WrongAlgorithm),
        (with(&rsa, json!({ "alg": "RS512" })), WrongAlgorithm),
        (with(&ec, json!({ "alg": 1 })), Malformed),
        (with(&ec, json!({ "kid": 1 })), Malformed),
        (with(&ec, json!({ "kid": "" })), Malformed),
        (with(&ec, json!({ "kid": "a\nb" })), Malformed),
        (with(&ec, json!({ "kid": "a".repeat(257) })), Malformed),
    ];
    for (jwk, fault) in rows {
        assert_eq!(parse(&jwk).map(|_| ()), Err(fault), "{jwk}");
    }
}

#[test]
fn a_key_says_nothing_twice() {
    let text = |json: &str| ExternalKey::parse(json.as_bytes(), Accepted::CurvesOnly).map(|_| ());
    let good = Hand::p256().jwk().to_string();
    assert_eq!(text(&good), Ok(()));
    assert_eq!(
        text(&good.replacen('{', r#"{"kty":"EC","#, 1)),
        Err(Repeated)
    );
    assert_eq!(
        text(&good.replacen('{', r#"{"k\u0074y":"oct","#, 1)),
        Err(Repeated)
    );
    assert_eq!(
        text(&good.replacen('{', r#"{"a":{"b":1,"b":2},"#, 1)),
        Err(Repeated)
    );
    assert_eq!(text(&format!("[{good}]")), Err(NotAnObject));
    assert_eq!(text(&format!("{good},")), Err(NotAnObject));
    assert_eq!(text(""), Err(NotAnObject));
    assert_eq!(
        text(&format!("{good}{}", " ".repeat(64 * 1024))),
        Err(TooLong)
    );
}

/// Under a point of small order, zeros are a signature of every eighth text or more: the key is refused because the
/// mathematics would not.
#[test]
fn a_point_that_signs_for_anybody_is_no_key() {
    // The neutral element as `R` and zero as `S`.
    let mut signature = [0; 64];
    signature[0] = 1;
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for point in points {
        let point = hex::decode(point).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, &point);
        let texts = (0..256_u32).map(u32::to_be_bytes);
        let signed = texts
            .filter(|text| key.verify(text, &signature).is_ok())
            .count();
        assert!(signed > 0, "{point:?} is of small order");
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&point) });
        assert_eq!(parse(&jwk).map(|_| ()), Err(WrongStrength));
    }
    // Numbers that are written in a second way.
    for first in 0xed..=0xff {
        for last in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (first, last);
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(&point) });
            assert_eq!(parse(&jwk).map(|_| ()), Err(WrongStrength));
        }
    }
}

#[test]
fn a_set_skips_what_it_cannot_use() {
    let (ec, ed) = (Hand::p256(), Hand::ed25519());
    let keys = set(&[
        json!({ "kty": "ML-DSA", "pub": "AAAA" }),
        ec.named("a"),
        with(&ec.named("b"), json!({ "use": "enc" })),
        with(&ec.named("c"), json!({ "y": "AAAA" })),
        ed.named("d"),
        json!({}),
    ])
    .unwrap();
    let kids: Vec<_> = keys.iter().map(|key| key.kid().unwrap()).collect();
    assert_eq!(kids, ["a", "d"]);
    assert_eq!(
        keys.skipped(),
        [UnknownKind, WrongUse, Malformed, Malformed]
    );
    assert!(!keys.is_empty());
    assert!(set(&[]).unwrap().is_empty());
}

#[test]
fn what_is_no_set() {
    let text =
        |json: &str| ExternalKeys::parse(json.as_bytes(), Accepted::CurvesAndRsa).map(|_| ());
    let key = Hand::p256().jwk();
    let private = with(&key, json!({ "d": "AAAA" }));
    let rows = [
        ("[]".to_owned(), NotAnObject),
        ("{}".to_owned(), NotASet),
        (key.to_string(), NotASet),
        (json!({ "keys": key }).to_string(), NotASet),
        (json!({ "keys": [key, "text"] }).to_string(), NotASet),
        (
            json!({ "keys": vec![&key; MAX_KEYS + 1] }).to_string(),
            TooMany,
        ),
        (json!({ "keys": [key, private] }).to_string(), Secret),
        (
            json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }).to_string(),
            Secret,
        ),
        (r#"{"keys":[],"keys":[]}"#.to_owned(), Repeated),
        (
            r#"{"keys":[{"kty":"EC","kty":"OKP"}]}"#.to_owned(),
            Repeated,
        ),
    ];
    for (json, fault) in rows {
        assert_eq!(text(&json), Err(fault), "{json}");
    }
    assert_eq!(
        text(&json!({ "keys": vec![&key; MAX_KEYS] }).to_string()),
        Ok(())
    );
}

#[test]
fn one_key_is_found_or_none() {
    let [a, b, c] = [Hand::p256(), Hand::p256(), Hand::ed25519()];
    let found = |keys: &[Value], kid: Option<&str>, algorithm| {
        let keys = set(keys).unwrap();
        keys.find(kid, algorithm)
            .map(|key| key.thumbprint().to_owned())
    };
    let name = |hand: &Hand| Some(parse(&hand.jwk()).unwrap().thumbprint().to_owned());
    let keys = [a.named("a"), b.named("b"), c.named("c")];
    assert_eq!(found(&keys, Some("a"), Es256), name(&a));
    assert_eq!(found(&keys, Some("b"), Es256), name(&b));
    assert_eq!(found(&keys, Some("a"), EdDsa), None);
    assert_eq!(found(&keys, Some("d"), Es256), None);
    assert_eq!(found(&keys, None, Es256), None, "two would do");
    assert_eq!(found(&keys, None, EdDsa), name(&c));
    assert_eq!(found(&keys, None, Rs256), None);
    // A key without a name is not the one that is named.
    assert_eq!(found(&[a.jwk()], Some("a"), Es256), None);
    assert_eq!(found(&[a.jwk()], None, Es256), name(&a));
    // One name for two keys names neither, unless they are for different algorithms (RFC 7517, 4.5).
    assert_eq!(found(&[a.named("a"), b.named("a")], Some("a"), Es256), None);
    assert_eq!(
        found(&[a.named("a"), c.named("a")], Some("a"), EdDsa),
        name(&c)
    );
}
