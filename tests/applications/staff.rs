//! Somebody leaves: every token of theirs is over, whoever issued it, and they get no new one until they return.

use concord::access::token::Claims;
use serde_json::{Value, json};

use super::{all, carrying, everywhere, recorded, verdict, with_a_secret};
use crate::oauth::partner::Partner;
use crate::world::agency::text;
use crate::world::{Agency, Answer, Database, EVERYTHING, World, on_both};

const END: &str = "mutation($s: String!) { endSubject(subject: $s) { subject endedAt reinstatedAt lastActedAt applications } }";
const REINSTATE: &str =
    "mutation($s: String!) { reinstateSubject(subject: $s) { subject endedAt reinstatedAt } }";
const SCOPE: &str = "agency.cr referral.r";

async fn ends(who: &Agency, subject: &str) -> Answer {
    who.asks(END, json!({ "s": subject })).await
}

/// The agency, with a token of the command line's for this person.
async fn person(world: &World, agency: &Agency, subject: &str) -> Agency {
    let claims = Claims {
        subject: subject.to_owned(),
        ..world.claims(agency.id, EVERYTHING)
    };
    carrying(world, agency, &claims).await
}

on_both!(whoever_leaves_has_no_token_and_gets_none);
async fn whoever_leaves_has_no_token_and_gets_none(world: World) {
    let other = world.second_server();
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let desk = Partner::with_secret(&world, &north, SCOPE);
    let own = desk.token(&[]).await.access_token();
    let for_ada = [("requested_subject", "Ada \"A\" 100%_")];
    let ada = "Ada \"A\" 100%_";
    let direct = person(&world, &north, ada).await;
    let exchanged = north.with(desk.exchanges(&own, &for_ada).await.access_token());
    let again = desk.exchanges(&exchanged.token, &[]).await.access_token();
    let again = north.with(again);
    let (id, _) = with_a_secret(&direct, "referral.r").await;
    let bea = person(&world, &north, "bea").await;
    let namesake = person(&world, &south, ada).await;

    let ended = ends(&north, ada).await.data()["endSubject"].clone();
    assert_eq!(ended["subject"], ada);
    assert_eq!(ended["reinstatedAt"], Value::Null);
    assert!(ended["lastActedAt"].is_string(), "{ended}");
    assert_eq!(ended["applications"], json!([id]));
    for over in [&direct, &exchanged, &again] {
        let verdicts = everywhere(&world, other.as_ref(), over).await;
        all(&verdicts, "UNAUTHENTICATED");
        assert_eq!(desk.introspects(&over.token).await.body["active"], false);
    }
    for living in [&bea, &namesake, &north, &north.with(own.clone())] {
        all(&everywhere(&world, other.as_ref(), living).await, "ok");
    }
    // Not by any exchange, not by hand.
    let refused = desk.exchanges(&own, &for_ada).await;
    assert_eq!(refused.refusal(), "400 invalid_request");
    assert!(
        refused.text.contains("reinstateSubject"),
        "{}",
        refused.text
    );
    let new = person(&world, &north, ada).await;
    all(&everywhere(&world, None, &new).await, "UNAUTHENTICATED");

    // Once more changes nothing.
    let once_more = ends(&north, ada).await.data()["endSubject"].clone();
    assert_eq!(once_more["endedAt"], ended["endedAt"]);

    let back = north.asks(REINSTATE, json!({ "s": ada })).await;
    let back = back.data()["reinstateSubject"].clone();
    assert!(back["reinstatedAt"].is_string());
    let repeated = north.asks(REINSTATE, json!({ "s": ada })).await;
    assert_eq!(repeated.data()["reinstateSubject"], back);
    for over in [&direct, &exchanged, &again] {
        let verdicts = everywhere(&world, other.as_ref(), over).await;
        all(&verdicts, "UNAUTHENTICATED");
    }
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    let given = loop {
        // From the second after the ending on.
        let given = desk.exchanges(&own, &for_ada).await;
        if given.status == 200 || tokio::time::Instant::now() > deadline {
            break given.access_token();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    let verdicts = everywhere(&world, other.as_ref(), &north.with(given)).await;
    all(&verdicts, "ok");

    let kinds = "auditEvents(filter: { types: [SUBJECT_ENDED, SUBJECT_REINSTATED] })";
    let log = north.lists(kinds, "type object objects").await;
    let told: Vec<_> = log.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(told, ["SUBJECT_REINSTATED", "SUBJECT_ENDED"]);
    assert_eq!(log[1]["object"], ada);
    let elsewhere = south.lists(kinds, "type").await;
    assert_eq!(elsewhere, Vec::<Value>::new());
}

#[tokio::test]
async fn only_a_person_of_ones_own_is_ended() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let ada = person(&world, &north, "ada").await;
    let theirs = ends(&south, "ada").await.data()["endSubject"].clone();
    assert_eq!(theirs["lastActedAt"], Value::Null);
    all(&everywhere(&world, None, &ada).await, "ok");

    let (program, _) = with_a_secret(&north, "referral.r").await;
    for nobody in ["", "a\u{7}b", &"x".repeat(129), &program] {
        assert_eq!(verdict(&ends(&north, nobody).await), "BAD_USER_INPUT");
    }
    let unknown = north.asks(REINSTATE, json!({ "s": "ada" })).await;
    assert_eq!(verdict(&unknown), "NOT_FOUND");
    // Whoever leaves may say so themselves, once.
    assert_eq!(verdict(&ends(&ada, "ada").await), "ok");
    all(&everywhere(&world, None, &ada).await, "UNAUTHENTICATED");
    assert_eq!(recorded(&north, &program).await, ["APPLICATION_REGISTERED"]);
}

on_both!(the_audit_is_filtered_by_who_acted);
async fn the_audit_is_filtered_by_who_acted(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let names = [
        "ada",
        "ada_",
        "ad%",
        "a\\da",
        "Ada \"A\"",
        "Ada \"B\"",
        "\u{e4}da",
    ];
    for name in names {
        let who = person(&world, &north, name).await;
        all(&everywhere(&world, None, &who).await, "ok");
        let survivor =
            "mutation { registerSurvivor(survivor: { pseudonym: \"p\", ageGroup: ADULT }) { id } }";
        let survivor = survivor.replace("\"p\"", &json!(format!("of {name}")).to_string());
        who.asks(&survivor, Value::Null).await.data();
    }
    let list = "query($f: AuditFilter!, $n: Int, $a: String) { auditEvents(filter: $f, first: $n, after: $a) \
        { edges { cursor node { subject type } } pageInfo { hasNextPage } } }";
    let asks = async |who: &Agency, filter: Value, after: Value| {
        let variables = json!({ "f": filter, "n": 2, "a": after });
        who.asks(list, variables).await.data()["auditEvents"].clone()
    };
    for name in names {
        let page = asks(&north, json!({ "subject": name }), Value::Null).await;
        let edges = page["edges"].as_array().unwrap();
        assert_eq!(edges.len(), 2, "{name}: {page}");
        assert!(
            edges.iter().all(|edge| edge["node"]["subject"] == name),
            "{page}"
        );
        let after = edges[1]["cursor"].clone();
        let rest = asks(&north, json!({ "subject": name }), after).await;
        assert!(rest["edges"].as_array().unwrap().len() <= 2);
        let types = json!({ "subject": name, "types": ["SURVIVOR_REGISTERED"] });
        let page = asks(&north, types, Value::Null).await;
        assert_eq!(page["edges"].as_array().unwrap().len(), 1, "{name}");
    }
    let none = |page: Value| assert_eq!(page["edges"], json!([]));
    none(asks(&north, json!({ "subject": "Ada \"" }), Value::Null).await);
    none(asks(&south, json!({ "subject": "ada" }), Value::Null).await);
    // Of another agency's people, only whoever may see its events learns.
    let of_north = json!({ "subject": "ada", "agency": north.id.to_string() });
    none(asks(&south, of_north.clone(), Value::Null).await);
    let seen = asks(&world.coordinator(), of_north, Value::Null).await;
    assert_eq!(seen["edges"].as_array().unwrap().len(), 2);
    let bad = json!({ "f": { "subject": "" } });
    north.asks(list, bad).await.is_refused_for("filter.subject");
}
