//! Erasing a person on whom there is a hold: it asks, and goes over it by name alone.

use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::story::{hold, records, releases, shows};
use crate::world::agency::day;
use crate::world::{Agency, Answer, Database, World, on_both};

const ERASE: &str = "mutation($id: ID!, $holds: [ID!]) { eraseSurvivor(id: $id, confirmLegalHolds: $holds) \
    { event packages } }";

pub async fn erases(agency: &Agency, survivor: &str, confirmed: Value) -> Answer {
    let variables = json!({ "id": survivor, "holds": confirmed });
    agency.asks(ERASE, variables).await
}

/// The holds that an erasure asks about.
pub fn asked(answer: &Answer) -> Value {
    assert_eq!(answer.codes(), "LEGAL_HOLD", "{}", answer.text);
    assert!(!answer.text.contains("Zyxabel"), "{}", answer.text);
    answer.body["errors"][0]["extensions"]["holds"].clone()
}

/// The newest events of these kinds, oldest first.
async fn logged(agency: &Agency) -> Vec<Value> {
    let log = "auditEvents(filter: { types: [LEGAL_HOLD_RECORDED, LEGAL_HOLD_RELEASED, LEGAL_HOLD_OVERRIDDEN, \
        CONSENT_REVOKED, SURVIVOR_ERASED] })";
    let mut events = agency.lists(log, "type object objects").await;
    events.reverse();
    events
}

on_both!(an_erasure_asks_about_each_hold_and_goes_over_them_by_name);
async fn an_erasure_asks_about_each_hold_and_goes_over_them_by_name(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let ada = north.survivor_of(&told.consent).await;
    let order = records(&north, &hold(&ada)).await;
    let order_told =
        json!({ "id": order, "ground": "COURT_ORDER", "issuedOn": day(-3), "endsOn": day(90) });

    // A program that may erase and nothing else is told how to go on, and no text.
    let program = world.caller(north.id, "eraser", "survivor.d");
    for confirmed in [Value::Null, json!([])] {
        let answer = erases(&program, &ada, confirmed).await;
        assert_eq!(asked(&answer), json!([order_told]));
        assert!(answer.text.contains("confirmLegalHolds"), "{}", answer.text);
    }
    // Whom it does not concern is told nothing.
    assert_eq!(
        erases(&south, &ada, json!([order])).await.codes(),
        "NOT_FOUND"
    );
    assert!(south.reads(&told).await.contains("Ada"));

    // One recorded since asks again, and so does whoever confirms but some.
    let mut suit = hold(&ada);
    suit["ground"] = json!("LITIGATION_HOLD");
    suit["endsOn"] = Value::Null;
    suit["idempotencyKey"] = json!("once");
    let suit = records(&north, &suit).await;
    let suit_told =
        json!({ "id": suit, "ground": "LITIGATION_HOLD", "issuedOn": day(-3), "endsOn": null });
    for some in [&order, &suit] {
        let answer = erases(&program, &ada, json!([some])).await;
        assert_eq!(asked(&answer), json!([suit_told, order_told]));
    }
    assert!(south.reads(&told).await.contains("Ada"));

    let erased = erases(&program, &ada, json!([order, suit])).await;
    assert_eq!(erased.data()["eraseSurvivor"]["packages"], 1);
    assert!(!south.reads(&told).await.contains("Ada"));
    let events = logged(&north).await;
    let kinds: Vec<_> = events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        json!(kinds),
        json!([
            "LEGAL_HOLD_RECORDED",
            "LEGAL_HOLD_RECORDED",
            "LEGAL_HOLD_OVERRIDDEN",
            "CONSENT_REVOKED",
            "SURVIVOR_ERASED"
        ])
    );
    assert_eq!(events[2]["objects"], json!([suit, order]));
    let person = |kind: &str| {
        let leaf =
            format!("SELECT leaf FROM audit_event WHERE kind = '{kind}' ORDER BY id LIMIT 1");
        let leaf: Value = serde_json::from_str(&world.tampers(&leaf)).unwrap();
        leaf["survivor"].clone()
    };
    assert_eq!(person("LEGAL_HOLD_OVERRIDDEN"), person("SURVIVOR_ERASED"));
    assert_eq!(
        person("LEGAL_HOLD_OVERRIDDEN"),
        person("LEGAL_HOLD_RECORDED")
    );

    // That there was a hold stays on record; what tells of the person is gone, and so is what opened it.
    let left = json!({
        "ground": "LITIGATION_HOLD", "issuedOn": day(-3), "endsOn": null, "inForce": true,
        "counselOffice": null, "reference": null, "releasedAt": null,
    });
    assert_eq!(shows(&north, &suit).await, left);
    let person = world.sql_id(&ada);
    let rows = format!(
        "SELECT count(*) FROM legal_hold WHERE survivor_id = {person} OR length(sealed) > 0"
    );
    assert_eq!(world.tampers(&rows), "0");
    assert_eq!(world.tampers("SELECT count(*) FROM legal_hold"), "2");
    assert_eq!(world.tampers("SELECT count(*) FROM idempotency"), "0");
    let keys = "SELECT count(*) FROM record_key";
    assert_eq!(world.tampers_with_keyring(keys), "0");
    let released = releases(&north, &suit).await;
    assert_eq!(released.data()["releaseLegalHold"]["inForce"], false);
}

on_both!(what_is_confirmed_must_be_a_hold_on_this_survivor);
async fn what_is_confirmed_must_be_a_hold_on_this_survivor(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let order = records(&north, &hold(&ada)).await;
    let of_bea = records(&north, &hold(&north.registers("Bea").await)).await;
    let foreign = records(&south, &hold(&south.registers("Cyd").await)).await;
    let unknown = "hold_01h2xcejqtf2nbrexx3vqjhp41".to_owned();
    let before = world.tampers("SELECT count(*) FROM survivor");
    let mut refused = Vec::new();
    for stray in [of_bea, foreign, unknown] {
        for confirmed in [json!([stray]), json!([order, stray])] {
            let answer = erases(&north, &ada, confirmed).await;
            assert_eq!(answer.codes(), "NOT_FOUND", "{}", answer.text);
            refused.push(answer.body["errors"][0]["message"].clone());
        }
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let not_an_id = erases(&north, &ada, json!([ada])).await;
    not_an_id.is_refused_for("confirmLegalHolds[0]");
    assert_eq!(world.tampers("SELECT count(*) FROM survivor"), before);
    erases(&north, &ada, json!([order, order])).await.data();
}

/// As it comes from two servers at once: the hold is recorded after the erasure looked, and before it has the lock.
#[tokio::test]
async fn a_hold_that_is_recorded_while_the_erasure_waits_asks_again() {
    let world = World::on(Database::Postgres).await;
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    let of_bea = records(&north, &hold(&north.registers("Bea").await)).await;
    let recording = world.service.store.write.begin().await.unwrap();
    let person = world.sql_id(&ada);
    let hold = world.sql_id(&of_bea);
    for statement in [
        "SELECT pg_advisory_xact_lock_shared(12602381)".to_owned(),
        format!("UPDATE legal_hold SET survivor_id = {person} WHERE id = {hold}"),
    ] {
        recording.execute_unprepared(&statement).await.unwrap();
    }
    let erasing = {
        let (north, ada) = (north.clone(), ada.clone());
        tokio::spawn(async move { erases(&north, &ada, Value::Null).await })
    };
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let begun = std::time::Instant::now();
    while world.tampers(waits) == "0" {
        assert!(begun.elapsed() < Duration::from_secs(2), "it does not wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    recording.commit().await.unwrap();
    let answer = erasing.await.unwrap();
    assert_eq!(asked(&answer)[0]["id"], of_bea.as_str());
    erases(&north, &ada, json!([of_bea])).await.data();
}
