//! Tokens: the good one passes, and nothing else does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord::access::token::{Claims, TokenError, issue};
use concord_entities::ids::{AgencyId, TokenId};
use concord_entities::instant::Instant;
use serde_json::{Value, json};

use super::forge::{AUDIENCE, Forge, ISSUER, NOW};
use super::forgery::forgeries;

use TokenError::{
    BadSignature, Expired, ForbiddenHeader, IssuedInFuture, Malformed, MalformedClaim,
    MissingClaim, NotYet, RepeatedMember, TooLong, UnknownKey, WrongAlgorithm, WrongAudience,
    WrongIssuer, WrongLife, WrongType,
};

#[test]
fn no_forgery_passes() {
    let forge = Forge::new();
    assert!(forge.verify(&forge.good()).is_ok());
    let rows = forgeries(&forge);
    assert!(rows.len() > 100);
    let wrong: Vec<_> = rows
        .iter()
        .map(|(name, token, fault)| (name, forge.verify(token), fault))
        .filter(|(_, verified, fault)| verified.as_ref() != Err(*fault))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_claim_is_needed() {
    let forge = Forge::new();
    let needed = [
        "iss",
        "aud",
        "sub",
        "client_id",
        "agency",
        "scope",
        "iat",
        "nbf",
        "exp",
        "jti",
        "epoch",
    ];
    assert_eq!(forge.claims.as_object().unwrap().len(), needed.len());
    for claim in needed {
        assert_eq!(
            forge.verify(&forge.without_claim(claim)),
            Err(MissingClaim(claim))
        );
    }
}

#[test]
fn no_letter_of_a_token_can_be_changed() {
    let forge = Forge::new();
    let good = forge.good();
    for place in 0..good.len() {
        for other in ["A", "_", ".", "="] {
            let forged = format!("{}{other}{}", &good[..place], &good[place + 1..]);
            assert!(
                forged == good || forge.verify(&forged).is_err(),
                "{other} at {place}"
            );
        }
    }
}

#[test]
fn no_bit_of_a_part_can_be_changed() {
    let forge = Forge::new();
    let parts = forge.split();
    for (at, part) in parts.iter().enumerate() {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let mut forged = parts.clone();
            forged[at] = URL_SAFE_NO_PAD.encode(changed);
            assert!(
                forge.verify(&forged.join(".")).is_err(),
                "bit {bit} of part {at}"
            );
        }
    }
}

#[test]
fn what_a_good_token_may_vary_in() {
    let forge = Forge::new();
    for (name, token) in [
        (
            "typ as a media type",
            forge.with_header("typ", json!("application/at+jwt")),
        ),
        (
            "typ in capitals",
            forge.with_header("typ", json!("Application/AT+JWT")),
        ),
        (
            "a list of our audience alone",
            forge.with_claim("aud", json!([AUDIENCE])),
        ),
        (
            "issued in 30 seconds",
            forge.with_claim("iat", json!(NOW + 30)),
        ),
        (
            "good in 30 seconds",
            forge.with_claim("nbf", json!(NOW + 30)),
        ),
        (
            "good for a day",
            forge.with_claim("exp", json!(NOW - 10 + 86_400)),
        ),
        (
            "expires in a second",
            forge.with_claim("exp", json!(NOW + 1)),
        ),
        ("no scope", forge.with_claim("scope", json!(""))),
        (
            "a jti of 64 letters",
            forge.with_claim("jti", json!("\u{e9}".repeat(64))),
        ),
        (
            "a claim that is unknown",
            forge.with_claim("act", json!({ "sub": "a", "act": { "sub": "b" } })),
        ),
        (
            "a number that is unknown",
            forge.with_claim("ratio", json!(1.5)),
        ),
    ] {
        assert!(
            forge.verify(&token).is_ok(),
            "{name}: {:?}",
            forge.verify(&token)
        );
    }
}

#[test]
fn a_token_is_over_at_its_last_microsecond() {
    let forge = Forge::new();
    let end = Instant::from_unix_seconds(NOW + 600);
    assert!(forge.verify_at(&forge.good(), Instant(end.0 - 1)).is_ok());
    assert_eq!(forge.verify_at(&forge.good(), end), Err(Expired));
    let early = Instant::from_unix_seconds(NOW - 40);
    assert!(forge.verify_at(&forge.good(), early).is_ok());
    assert_eq!(
        forge.verify_at(&forge.good(), Instant(early.0 - 1)),
        Err(IssuedInFuture)
    );
}

#[test]
fn what_is_issued_is_what_is_verified() {
    let forge = Forge::new();
    let claims = Claims {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        subject: "Zoë \"the\" \\ worker".to_owned(),
        client: "console".to_owned(),
        agency: AgencyId::new(),
        scope: "referral.r?category=NEEDS&purpose=HOUSING_PLACEMENT".to_owned(),
        issued_at: Instant::from_unix_seconds(NOW),
        not_before: Instant::from_unix_seconds(NOW),
        expires_at: Instant::from_unix_seconds(NOW + 900),
        id: TokenId::new().to_string(),
        epoch: u32::MAX,
        holder: None,
        actor: None,
    };
    let token = issue(&forge.ours, &claims).unwrap();
    assert_eq!(forge.verify(&token), Ok(claims.clone()));

    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&header).unwrap(),
        forge.header
    );
    assert_eq!(
        forge.verify(&issue(&forge.stranger, &claims).unwrap()),
        Err(UnknownKey)
    );
}

#[test]
fn every_fault_has_its_own_code() {
    let faults = [
        TooLong,
        Malformed,
        RepeatedMember,
        ForbiddenHeader,
        WrongAlgorithm,
        WrongType,
        UnknownKey,
        BadSignature,
        MissingClaim("iss"),
        MalformedClaim("iss"),
        WrongIssuer,
        WrongAudience,
        Expired,
        NotYet,
        IssuedInFuture,
        WrongLife,
    ];
    let codes: std::collections::BTreeSet<_> = faults.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), faults.len());
}
