//! A token from its first breath to its end: given, narrowed, used, looked at, taken back, and all of it on record.

use concord_entities::vocabulary::DataCategory::{Contact, Identity, Needs};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::partner::{ACCESS_TOKEN, Partner, Said, claimed, reasons, signature_of};
use crate::jose::hand::Hand;
use crate::world::agency::PACKAGE;
use crate::world::{Agency, World, on_both};

const WIDE: &str = "referral.rs agency.r audit.rs";
const NARROW: &str = "referral.rs?category=NEEDS&purpose=SERVICE_DELIVERY";
const VIEWER: &str = "{ viewer { subject client agency { id } scopes application { id } } }";

on_both!(a_partner_gets_narrows_inspects_and_loses_a_token);
async fn a_partner_gets_narrows_inspects_and_loses_a_token(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south);
    let told = told.sharing([Identity, Contact, Needs]).await;
    let program = Partner::with_key(&world, &south, WIDE, Hand::ed25519());
    let manager = Partner::with_secret(&world, &south, WIDE);
    let stranger = Partner::with_secret(&world, &north, WIDE);

    let first = program.token(&[]).await;
    is_a_token(&program, &first, WIDE, None).await;
    let own = south.with(first.access_token());
    let viewer = own.asks(VIEWER, Value::Null).await.data()["viewer"].clone();
    assert_eq!(
        viewer,
        json!({ "subject": program.id, "client": program.id, "agency": { "id": south.id.to_string() },
                "scopes": WIDE.split(' ').collect::<Vec<_>>(), "application": { "id": program.id } })
    );
    assert!(own.reads(&told).await.starts_with("identity: Ada"));

    // Another program of the same agency narrows it to one user, one purpose and one category.
    let narrowing = [("requested_subject", "case worker 7"), ("scope", NARROW)];
    let second = manager.exchanges(&first.access_token(), &narrowing).await;
    assert_eq!(second.body["issued_token_type"], ACCESS_TOKEN);
    let parent = claimed(&first.access_token());
    is_a_token(&manager, &second, NARROW, Some((&parent, "case worker 7"))).await;
    let worker = south.with(second.access_token());
    // Its one purpose need not be stated.
    let unstated = worker.asks(PACKAGE, json!({ "id": told.referral })).await;
    let package = &unstated.data()["referral"]["package"];
    assert_eq!(package["needs"]["request"], "Ada");
    assert_eq!(
        worker.reads(&told).await,
        "needs: Ada   withheld: identity, demographics, contact, location, family, language, safety, exploitation, \
         medical, mental_health, substance_use, immigration, legal, financial (TOKEN_TOO_NARROW)"
    );
    let other_purpose = worker.reads_for(&told, "HOUSING_PLACEMENT").await;
    assert!(!other_purpose.contains("Ada"), "{other_purpose}");

    is_worth(&manager, &stranger, &second, "case worker 7").await;
    is_worth(&program, &stranger, &first, &program.id).await;

    // Who gave it up names it by its `jti`. What was exchanged for it is over as well, wherever it is brought.
    let done = program.revokes(&first.jti()).await;
    assert_eq!((done.status, done.text.as_str()), (200, "{}"));
    for (over, whose) in [(&own, &first), (&worker, &second)] {
        let answer = over.asks(VIEWER, Value::Null).await;
        assert_eq!(
            (answer.status, answer.codes().as_str()),
            (401, "UNAUTHENTICATED")
        );
        let worth = manager.introspects(&whose.access_token()).await;
        assert_eq!(worth.text, r#"{"active":false}"#);
        let again = manager.exchanges(&whose.access_token(), &[]).await;
        assert_eq!(again.refusal(), "400 invalid_request");
    }
    let wrong = Partner {
        means: super::partner::Means::Secret("concord_wrong".to_owned()),
        ..Partner::with_secret(&world, &south, WIDE)
    };
    assert_eq!(wrong.token(&[]).await.refusal(), "401 invalid_client");

    is_on_record(
        &world,
        &south,
        [&program, &manager, &wrong],
        [&first, &second],
    )
    .await;
    let written = world.tampers("SELECT leaf FROM audit_event");
    for secret in [
        signature_of(&first.access_token()),
        signature_of(&second.access_token()),
        manager.secret().strip_prefix("concord_").unwrap(),
        "concord_wrong",
    ] {
        assert!(!written.contains(secret), "a leaf tells {secret}");
    }
}

/// The answer of RFC 6749, 5.1 with a token of RFC 9068 that our published keys prove.
async fn is_a_token(client: &Partner, given: &Said, scope: &str, of: Option<(&Value, &str)>) {
    let token = given.access_token();
    assert_eq!(given.headers["content-type"], "application/json");
    assert_eq!(given.headers["pragma"], "no-cache");
    assert_eq!(given.body["token_type"], "Bearer");
    assert_eq!(given.body["scope"], scope);
    assert_eq!(given.body.get("refresh_token"), None);

    let url = format!("http://{}/.well-known/jwks.json", client.address);
    let keys: JwkSet = client
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let header = decode_header(&token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
    let mut expected = Validation::new(Algorithm::ES256);
    expected.set_issuer(&[&client.issuer]);
    expected.set_audience(&[&client.audience]);
    expected.validate_nbf = true;
    expected.leeway = 1;
    let key = DecodingKey::from_jwk(key).unwrap();
    let claims = decode::<Value>(&token, &key, &expected).unwrap().claims;

    let moment = |claim: &str| claims[claim].as_i64().unwrap();
    let life = given.body["expires_in"].as_i64().unwrap();
    assert_eq!(moment("exp") - moment("iat"), life);
    assert_eq!(moment("nbf"), moment("iat"));
    assert_eq!(claims["aud"], client.audience.as_str());
    let mut left = claims.as_object().unwrap().clone();
    for told in ["iss", "aud", "iat", "nbf", "exp", "jti", "agency"] {
        assert!(left.remove(told).is_some(), "no {told}");
    }
    let mut rest = json!({ "sub": client.id, "client_id": client.id, "scope": scope, "epoch": 1 });
    match of {
        None => assert_eq!(life, 300),
        Some((parent, subject)) => {
            assert!(moment("exp") <= parent["exp"].as_i64().unwrap());
            assert_ne!(claims["jti"], parent["jti"]);
            assert_eq!(claims["agency"], parent["agency"]);
            rest["sub"] = json!(subject);
            rest["act"] = json!({ "sub": client.id });
        }
    }
    assert_eq!(Value::Object(left), rest);
}

/// To its own agency a token is worth what it claims, to another nothing.
async fn is_worth(own: &Partner, other: &Partner, given: &Said, subject: &str) {
    let token = given.access_token();
    let claims = claimed(&token);
    let worth = own.introspects(&token).await;
    assert_eq!(worth.status, 200, "{}", worth.text);
    assert_eq!(worth.headers["content-type"], "application/json");
    let mut expected = json!({ "active": true, "token_type": "Bearer", "sub": subject });
    for claim in [
        "scope",
        "client_id",
        "aud",
        "iss",
        "iat",
        "nbf",
        "exp",
        "jti",
        "agency",
    ] {
        expected[claim] = claims[claim].clone();
    }
    if let Some(actor) = claims.get("act") {
        expected["act"] = actor.clone();
    }
    assert_eq!(worth.body, expected);
    let worth = other.introspects(&token).await;
    assert_eq!(
        (worth.status, worth.text.as_str()),
        (200, r#"{"active":false}"#)
    );
    let foreign = other.revokes(&token).await;
    assert_eq!(foreign.refusal(), "400 unauthorized_client");
    assert_eq!(own.introspects(&token).await.body["active"], true);
}

/// Whoever may read the agency's log finds each step there.
async fn is_on_record(
    world: &World,
    agency: &Agency,
    [program, manager, wrong]: [&Partner; 3],
    [first, second]: [&Said; 2],
) {
    let log = "auditEvents(first: 100, filter: { types: [TOKEN_ISSUED, TOKEN_EXCHANGED, TOKEN_REVOKED, CLIENT_REFUSED] })";
    let shown = "type outcome reason client subject tokenId object objects";
    let mut told = agency.lists(log, shown).await;
    told.reverse();
    let event = |kind: &str, by: &Partner, subject: &str, object: Option<String>, more: Value| {
        let mut event = json!({ "type": kind, "outcome": "SUCCESS", "reason": null, "client": by.id,
            "subject": subject, "tokenId": null, "object": object, "objects": [] });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    };
    let refused = |by, subject: &str, why: &str| {
        let more = json!({ "outcome": "REFUSED", "reason": why });
        event("CLIENT_REFUSED", by, subject, None, more)
    };
    let (parent, child) = (first.jti(), second.jti());
    let exchanged = json!({ "tokenId": parent, "objects": [parent] });
    assert_eq!(
        told,
        [
            event(
                "TOKEN_ISSUED",
                program,
                &program.id,
                Some(parent.clone()),
                json!({})
            ),
            event(
                "TOKEN_EXCHANGED",
                manager,
                "case worker 7",
                Some(child),
                exchanged
            ),
            event(
                "TOKEN_REVOKED",
                program,
                &program.id,
                Some(parent.clone()),
                json!({})
            ),
            refused(manager, "", "standing"),
            refused(manager, "", "standing"),
            refused(wrong, "", "wrong_secret"),
        ]
    );
    // Tokens that are over name their agency; the two were brought to `/graphql` once each.
    let over = reasons(world, "TOKEN_REFUSED");
    assert_eq!(
        over.into_iter().collect::<Vec<_>>(),
        [("standing".to_owned(), 2)]
    );
    let log = "auditEvents(filter: { types: [TOKEN_REFUSED] })";
    let refused = agency.lists(log, "tokenId reason").await;
    assert!(refused.contains(&json!({ "tokenId": parent, "reason": "standing" })));
}
