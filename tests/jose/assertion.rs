//! Client assertions: the good one is believed, and nothing else is.

use aws_lc_rs::rsa::KeySize;
use concord::jose::claim::ClaimError::{Malformed as Bad, Missing};
use concord::jose::jwk::{Accepted, ExternalKeys};
use concord::jose::jws::JwsError;
use concord::oauth::assertion::AssertionError::{
    self, Claim, Expired, IssuedInFuture, Jws, NotYet, UnknownKey, WrongAlgorithm, WrongAudience,
    WrongIssuer, WrongLife, WrongSubject, WrongType,
};
use concord::oauth::assertion::{Assertion, claimed_client, verify};
use concord_entities::instant::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::hand::{Hand, NOW, with, with_a_letter_changed};

const ISSUER: &str = "https://concord.example";
const CLIENT: &str = "application_01h2xcejqtf2nbrexx3vqjhp41";

struct Application {
    hand: Hand,
    keys: ExternalKeys,
}

impl Application {
    fn with(hand: Hand) -> Self {
        let set = json!({ "keys": [hand.named("one"), Hand::p256().named("two"), Hand::ed25519().named("three")] });
        let keys = ExternalKeys::parse(set.to_string().as_bytes(), Accepted::CurvesAndRsa).unwrap();
        Self { hand, keys }
    }

    fn header(&self) -> Value {
        json!({ "alg": self.hand.algorithm(), "typ": "JWT", "kid": "one" })
    }

    fn says(&self, claims: &Value) -> String {
        self.hand.jws(&self.header(), claims)
    }

    fn good(&self) -> String {
        self.says(&claims())
    }

    fn verify(&self, assertion: &str) -> Result<Assertion, AssertionError> {
        self.verify_at(assertion, Instant::from_unix_seconds(NOW))
    }

    fn verify_at(&self, assertion: &str, now: Instant) -> Result<Assertion, AssertionError> {
        verify(assertion, &self.keys, CLIENT, ISSUER, now)
    }
}

fn claims() -> Value {
    json!({ "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "iat": NOW - 5, "exp": NOW + 60, "jti": "a-1" })
}

#[test]
fn a_good_assertion_says_who_it_is() {
    for hand in [Hand::p256(), Hand::ed25519()] {
        let application = Application::with(hand);
        let good = application.good();
        let assertion = application.verify(&good).unwrap();
        assert_eq!(assertion.id, "a-1");
        assert_eq!(assertion.expires_at, Instant::from_unix_seconds(NOW + 90));
        assert_eq!(claimed_client(&good).as_deref(), Ok(CLIENT));
    }
}

#[test]
fn what_a_good_assertion_may_vary_in() {
    let application = Application::with(Hand::p256());
    let header = application.header();
    for changes in [
        json!({ "aud": [ISSUER] }),
        json!({ "iat": null }),
        json!({ "iat": NOW + 30 }),
        json!({ "nbf": NOW + 30 }),
        json!({ "exp": NOW + 295 }),
        json!({ "exp": NOW - 29, "iat": NOW - 300 }),
        json!({ "iat": null, "exp": NOW + 330 }),
        json!({ "iat": NOW + 30, "nbf": NOW + 30, "exp": NOW + 330 }),
        json!({ "exp": 1_800_000_060.5, "iat": 1_799_999_999.75 }),
        json!({ "jti": "~".repeat(128) }),
        json!({ "client_name": { "anything": [1.5] } }),
    ] {
        let assertion = application.says(&with(&claims(), changes.clone()));
        assert!(application.verify(&assertion).is_ok(), "{changes}");
    }
    for changes in [
        json!({ "typ": null }),
        json!({ "typ": "jwt" }),
        json!({ "typ": "client-authentication+jwt" }),
        json!({ "typ": "application/client-authentication+jwt" }),
    ] {
        let assertion = application
            .hand
            .jws(&with(&header, changes.clone()), &claims());
        assert!(application.verify(&assertion).is_ok(), "{changes}");
    }
}

#[test]
fn no_bad_claim_passes() {
    let application = Application::with(Hand::ed25519());
    let rows = [
        (json!({ "iss": null }), Claim(Missing("iss"))),
        (json!({ "iss": "application_another" }), WrongIssuer),
        (json!({ "iss": [CLIENT] }), Claim(Bad("iss"))),
        (json!({ "iss": CLIENT.to_uppercase() }), WrongIssuer),
        (json!({ "sub": null }), Claim(Missing("sub"))),
        (json!({ "sub": "application_another" }), WrongSubject),
        (json!({ "iss": "a", "sub": "a" }), WrongIssuer),
        (json!({ "aud": null }), Claim(Missing("aud"))),
        (
            json!({ "aud": "https://concord.example/oauth/token" }),
            WrongAudience,
        ),
        (json!({ "aud": "https://concord.example/" }), WrongAudience),
        (json!({ "aud": "HTTPS://concord.example" }), WrongAudience),
        (json!({ "aud": [] }), WrongAudience),
        (
            json!({ "aud": [ISSUER, "https://other.example"] }),
            WrongAudience,
        ),
        (json!({ "aud": [ISSUER, ISSUER] }), WrongAudience),
        (json!({ "aud": 7 }), Claim(Bad("aud"))),
        (json!({ "exp": null }), Claim(Missing("exp"))),
        (json!({ "exp": NOW - 30, "iat": NOW - 40 }), Expired),
        (json!({ "exp": NOW - 31, "iat": NOW - 40 }), Expired),
        (json!({ "exp": NOW + 301, "iat": NOW }), WrongLife),
        (json!({ "exp": NOW + 331, "iat": null }), WrongLife),
        (json!({ "exp": NOW + 296 }), WrongLife),
        (json!({ "exp": NOW + 10, "iat": NOW + 10 }), WrongLife),
        (json!({ "exp": (NOW + 60).to_string() }), Claim(Bad("exp"))),
        (json!({ "exp": 1e300 }), Claim(Bad("exp"))),
        (json!({ "exp": -1 }), Claim(Bad("exp"))),
        (json!({ "iat": NOW + 31 }), IssuedInFuture),
        (json!({ "iat": "now" }), Claim(Bad("iat"))),
        (json!({ "nbf": NOW + 31 }), NotYet),
        (json!({ "nbf": true }), Claim(Bad("nbf"))),
        (json!({ "jti": null }), Claim(Missing("jti"))),
        (json!({ "jti": "" }), Claim(Bad("jti"))),
        (json!({ "jti": "a b" }), Claim(Bad("jti"))),
        (json!({ "jti": "a\u{1b}[2J" }), Claim(Bad("jti"))),
        (json!({ "jti": "a".repeat(129) }), Claim(Bad("jti"))),
        (json!({ "jti": 7 }), Claim(Bad("jti"))),
    ];
    for (changes, fault) in rows {
        let assertion = application.says(&with(&claims(), changes.clone()));
        assert_eq!(application.verify(&assertion), Err(fault), "{changes}");
    }
}

#[test]
fn no_bad_header_passes() {
    let application = Application::with(Hand::p256());
    let rows = [
        (json!({ "alg": "RS256" }), WrongAlgorithm),
        (json!({ "alg": "PS256" }), WrongAlgorithm),
        (json!({ "alg": "none" }), Jws(JwsError::UnknownAlgorithm)),
        (json!({ "alg": "HS256" }), Jws(JwsError::UnknownAlgorithm)),
        (json!({ "alg": "EdDSA" }), UnknownKey),
        (json!({ "typ": "at+jwt" }), WrongType),
        (json!({ "typ": "dpop+jwt" }), WrongType),
        (json!({ "typ": "" }), WrongType),
        (json!({ "typ": 7 }), WrongType),
        (json!({ "kid": "four" }), UnknownKey),
        (json!({ "kid": "three" }), UnknownKey),
        (json!({ "kid": null }), UnknownKey),
        (json!({ "kid": 1 }), Jws(JwsError::Malformed)),
        (json!({ "kid": "two" }), Jws(JwsError::BadSignature)),
        (
            json!({ "jwk": application.hand.jwk() }),
            Jws(JwsError::ForbiddenHeader),
        ),
        (
            json!({ "jku": "https://a.example" }),
            Jws(JwsError::ForbiddenHeader),
        ),
        (json!({ "crit": [] }), Jws(JwsError::ForbiddenHeader)),
    ];
    for (changes, fault) in rows {
        let header = with(&application.header(), changes.clone());
        let assertion = application.hand.jws(&header, &claims());
        assert_eq!(application.verify(&assertion), Err(fault), "{changes}");
    }
    // Where RSA is registered it still authenticates nobody.
    let rsa = Application::with(Hand::rsa(KeySize::Rsa2048));
    assert_eq!(rsa.verify(&rsa.good()), Err(WrongAlgorithm));
    // Nothing claimed is read before the signature.
    let stranger = Hand::p256().jws(&application.header(), &json!({}));
    assert_eq!(
        application.verify(&stranger),
        Err(Jws(JwsError::BadSignature))
    );
    let repeated = application.hand.write(
        application.header().to_string(),
        claims().to_string().replacen('{', r#"{"jti":"other","#, 1),
    );
    assert_eq!(
        application.verify(&repeated),
        Err(Jws(JwsError::RepeatedMember))
    );
    let list = application
        .hand
        .write(application.header().to_string(), "[]");
    assert_eq!(application.verify(&list), Err(Jws(JwsError::Malformed)));
    let long = application.says(&with(&claims(), json!({ "a": "b".repeat(4096) })));
    assert_eq!(application.verify(&long), Err(Jws(JwsError::TooLong)));
}

#[test]
fn nobody_is_claimed_by_what_is_not_one_assertion() {
    let application = Application::with(Hand::p256());
    for changes in [
        json!({ "iss": "another" }),
        json!({ "sub": null }),
        json!({ "iss": "", "sub": "" }),
        json!({ "iss": "a\nb", "sub": "a\nb" }),
        json!({ "iss": "a".repeat(129), "sub": "a".repeat(129) }),
        json!({ "iss": 1, "sub": 1 }),
    ] {
        let assertion = application.says(&with(&claims(), changes.clone()));
        assert!(claimed_client(&assertion).is_err(), "{changes}");
    }
    assert!(claimed_client("a.b.c").is_err());
    assert!(claimed_client("").is_err());
}

#[test]
fn it_is_over_at_its_last_microsecond() {
    let application = Application::with(Hand::p256());
    let good = application.good();
    // Its last second, and as much more as our clock may be ahead of its application's.
    let end = Instant::from_unix_seconds(NOW + 90);
    assert!(application.verify_at(&good, Instant(end.0 - 1)).is_ok());
    assert_eq!(application.verify_at(&good, end), Err(Expired));
}

#[test]
fn its_name_is_its_applications_and_its_own() {
    let assertion = |id: &str| Assertion {
        id: id.to_owned(),
        expires_at: Instant::from_unix_seconds(NOW),
    };
    assert_eq!(assertion("b").digest("a"), assertion("b").digest("a"));
    assert_ne!(assertion("b").digest("a"), assertion("c").digest("a"));
    assert_ne!(assertion("b").digest("a"), assertion("b").digest("c"));
    assert_ne!(assertion("bc").digest("a"), assertion("c").digest("ab"));
}

#[test]
fn no_letter_can_be_changed() {
    for hand in [Hand::p256(), Hand::ed25519()] {
        let application = Application::with(hand);
        let good = application.good();
        for forged in with_a_letter_changed(&good) {
            assert!(application.verify(&forged).is_err(), "{forged}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever an honest application says within the rules is believed, and for as long as it says.
    #[test]
    fn what_is_within_the_rules_is_believed(
        id in "[!-~]{1,128}", life in 1_i64..=300, age in 0_i64..300, by_ed25519: bool,
    ) {
        let age = age.min(life - 1);
        let application = Application::with(if by_ed25519 { Hand::ed25519() } else { Hand::p256() });
        let exp = NOW - age + life;
        let assertion = application.says(&with(&claims(), json!({ "jti": id, "iat": NOW - age, "exp": exp })));
        let expected = Assertion { id, expires_at: Instant::from_unix_seconds(exp + 30) };
        prop_assert_eq!(application.verify(&assertion), Ok(expected));
    }

    /// No bytes at all stop the reader.
    #[test]
    fn no_text_stops_the_reader(text in ".{0,200}") {
        let application = Application::with(Hand::ed25519());
        prop_assert!(application.verify(&text).is_err());
        prop_assert!(claimed_client(&text).is_err());
    }
}
