//! Which provider may be registered, and what its tokens may do.

use std::collections::BTreeMap;

use std::time::Duration;

use concord::access::issuer::rules::{IssuerError, IssuerRegistration};
use concord::access::scope::{Scopes, narrower};
use concord_entities::trusted_issuer::Mapping;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const CEILING: &str = "consent.r referral.rs?category=NEEDS,LANGUAGE";

fn good() -> IssuerRegistration {
    IssuerRegistration {
        issuer: "https://login.example/realms/north".to_owned(),
        jwks_uri: "https://login.example/realms/north/certs".to_owned(),
        token_type: "at+jwt".to_owned(),
        algorithms: vec!["ES256".to_owned()],
        scope: CEILING.to_owned(),
        mapping: None,
        audience: None,
        max_life: None,
    }
}

fn mapping(claim: &str, values: Option<&[(&str, &str)]>) -> Mapping {
    let own = |(value, scope): &(&str, &str)| ((*value).to_owned(), (*scope).to_owned());
    Mapping {
        claim: claim.to_owned(),
        values: values.map(|values| values.iter().map(own).collect()),
    }
}

fn fault(change: impl FnOnce(&mut IssuerRegistration)) -> String {
    let mut registration = good();
    change(&mut registration);
    match registration.terms() {
        Ok(_) => "fit".to_owned(),
        Err(unfit) => unfit.to_string(),
    }
}

#[test]
fn an_issuer_is_a_plain_https_url() {
    let issuer = |text: &str| fault(|registration| registration.issuer = text.to_owned());
    for fit in [
        "https://login.example",
        "https://login.example/",
        "https://login.example:8443/realms/north",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://[2606:4700::1]/",
    ] {
        assert_eq!(issuer(fit), "fit", "{fit}");
    }
    let plain = "the issuer: an https:// URL in plain ASCII, without spaces";
    for (unfit, why) in [
        ("http://login.example", plain),
        ("HTTPS://login.example", plain),
        ("https:/login.example", plain),
        ("https:\\\\login.example", plain),
        ("https://login.example\\@elsewhere.example", plain),
        (" https://login.example", plain),
        ("https://login.example ", plain),
        ("https://login.exa\tmple", plain),
        ("https://lögin.example", plain),
        ("https://", plain),
        ("https:///realms", plain),
        ("https://login.example:port", plain),
        ("", plain),
        (
            "https://user@login.example",
            "the issuer: no user name or password in it",
        ),
        (
            "https://user:word@login.example",
            "the issuer: no user name or password in it",
        ),
        (
            "https://@login.example",
            "the issuer: no user name or password in it",
        ),
        (
            "https://login.example?tenant=north",
            "the issuer: no query in it",
        ),
        ("https://login.example/?", "the issuer: no query in it"),
        (
            "https://login.example#north",
            "the issuer: no fragment in it",
        ),
    ] {
        assert_eq!(issuer(unfit), why, "{unfit}");
    }
    let long = format!("https://login.example/{}", "x".repeat(512));
    assert_eq!(issuer(&long), "the issuer: too long");
}

#[test]
fn keys_are_at_an_https_url() {
    let uri = |text: &str| fault(|registration| registration.jwks_uri = text.to_owned());
    assert_eq!(uri("https://login.example/keys?tenant=north"), "fit");
    for unfit in [
        "http://login.example/keys",
        "https://a@login.example/",
        "https://l.example/#x",
    ] {
        assert!(
            uri(unfit).starts_with("the JWKS URI: "),
            "{unfit}: {}",
            uri(unfit)
        );
    }
}

#[test]
fn types_and_algorithms_are_of_the_list() {
    let kind = |text: &str| fault(|registration| registration.token_type = text.to_owned());
    assert_eq!(kind("JWT"), "fit");
    for unfit in ["", "jwt", "AT+JWT", "application/at+jwt", "id+jwt"] {
        assert!(kind(unfit).starts_with("the token type: "), "{unfit}");
    }
    let algorithms = |list: &[&str]| {
        let list = list.iter().map(|name| (*name).to_owned()).collect();
        fault(|registration| registration.algorithms = list)
    };
    assert_eq!(algorithms(&["ES256", "EdDSA", "RS256", "PS256"]), "fit");
    for unfit in [
        &[][..],
        &["none"],
        &["HS256"],
        &["ES256", "ES256"],
        &["ES256", "RS1"],
        &["es256"],
    ] {
        assert!(
            algorithms(unfit).starts_with("the algorithms: "),
            "{unfit:?}"
        );
    }
}

#[test]
fn a_ceiling_allows_something() {
    let scope = |text: &str| fault(|registration| registration.scope = text.to_owned());
    assert_eq!(scope("directory.r"), "fit");
    assert_eq!(scope(""), "the scope allows nothing");
    assert!(scope("everything.crud").starts_with("the scope: scope 1: "));
}

#[test]
fn a_mapping_stays_below_the_ceiling() {
    let mapped = |claim: &str, values: Option<&[(&str, &str)]>| {
        fault(|registration| registration.mapping = Some(mapping(claim, values)))
    };
    assert_eq!(mapped("roles", None), "fit");
    assert_eq!(
        mapped("roles", Some(&[("reader", "referral.r?category=NEEDS")])),
        "fit"
    );
    assert_eq!(mapped("roles", Some(&[("nobody", "")])), "fit");
    let name = "the mapped claim: a name of 1 to 128 bytes without control characters";
    assert_eq!(mapped("", None), name);
    assert_eq!(mapped("ro\nles", None), name);
    assert_eq!(mapped(&"x".repeat(129), None), name);
    assert_eq!(
        mapped("roles", Some(&[])),
        "the mapped values: from 1 to 256 of them"
    );
    assert!(mapped("roles", Some(&[("", "consent.r")])).starts_with("a mapped value: "));
    assert_eq!(
        mapped(
            "roles",
            Some(&[("all", "consent.r"), ("more", "referral.r")])
        ),
        "the scope of the mapped value `more` reaches beyond the issuer's own scope"
    );
    let spoilt = mapped("roles", Some(&[("odd", "consent.q")]));
    assert!(
        spoilt.starts_with("the scope of the mapped value `odd`: scope 1: "),
        "{spoilt}"
    );
}

fn grants(mapping: Mapping, claim: Option<&Value>) -> String {
    let registration = IssuerRegistration {
        mapping: Some(mapping),
        ..good()
    };
    registration.terms().unwrap().grants(claim).to_string()
}

#[test]
fn without_a_mapping_a_token_carries_the_ceiling() {
    let terms = good().terms().unwrap();
    let ceiling = Scopes::parse(CEILING).unwrap();
    assert_eq!(terms.grants(None), ceiling);
    assert_eq!(terms.grants(Some(&json!("agency.c"))), ceiling);
}

#[test]
fn a_table_gives_what_the_claim_names() {
    let table = [
        ("reader", "referral.r?category=NEEDS"),
        ("Case Workers", "consent.r"),
        ("lister", "referral.s?category=NEEDS"),
    ];
    let gives = |claim: Option<&Value>| grants(mapping("roles", Some(&table)), claim);
    let (read, list) = ("referral.r?category=NEEDS", "referral.s?category=NEEDS");
    let both = "referral.rs?category=NEEDS";
    for (claim, given) in [
        (json!("reader"), read),
        (json!("stranger reader  lister"), both),
        (json!(["reader", "lister", "reader"]), both),
        (json!(["lister", "stranger"]), list),
        (json!("Case Workers"), "consent.r"),
        (json!(["Case Workers"]), "consent.r"),
        // A value of a list is one value, whatever it is made of.
        (json!(["reader lister"]), ""),
        (json!("READER"), ""),
        (json!("stranger"), ""),
        (json!(""), ""),
        (json!([]), ""),
        (json!(["reader", 7]), ""),
        (json!([["reader"]]), ""),
        (json!({ "reader": true }), ""),
        (json!(null), ""),
        (json!(true), ""),
    ] {
        assert_eq!(gives(Some(&claim)), given, "{claim}");
    }
    assert_eq!(gives(None), "");
}

#[test]
fn without_a_table_the_claim_says_scopes() {
    let gives = |claim: Option<&Value>| grants(mapping("scope", None), claim);
    for (claim, given) in [
        (json!("consent.r"), "consent.r"),
        (
            json!(["consent.r", "referral.s?category=NEEDS"]),
            "referral.s?category=NEEDS consent.r",
        ),
        // Anything that is not understood, or reaches too far, spoils it all.
        (json!("openid consent.r"), ""),
        (json!("consent.r agency.c"), ""),
        (json!("referral.rs"), ""),
        (json!(""), ""),
        (json!(["consent.r", 7]), ""),
        (json!(7), ""),
    ] {
        assert_eq!(gives(Some(&claim)), given, "{claim}");
    }
    assert_eq!(gives(None), "");
}

const FRAGMENTS: [&str; 8] = [
    "consent.r",
    "consent.cr",
    "referral.r",
    "referral.rs",
    "referral.r?category=NEEDS",
    "referral.rs?category=NEEDS,LANGUAGE&purpose=HOUSING_PLACEMENT",
    "referral.r?purpose=SERVICE_DELIVERY",
    "agency.c",
];

fn text() -> impl Strategy<Value = String> {
    subsequence(&FRAGMENTS[..], 0..4).prop_map(|fragments| fragments.join(" "))
}

fn claim() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        select(&["a", "b", "c", "a b", "x"][..]).prop_map(str::to_owned),
        text(),
    ];
    prop_oneof![
        word.clone().prop_map(Value::from),
        proptest::collection::vec(word, 0..4).prop_map(Value::from),
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
    ]
}

fn table() -> impl Strategy<Value = Option<BTreeMap<String, String>>> {
    let value = select(&["a", "b", "c"][..]).prop_map(str::to_owned);
    proptest::option::of(proptest::collection::btree_map(value, text(), 1..4))
}

proptest! {
    #[test]
    fn no_token_ever_reaches_beyond_the_ceiling(
        scope in text(),
        values in table(),
        claim in proptest::option::of(claim()),
    ) {
        let ceiling = Scopes::parse(&scope).unwrap();
        let wider = values.iter().flatten().any(|(_, scope)| {
            !narrower(&Scopes::parse(scope).unwrap(), &ceiling)
        });
        let mapping = Some(Mapping { claim: "roles".to_owned(), values });
        let registration = IssuerRegistration { scope, mapping, ..good() };
        match registration.terms() {
            Ok(terms) => {
                prop_assert!(!wider, "something reaches too far");
                let given = terms.grants(claim.as_ref());
                prop_assert!(narrower(&given, &ceiling), "{given}");
                prop_assert!(terms.grants(None).is_empty());
            }
            Err(IssuerError::Nothing) => prop_assert!(ceiling.is_empty()),
            Err(IssuerError::Wider(_)) => prop_assert!(wider, "nothing reaches too far"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn an_audience_and_a_longest_life_are_what_they_can_be() {
    for audience in [
        "api://default",
        "concord",
        "00001111-aaaa-2222-bbbb-3333cccc4444",
    ] {
        let registration = IssuerRegistration {
            audience: Some(audience.to_owned()),
            ..good()
        };
        assert_eq!(registration.terms().unwrap().audience(), Some(audience));
    }
    for audience in [
        String::new(),
        "two words".to_owned(),
        "\u{e4}".to_owned(),
        "x".repeat(513),
    ] {
        let registration = IssuerRegistration {
            audience: Some(audience),
            ..good()
        };
        assert_eq!(registration.terms().unwrap_err(), IssuerError::Audience);
    }
    let life = |seconds: u64| {
        let registration = IssuerRegistration {
            max_life: Some(Duration::from_secs(seconds)),
            ..good()
        };
        registration.terms().map(|terms| terms.max_life())
    };
    assert_eq!(good().terms().unwrap().max_life(), Duration::from_hours(24));
    assert_eq!(life(60), Ok(Duration::from_mins(1)));
    assert_eq!(life(86_400), Ok(Duration::from_hours(24)));
    for beyond in [0, 59, 86_401, u64::MAX] {
        assert_eq!(life(beyond), Err(IssuerError::MaxLife));
    }
}
