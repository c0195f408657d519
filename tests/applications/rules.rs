//! What may be registered, decided without asking anybody.

use std::time::Duration;

use concord::access::scope::Scopes;
use concord::agency::rules::{reinstated, standing, suspended};
use concord::application::rules::{
    ApplicationRegistration, ApplicationRequest, MAX_KEY_TEXT, OVERLAP, Registrar, check, endings,
    key_set,
};
use concord::error::Error;
use concord_entities::ids::{AgencyId, ApplicationId, SecretId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{
    AgencyStatus, ClientAuthentication, Code, DataCategory, MemberRole, Purpose,
};
use concord_entities::{agency, application_secret, membership};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::public_key;

/// RFC 8037, A.2 and A.3.
const ED25519: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ITS_THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

type Spoil = fn(&mut ApplicationRequest);

fn wanted() -> ApplicationRequest {
    ApplicationRequest {
        name: "case manager".to_owned(),
        scope: "referral.rs".to_owned(),
        secret: true,
        ..ApplicationRequest::default()
    }
}

fn by_operator(wanted: &ApplicationRequest) -> Result<ApplicationRegistration, String> {
    check(wanted, Registrar::Operator).map_err(|fault| fault.to_string())
}

#[test]
fn a_registration_is_all_there_or_refused() {
    let registered = by_operator(&ApplicationRequest {
        name: "  case manager ".to_owned(),
        ..wanted()
    });
    let registered = registered.unwrap();
    assert_eq!(registered.name, "case manager");
    assert_eq!(registered.scopes.to_string(), "referral.rs");
    assert_eq!(
        registered.authentication,
        ClientAuthentication::ClientSecretBasic
    );
    assert_eq!(registered.keys, r#"{"keys":[]}"#);

    let keyed = by_operator(&ApplicationRequest {
        secret: false,
        keys: vec![public_key().0],
        ..wanted()
    });
    assert_eq!(
        keyed.unwrap().authentication,
        ClientAuthentication::PrivateKeyJwt
    );

    let refused: [(&str, Spoil, &str); 10] = [
        ("no name", |w| w.name = "  ".into(), "application.name"),
        (
            "a long name",
            |w| w.name = "n".repeat(201),
            "application.name",
        ),
        (
            "a line break in the name",
            |w| w.name = "a\nb".into(),
            "application.name",
        ),
        ("no scope", |w| w.scope = String::new(), "at least one"),
        (
            "an unknown resource",
            |w| w.scope = "everything.r".into(),
            "no such resource",
        ),
        (
            "a wildcard",
            |w| w.scope = "referral.*".into(),
            "application.scopes",
        ),
        (
            "two spaces",
            |w| w.scope = "referral.r  consent.r".into(),
            "application.scopes",
        ),
        (
            "a long scope",
            |w| w.scope = "referral.r ".repeat(400),
            "application.scopes",
        ),
        (
            "neither key nor secret",
            |w| w.secret = false,
            "one of the two",
        ),
        ("both", |w| w.keys = vec![public_key().0], "one of the two"),
    ];
    for (what, spoil, why) in refused {
        let mut wanted = wanted();
        spoil(&mut wanted);
        let said = by_operator(&wanted).unwrap_err();
        assert!(said.contains(why), "{what}: {said}");
    }
}

#[test]
fn keys_are_few_public_and_told_apart() {
    let set = |keys: &[String]| key_set("keys", keys).map_err(|fault| fault.to_string());
    let (one, thumbprint) = public_key();
    let kept: Value =
        serde_json::from_str(&set(&[one.clone(), ED25519.to_owned()]).unwrap()).unwrap();
    assert_eq!(kept["keys"][0]["kid"], thumbprint.as_str());
    // A key without a name is named by its thumbprint.
    assert_eq!(kept["keys"][1]["kid"], ITS_THUMBPRINT);

    let with = |more: Value| {
        let mut key: Value = serde_json::from_str(&one).unwrap();
        let more = more.as_object().unwrap().clone();
        key.as_object_mut().unwrap().extend(more);
        key.to_string()
    };
    let chatty: Value =
        serde_json::from_str(&set(&[with(json!({ "x5u": "https://elsewhere.example" }))]).unwrap())
            .unwrap();
    assert!(chatty["keys"][0].get("x5u").is_none(), "{chatty}");

    let five: Vec<String> = (0..5).map(|_| public_key().0).collect();
    assert!(set(&five[..4]).is_ok());
    let named = |name: &str| {
        let (key, _) = public_key();
        let mut key: Value = serde_json::from_str(&key).unwrap();
        key["kid"] = json!(name);
        key.to_string()
    };
    let rsa = json!({ "kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw", "e": "AQAB" }).to_string();
    let refused = [
        ("none", vec![], "1 to 4"),
        ("five", five, "1 to 4"),
        (
            "the same twice",
            vec![one.clone(), with(json!({ "kid": "another name" }))],
            "by two names",
        ),
        (
            "one name for two",
            vec![named("a"), named("a")],
            "same `kid`",
        ),
        (
            "a private one",
            vec![with(json!({ "d": "c2VjcmV0" }))],
            "private",
        ),
        ("RSA", vec![rsa], "not accepted"),
        (
            "P-384",
            vec![with(json!({ "crv": "P-384" }))],
            "not accepted",
        ),
        (
            "for encryption",
            vec![with(json!({ "use": "enc" }))],
            "signatures",
        ),
        (
            "no JSON",
            vec!["-----BEGIN PUBLIC KEY-----".to_owned()],
            "JSON",
        ),
        (
            "a set",
            vec![json!({ "keys": [] }).to_string()],
            "public key",
        ),
        (
            "said twice",
            vec![one.replacen('{', r#"{"x":"AA","#, 1)],
            "repeated",
        ),
        (
            "too long",
            vec![with(json!({ "x5c": "A".repeat(MAX_KEY_TEXT) }))],
            "2048",
        ),
    ];
    for (what, keys, why) in refused {
        let said = set(&keys).unwrap_err();
        assert!(said.contains(why), "{what}: {said}");
        assert!(!said.contains("c2VjcmV0"), "{what}: {said}");
    }
}

/// Some of the scopes that a token may have.
const SCOPES: [&str; 10] = [
    "referral.r",
    "referral.rs",
    "referral.r?category=NEEDS",
    "referral.r?category=NEEDS,IDENTITY&purpose=HOUSING_PLACEMENT",
    "referral.r?purpose=HOUSING_PLACEMENT,LEGAL_REPRESENTATION",
    "referral.rs?purpose=LEGAL_REPRESENTATION",
    "consent.cru",
    "agency.c",
    "agency.cu",
    "audit.rs",
];

fn some_scopes() -> impl Strategy<Value = Scopes> {
    proptest::sample::subsequence(SCOPES.to_vec(), 1..5)
        .prop_map(|some| Scopes::parse(&some.join(" ")).unwrap())
}

/// Everything that the scopes allow, asked one by one.
fn allowed(scopes: &Scopes) -> Vec<String> {
    use concord::access::grant::{Permission, Resource};
    let mut all = Vec::new();
    for resource in Resource::ALL {
        for permission in Permission::ALL {
            for category in DataCategory::ALL {
                for purpose in Purpose::ALL {
                    if scopes.permits(*resource, *permission, *category, *purpose) {
                        all.push(format!("{resource:?} {permission:?} {category} {purpose}"));
                    }
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn nobody_registers_what_reaches_further(asked in some_scopes(), own in some_scopes()) {
        let wanted = ApplicationRequest { scope: asked.to_string(), ..wanted() };
        let own_reach = allowed(&own);
        let within = allowed(&asked).iter().all(|one| own_reach.contains(one));
        match check(&wanted, Registrar::Token { scopes: &own, bound: false }) {
            Ok(registration) => {
                prop_assert!(within);
                prop_assert_eq!(registration.scopes, asked);
            }
            Err(fault) => {
                prop_assert!(!within);
                prop_assert_eq!(fault, Error::forbidden_scope(asked.to_string()));
            }
        }
    }
}

const HOUR: Duration = Duration::from_hours(1);

fn secret(made: Instant, ends_at: Option<Instant>) -> application_secret::Model {
    application_secret::Model {
        id: SecretId::new(),
        application_id: ApplicationId::new(),
        hash: String::new(),
        created_at: made,
        ends_at,
    }
}

#[test]
fn a_new_secret_leaves_the_last_one_a_day_and_no_end_moves_later() {
    let now = Instant(1_900_000_000_000_000);
    assert_eq!(OVERLAP, 24 * HOUR);
    assert!(endings(&[], now).is_empty());

    let only = secret(now.minus(HOUR), None);
    assert_eq!(
        endings(std::slice::from_ref(&only), now),
        [(only.id, now.plus(OVERLAP))]
    );

    // Rotated an hour ago: the older of the two ends at once, whatever was said before.
    let older = secret(now.minus(9 * HOUR), Some(now.plus(23 * HOUR)));
    let newer = secret(now.minus(HOUR), None);
    for both in [
        [older.clone(), newer.clone()],
        [newer.clone(), older.clone()],
    ] {
        let mut ends = endings(&both, now);
        ends.sort_by_key(|(_, ends)| *ends);
        assert_eq!(ends, [(older.id, now), (newer.id, now.plus(OVERLAP))]);
    }

    // The one that remains ends sooner already.
    let ending = secret(now.minus(HOUR), Some(now.plus(HOUR)));
    assert!(endings(&[ending], now).is_empty());
}

fn an_agency() -> agency::Model {
    agency::Model {
        status: AgencyStatus::Active,
        token_epoch: 7,
        ..agency::Model::gone(AgencyId::new())
    }
}

fn a_place() -> membership::Model {
    membership::Model {
        task_force_id: TaskForceId::new(),
        agency_id: AgencyId::new(),
        role: MemberRole::Member,
        since: Instant(0),
        suspended_at: None,
        suspension_reason: None,
        standing_set_by: None,
        left_at: None,
        coordination_from: None,
        name_key: Some(NameKey::of("Harbor")),
        lookalike: 0,
    }
}

#[test]
fn a_suspension_has_a_reason_and_a_moment() {
    let now = Instant(1_900_000_000_000_000);
    let [by, other] = [(), ()].map(|()| Some(AgencyId::new()));
    let out = suspended(&a_place(), "  unpaid dues ", by, now);
    let out = out.unwrap().unwrap();
    assert_eq!(out.suspended_at, Some(now));
    assert_eq!(out.suspension_reason.as_deref(), Some("unpaid dues"));

    let same = suspended(&out, "unpaid dues", by, now).unwrap();
    assert_eq!(same, None);
    for (reason, by) in [("again", by), ("unpaid dues", other), ("unpaid dues", None)] {
        let twice = suspended(&out, reason, by, now).unwrap_err();
        assert_eq!(twice.code(), "INVALID_TRANSITION");
    }
    for reason in ["", "  ", &"r".repeat(501)] {
        let fault = suspended(&a_place(), reason, by, now).unwrap_err();
        assert_eq!(fault.code(), "BAD_USER_INPUT");
    }
    assert!(suspended(&a_place(), &"é".repeat(500), by, now).is_ok());

    let back = reinstated(&out, by).unwrap().unwrap();
    assert!(back.is_active());
    assert_eq!(back.suspension_reason, None);
    assert_eq!(reinstated(&back, by).unwrap(), None);
    for refused in [reinstated(&back, other), reinstated(&a_place(), by)] {
        assert_eq!(refused.unwrap_err().code(), "INVALID_TRANSITION");
    }
}

#[test]
fn whoever_is_suspended_everywhere_is_shut_out_and_begins_an_epoch() {
    let now = Instant(1_900_000_000_000_000);
    let (here, there) = (a_place(), a_place());
    let out_of =
        |place: membership::Model| suspended(&place, "review", None, now).unwrap().unwrap();
    let out = out_of(here.clone());
    let within = standing(an_agency(), &[out.clone(), there.clone()], now);
    assert_eq!(
        (within.status, within.token_epoch),
        (AgencyStatus::Active, 7)
    );
    let elsewhere = out_of(there);
    let shut = standing(an_agency(), &[out.clone(), elsewhere.clone()], now);
    assert_eq!(shut.status, AgencyStatus::Suspended);
    assert_eq!((shut.token_epoch, shut.epoch_began_at), (8, now));

    // Of whoever is shut out, nothing begins twice; and back in one task force it takes part again, in the new epoch.
    let later = now.plus(Duration::from_secs(1));
    assert_eq!(
        standing(shut.clone(), &[out, elsewhere.clone()], later),
        shut
    );
    let back = standing(shut, &[here, elsewhere], later);
    assert_eq!(back.status, AgencyStatus::Active);
    assert_eq!((back.token_epoch, back.epoch_began_at), (8, now));
}
