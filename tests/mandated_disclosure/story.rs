//! A mandated disclosure over the wire: recorded once, read by the discloser alone, its texts sealed.

use serde_json::{Value, json};

use crate::world::agency::{day, text};
use crate::world::{Agency, Server, World, on_both};

pub const RECORD: &str =
    "mutation($d: MandatedDisclosureInput!) { recordMandatedDisclosure(disclosure: $d) { id } }";
const SHOWN: &str = "instrument issuingAuthority citation datedOn disclosedOn survivor { id } recipient { id } \
    recipientOutside { kind name } orderedCategories categories purposes attempts { channel result } noNotice \
    protectiveSteps noProtection";

/// A text that nothing else contains.
const DOCKET: &str = "Zyxabel-26-CV-5550173301";

pub fn disclosure(survivor: &str, recipient: &Agency) -> Value {
    json!({
        "survivor": survivor, "instrument": "COURT_ORDER", "issuingAuthority": format!("Court of {DOCKET}"),
        "citation": DOCKET, "datedOn": day(-9), "disclosedOn": day(-1), "recipient": recipient.id.to_string(),
        "orderedCategories": ["IDENTITY", "SAFETY"], "categories": ["IDENTITY"], "minimumNecessary": true,
        "purposes": ["PROSECUTION"],
        "attempts": [{ "at": format!("{}T09:00:00Z", day(-2)), "channel": "PHONE", "result": "LEFT_NO_MESSAGE" }],
        "protectiveSteps": ["SEALED_FILING", "REDACTED"], "idempotencyKey": "once",
    })
}

fn counts(world: &World) -> String {
    let rows = "SELECT (SELECT count(*) FROM mandated_disclosure), (SELECT count(*) FROM idempotency), \
        (SELECT count(*) FROM audit_event WHERE kind = 'MANDATED_DISCLOSURE_RECORDED')";
    let keys = world.tampers_with_keyring("SELECT count(*) FROM record_key");
    format!("{} {keys}", world.tampers(rows))
}

async fn shows(agency: &Agency, id: &str) -> Value {
    let node = format!(
        "query($id: ID!) {{ node(id: $id) {{ ... on MandatedDisclosure {{ {SHOWN} }} }} }}"
    );
    agency.asks(&node, json!({ "id": id })).await.data()["node"].clone()
}

on_both!(a_mandated_disclosure_is_recorded_once_and_read_by_the_discloser_alone);
async fn a_mandated_disclosure_is_recorded_once_and_read_by_the_discloser_alone(world: World) {
    let mut talkative = Server::start_under(&world.flags(), &[("CONCORD_LOG", "trace")]);
    let (north, south) = world.agencies("north", "south").await;
    let north = north.at(&talkative.address);
    let ada = north.registers("Ada").await;
    let told = disclosure(&ada, &south);
    let first = north.asks(RECORD, json!({ "d": told })).await;
    let id = text(&first.data()["recordMandatedDisclosure"]["id"]);
    let again = north.asks(RECORD, json!({ "d": told })).await;
    assert_eq!(again.data(), first.data());
    let mut reworded = told.clone();
    reworded["citation"] = json!("another docket");
    let other = disclosure(&north.registers("Bea").await, &south);
    for other in [reworded, other] {
        let refused = north.asks(RECORD, json!({ "d": other })).await;
        assert_eq!(refused.codes(), "CONFLICT");
    }

    assert_eq!(
        shows(&north, &id).await,
        json!({
            "instrument": "COURT_ORDER", "issuingAuthority": format!("Court of {DOCKET}"), "citation": DOCKET,
            "datedOn": day(-9), "disclosedOn": day(-1), "survivor": { "id": ada },
            "recipient": { "id": south.id.to_string() }, "recipientOutside": null,
            "orderedCategories": ["IDENTITY", "SAFETY"], "categories": ["IDENTITY"], "purposes": ["PROSECUTION"],
            "attempts": [{ "channel": "PHONE", "result": "LEFT_NO_MESSAGE" }], "noNotice": null,
            "protectiveSteps": ["SEALED_FILING", "REDACTED"], "noProtection": null,
        })
    );
    let list =
        "query($s: ID) { mandatedDisclosures(survivor: $s) { edges { node { id citation } } } }";
    let edges = [json!({ "node": { "id": id, "citation": DOCKET } })];
    let listed = north.asks(list, json!({ "s": ada })).await;
    assert_eq!(listed.data()["mandatedDisclosures"]["edges"], json!(edges));
    for stranger in [&south, &world.coordinator()] {
        assert_eq!(shows(stranger, &id).await, Value::Null);
        for whose in [Value::Null, json!(ada)] {
            let listed = stranger.asks(list, json!({ "s": whose })).await;
            assert_eq!(listed.data()["mandatedDisclosures"]["edges"], json!([]));
        }
    }

    let log = "auditEvents(filter: { types: [MANDATED_DISCLOSURE_RECORDED] })";
    let shown = "reason object categories recipient { id }";
    assert_eq!(
        north.lists(log, shown).await,
        [
            json!({ "reason": "COURT_ORDER", "object": id, "categories": ["IDENTITY"],
                "recipient": { "id": south.id.to_string() } })
        ]
    );
    let rows = "SELECT leaf FROM audit_event";
    assert!(!world.tampers(rows).contains("Zyxabel"));
    let authority =
        "SELECT count(*) FROM mandated_disclosure WHERE CAST(attempts AS text) LIKE '%Zyxabel%'";
    assert_eq!(world.tampers(authority), "0");
    talkative.ends();
    assert!(talkative.logged().contains("answered"), "the log is silent");
    assert!(!talkative.logged().contains("Zyxabel"));
}

on_both!(what_the_law_does_not_demand_is_refused_and_leaves_nothing);
async fn what_the_law_does_not_demand_is_refused_and_leaves_nothing(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let before = counts(&world);
    for (field, wrong) in [
        ("instrument", json!("SUBPOENA")),
        ("citation", json!(" ")),
        ("datedOn", json!(day(3))),
        ("recipient", Value::Null),
        ("recipient", json!(north.id.to_string())),
        ("recipient", json!("agency_01h2xcejqtf2nbrexx3vqjhp41")),
        ("categories", json!(["MEDICAL"])),
        ("minimumNecessary", json!(false)),
        ("attempts", json!([])),
        ("protectiveSteps", json!([])),
    ] {
        let mut told = disclosure(&ada, &south);
        told[field] = wrong;
        let answer = north.asks(RECORD, json!({ "d": told })).await;
        answer.is_refused_for_input();
        assert!(!answer.text.contains("Zyxabel"), "{}", answer.text);
        let reason = answer.text.contains("not without a court's order");
        assert_eq!(reason, field == "instrument", "{}", answer.text);
    }
    let told = disclosure(&ada, &north);
    assert_eq!(
        south.asks(RECORD, json!({ "d": told })).await.codes(),
        "NOT_FOUND"
    );
    assert_eq!(counts(&world), before);
}

on_both!(without_its_key_a_record_keeps_its_codes_and_loses_its_texts);
async fn without_its_key_a_record_keeps_its_codes_and_loses_its_texts(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let mut told = disclosure(&ada, &south);
    told["recipient"] = Value::Null;
    told["recipientOutside"] = json!({ "kind": "COURT", "name": "Family Court" });
    let made = north.asks(RECORD, json!({ "d": told })).await;
    let id = text(&made.data()["recordMandatedDisclosure"]["id"]);
    let named = json!({ "kind": "COURT", "name": "Family Court" });
    assert_eq!(shows(&north, &id).await["recipientOutside"], named);
    world.tampers_with_keyring("DELETE FROM record_key");
    let shown = shows(&north, &id).await;
    assert_eq!(shown["citation"], Value::Null);
    assert_eq!(
        shown["recipientOutside"],
        json!({ "kind": "COURT", "name": null })
    );
    assert_eq!(shown["categories"], json!(["IDENTITY"]));
}
