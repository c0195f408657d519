//! A hold that is over: released, or its last day past.

use std::time::Duration;

use serde_json::{Value, json};

use super::confirmed::{asked, erases};
use super::story::{hold, holds_on, records, releases, shows};
use crate::world::agency::day;
use crate::world::{World, on_both};

on_both!(a_hold_that_is_over_asks_for_nothing);
async fn a_hold_that_is_over_asks_for_nothing(world: World) {
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    let released = records(&north, &hold(&ada)).await;
    let mut last_day = hold(&ada);
    last_day["endsOn"] = json!(day(1));
    let last_day = records(&north, &last_day).await;
    let asks = erases(&north, &ada, Value::Null).await;
    assert_eq!(asked(&asks).as_array().unwrap().len(), 2);

    let first = releases(&north, &released).await;
    let first = first.data()["releaseLegalHold"].clone();
    assert_eq!(first["inForce"], false);
    assert!(first["releasedAt"].is_string());
    let again = releases(&north, &released).await;
    assert_eq!(again.data()["releaseLegalHold"], first);
    let log = "auditEvents(filter: { types: [LEGAL_HOLD_RELEASED] })";
    let events = north.lists(log, "object").await;
    assert_eq!(events, [json!({ "object": released })]);
    let asks = erases(&north, &ada, Value::Null).await;
    assert_eq!(asked(&asks)[0]["id"], last_day.as_str());

    // What is over may be named all the same: it was in force when its agency was asked.
    let ends = |days: i32| {
        let today = concord::clock::now().day().plus_days(days).0;
        let id = world.sql_id(&last_day);
        world.tampers(&format!(
            "UPDATE legal_hold SET ends_on = {today} WHERE id = {id}"
        ));
    };
    ends(0);
    assert_eq!(shows(&north, &last_day).await["inForce"], true);
    let asks = erases(&north, &ada, json!([released])).await;
    assert_eq!(asked(&asks)[0]["id"], last_day.as_str());
    ends(-1);
    assert_eq!(shows(&north, &last_day).await["inForce"], false);
    assert_eq!(holds_on(&north, &ada).await, json!([last_day, released]));
    erases(&north, &ada, json!([last_day])).await.data();
    let overridden = "auditEvents(filter: { types: [LEGAL_HOLD_OVERRIDDEN] })";
    assert_eq!(north.lists(overridden, "id").await, [] as [Value; 0]);
    let texts = "SELECT count(*) FROM legal_hold WHERE length(sealed) > 0";
    assert_eq!(world.tampers(texts), "0");
    let keys = "SELECT count(*) FROM record_key";
    assert_eq!(world.tampers_with_keyring(keys), "0");
}

on_both!(a_hold_without_its_key_or_texts_keeps_its_codes);
async fn a_hold_without_its_key_or_texts_keeps_its_codes(world: World) {
    let north = world.agency("north").await;
    let id = records(&north, &hold(&north.registers("Ada").await)).await;
    let count = "SELECT count(*) FROM record_key";
    let swept = async || {
        let later = concord::clock::now().plus(Duration::from_hours(2));
        let store = &world.service.store;
        let sweep = world.service.vault.sweep_records(store, later);
        sweep.await.unwrap();
        world.tampers_with_keyring(count)
    };
    assert_eq!(swept().await, "1");
    assert!(shows(&north, &id).await["reference"].is_string());
    // As an erasure leaves it that was killed before it destroyed the key.
    let key = world.sql_id(&id);
    world.tampers(&format!(
        "UPDATE legal_hold SET sealed = '' WHERE id = {key}"
    ));
    assert_eq!(swept().await, "0");

    let keyless = records(&north, &hold(&north.registers("Bea").await)).await;
    world.tampers_with_keyring("DELETE FROM record_key");
    for id in [id, keyless] {
        let shown = shows(&north, &id).await;
        let texts = [&shown["counselOffice"], &shown["reference"]];
        assert_eq!(texts, [&Value::Null; 2]);
        assert_eq!(shown["ground"], "COURT_ORDER");
    }
}
