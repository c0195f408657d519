//! A hold over the wire: recorded once, read by its own agency alone, its texts sealed.

use serde_json::{Value, json};

use crate::world::agency::{day, text};
use crate::world::{Agency, Answer, Server, World, on_both};

pub const RECORD: &str =
    "mutation($h: LegalHoldInput!) { recordLegalHold(hold: $h) { id inForce } }";
pub const SHOWN: &str = "ground issuedOn endsOn inForce counselOffice reference releasedAt";

/// A text that nothing else contains.
pub const CASE: &str = "Zyxabel-26-CV-5550173301";

pub fn hold(survivor: &str) -> Value {
    json!({
        "survivor": survivor, "ground": "COURT_ORDER", "issuedOn": day(-3), "endsOn": day(90),
        "counselOffice": format!("Office of counsel, {CASE}"), "reference": CASE,
    })
}

/// Has a hold recorded; returns its id.
pub async fn records(agency: &Agency, hold: &Value) -> String {
    let recorded = agency.asks(RECORD, json!({ "h": hold })).await;
    let recorded = &recorded.data()["recordLegalHold"];
    assert_eq!(recorded["inForce"], true);
    text(&recorded["id"])
}

pub async fn releases(agency: &Agency, hold: &str) -> Answer {
    agency
        .changes("releaseLegalHold", hold, "inForce releasedAt")
        .await
}

pub async fn shows(agency: &Agency, hold: &str) -> Value {
    agency.finds("LegalHold", hold, SHOWN).await
}

/// The holds on a survivor, newest first, by their ids.
pub async fn holds_on(agency: &Agency, survivor: &str) -> Value {
    let shown = "legalHolds { edges { node { id } } }";
    let survivor = agency.finds("Survivor", survivor, shown).await;
    let Some(edges) = survivor["legalHolds"]["edges"].as_array() else {
        return Value::Null;
    };
    edges
        .iter()
        .map(|edge| edge["node"]["id"].clone())
        .collect()
}

on_both!(a_hold_is_recorded_once_and_read_by_its_own_agency_alone);
async fn a_hold_is_recorded_once_and_read_by_its_own_agency_alone(world: World) {
    let mut talkative = Server::start_under(&world.flags(), &[("CONCORD_LOG", "trace")]);
    let (north, south) = world.agencies("north", "south").await;
    let north = north.at(&talkative.address);
    let ada = north.registers("Ada").await;
    let mut told = hold(&ada);
    told["idempotencyKey"] = json!("once");
    let id = records(&north, &told).await;
    assert_eq!(records(&north, &told).await, id);
    told["reference"] = json!("another case");
    let other = north.asks(RECORD, json!({ "h": told })).await;
    assert_eq!(other.codes(), "CONFLICT");

    let shown = json!({
        "ground": "COURT_ORDER", "issuedOn": day(-3), "endsOn": day(90), "inForce": true,
        "counselOffice": format!("Office of counsel, {CASE}"), "reference": CASE, "releasedAt": null,
    });
    assert_eq!(shows(&north, &id).await, shown);
    let mut open = hold(&ada);
    open["endsOn"] = Value::Null;
    open["reference"] = Value::Null;
    let second = records(&north, &open).await;
    let shown = shows(&north, &second).await;
    assert_eq!([&shown["endsOn"], &shown["reference"]], [&Value::Null; 2]);
    assert_eq!(holds_on(&north, &ada).await, json!([second, id]));

    for stranger in [&south, &world.coordinator()] {
        assert_eq!(shows(stranger, &id).await, Value::Null);
        assert_eq!(holds_on(stranger, &ada).await, Value::Null);
        assert_eq!(releases(stranger, &id).await.codes(), "NOT_FOUND");
        let theirs = stranger.asks(RECORD, json!({ "h": hold(&ada) })).await;
        assert_eq!(theirs.codes(), "NOT_FOUND");
    }

    let log = "auditEvents(filter: { types: [LEGAL_HOLD_RECORDED] })";
    let recorded = |id| json!({ "reason": "COURT_ORDER", "object": id, "recipient": null });
    assert_eq!(
        north.lists(log, "reason object recipient { id }").await,
        [recorded(&second), recorded(&id)]
    );
    assert_eq!(south.lists(log, "id").await, [] as [Value; 0]);
    for of in ["leaf FROM audit_event", "* FROM idempotency"] {
        let stored = world.tampers(&format!("SELECT {of}"));
        assert!(!stored.contains("Zyxabel"), "{stored}");
    }
    talkative.ends();
    assert!(talkative.logged().contains("answered"), "the log is silent");
    assert!(!talkative.logged().contains("Zyxabel"));
}

on_both!(a_hold_that_cannot_be_is_refused_and_leaves_nothing);
async fn a_hold_that_cannot_be_is_refused_and_leaves_nothing(world: World) {
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    for (field, wrong) in [
        ("issuedOn", json!(day(3))),
        ("endsOn", json!(day(-4))),
        ("endsOn", json!(day(-1))),
        ("counselOffice", json!(" ")),
        ("counselOffice", json!("x".repeat(201))),
        ("reference", json!("two\nlines")),
        ("survivor", json!("agency_01h2xcejqtf2nbrexx3vqjhp41")),
    ] {
        let mut told = hold(&ada);
        told[field] = wrong;
        let answer = north.asks(RECORD, json!({ "h": told })).await;
        answer.is_refused_for(&format!("hold.{field}"));
        assert!(!answer.text.contains("Zyxabel"), "{}", answer.text);
    }
    // A day that no calendar has is no day.
    let mut told = hold(&ada);
    told["endsOn"] = json!("2026-02-30");
    let answer = north.asks(RECORD, json!({ "h": told })).await;
    assert_ne!(answer.body.get("errors"), None);
    let rows = "SELECT count(*) FROM legal_hold";
    assert_eq!(world.tampers(rows), "0");
    let keys = "SELECT count(*) FROM record_key";
    assert_eq!(world.tampers_with_keyring(keys), "0");
}
