//! Keys: their names, their forms, and what they never show.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use concord::jose::key::{KeySet, PublicKey, SigningKey, SigningKeyError};
use serde_json::json;

#[test]
fn a_public_key_is_named_by_its_thumbprint() {
    // The example of RFC 9449, sections 4.1 and 6.1.
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "kid": "a name of its own",
    });
    let key = PublicKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.kid(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_eq!(key.jwk()["kid"], key.kid());
    assert_eq!(key.jwk()["x"], jwk["x"]);
    assert_eq!(key.jwk()["y"], jwk["y"]);
}

#[test]
fn a_signing_key_comes_back_from_its_document() {
    let key = SigningKey::generate().unwrap();
    let from_der = SigningKey::from_pkcs8_der(&key.to_pkcs8_der()).unwrap();
    assert_eq!(from_der.kid(), key.kid());
    assert_eq!(*from_der.to_pkcs8_der(), *key.to_pkcs8_der());
    assert_ne!(SigningKey::generate().unwrap().kid(), key.kid());
}

#[test]
fn the_public_half_goes_out_and_comes_back() {
    let key = SigningKey::generate().unwrap();
    let jwk = key.public_jwk();
    let members: Vec<_> = jwk
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(
        members
            .iter()
            .all(|name| ["kty", "crv", "x", "y", "use", "alg", "kid"].contains(name))
    );
    assert_eq!(PublicKey::from_jwk(&jwk).unwrap().kid(), key.kid());

    let set: KeySet = [key.public().clone()].into_iter().collect();
    assert_eq!(set.get(key.kid()).unwrap().jwk(), jwk);
    assert_eq!(set.jwks(), json!({ "keys": [jwk] }));
    assert!(set.get("").is_none());
}

#[test]
fn what_is_no_key_is_refused() {
    let other_curve = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let der = other_curve.to_pkcs8v1().unwrap();
    assert_eq!(
        SigningKey::from_pkcs8_der(der.as_ref()).unwrap_err(),
        SigningKeyError::NotPrivate
    );
    assert_eq!(
        SigningKey::from_pkcs8_der(b"").unwrap_err(),
        SigningKeyError::NotPrivate
    );

    let good = SigningKey::generate().unwrap().public_jwk();
    let elsewhere = SigningKey::generate().unwrap().public_jwk();
    for (member, value) in [
        ("kty", json!("RSA")),
        ("crv", json!("P-384")),
        ("x", json!("")),
        ("x", json!(null)),
        ("y", elsewhere["y"].clone()),
        ("y", json!(format!("{}AAAA", good["y"].as_str().unwrap()))),
    ] {
        let mut jwk = good.clone();
        jwk[member] = value;
        assert_eq!(
            PublicKey::from_jwk(&jwk).unwrap_err(),
            SigningKeyError::NotPublic,
            "{jwk}"
        );
    }
}

#[test]
fn debug_shows_the_name_alone() {
    let key = SigningKey::generate().unwrap();
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.kid()));
    assert_eq!(
        format!("{:?}", key.public()),
        format!("PublicKey({})", key.kid())
    );
}
