//! A log of more events than one page looks through: whoever goes on finds all, whichever way, and each signal once.

use std::collections::BTreeMap;

use concord_entities::ids::AgencyId;
use serde_json::{Value, json};

use super::{events, opened, search};
use crate::world::agency::text;
use crate::world::{Database, World, on_both};

/// More than a page looks through, and than signals are looked for among at a time.
const ROWS: u32 = 12_000;

/// Fills an agency's log with the reading of lists by fifty people, a tenth of a second apart, before all that it has.
fn fill(world: &World, agency: &str) {
    let ids = if world.database == Database::Postgres {
        "(lpad(to_hex(recorded_at / 1000 - n::bigint * 100), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid"
    } else {
        "unhex(printf('%012x70008%015x', recorded_at / 1000 - n * 100, n))"
    };
    let numbers = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS})"
    );
    let person = if world.database == Database::Postgres {
        "'\"person ' || n % 50 || '\"'"
    } else {
        "'\"person ' || (n % 50) || '\"'"
    };
    world.tampers(&format!(
        "{numbers} INSERT INTO audit_event (id, recorded_at, agency_id, kind, outcome, leaf) \
         SELECT {ids}, recorded_at - n * 100000, agency_id, kind, outcome, replace(leaf, '\"somebody\"', {person}) \
         FROM numbers, (SELECT * FROM audit_event WHERE agency_id = {agency} AND kind = 'RECORDS_LISTED' LIMIT 1) one"
    ));
}

on_both!(what_is_rare_is_found_by_whoever_goes_on);
async fn what_is_rare_is_found_by_whoever_goes_on(world: World) {
    let north = world.agency("north").await;
    north.registers("Ada").await;
    north.lists("survivors", "id").await;
    fill(&world, &world.sql_id(&north.id.to_string()));
    // The oldest of all is the only one that is looked for, beside the newest.
    world.tampers(&format!(
        "UPDATE audit_event SET kind = 'SURVIVOR_REGISTERED' WHERE leaf LIKE '%\"person {}\"%' AND recorded_at = \
         (SELECT min(recorded_at) FROM audit_event WHERE leaf LIKE '%\"person {}\"%')",
        ROWS % 50,
        ROWS % 50
    ));
    let wanted = json!({ "types": ["SURVIVOR_REGISTERED"] });
    let first = search(&north, &wanted, json!({ "n": 10 })).await;
    let first = &first.data()["auditEvents"];
    assert_eq!(
        first["edges"].as_array().unwrap().len(),
        1,
        "one of the two"
    );
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let end = &first["pageInfo"]["endCursor"];
    assert_ne!(*end, first["edges"][0]["cursor"], "as far as was looked");
    let next = search(&north, &wanted, json!({ "n": 10, "a": end })).await;
    let next = &next.data()["auditEvents"];
    assert_eq!(next["edges"].as_array().unwrap().len(), 1, "the other");
    assert_eq!(next["pageInfo"]["hasNextPage"], false);
    assert_eq!(events(&north, wanted.clone()).await.len(), 2);

    // The other way the same.
    let mut back = Vec::new();
    let mut before = Value::Null;
    let mut pages = 0;
    loop {
        let page = search(&north, &wanted, json!({ "l": 10, "b": before })).await;
        let page = &page.data()["auditEvents"];
        back.extend(page["edges"].as_array().unwrap().clone());
        pages += 1;
        if page["pageInfo"]["hasPreviousPage"] != true {
            break;
        }
        before = page["pageInfo"]["startCursor"].clone();
    }
    assert_eq!((back.len(), pages), (2, 2));
    // Along an index every page is full.
    let whole = events(&north, json!({ "subject": "person 7" })).await;
    assert_eq!(whole.len(), usize::try_from(ROWS / 50).unwrap());
    // Its made-up rows are no events.
    world.goes_unverified();
}

on_both!(whoever_reaches_little_of_a_large_log_is_shown_all_of_that);
async fn whoever_reaches_little_of_a_large_log_is_shown_all_of_that(world: World) {
    let north = world.agency("north").await;
    north.registers("Ada").await;
    north.lists("survivors", "id").await;
    let id = world.sql_id(&north.id.to_string());
    fill(&world, &id);
    // All the made-up events are another's, but for the oldest, and one that is nobody's.
    let another = world.sql_id(&AgencyId::new().to_string());
    let made_up = "leaf LIKE '%\"person %'";
    world.tampers(&format!(
        "UPDATE audit_event SET agency_id = {another} WHERE {made_up} AND recorded_at > \
         (SELECT min(recorded_at) FROM audit_event)"
    ));
    world.tampers(&format!(
        "UPDATE audit_event SET agency_id = NULL WHERE {made_up} AND recorded_at = \
         (SELECT min(recorded_at) FROM audit_event WHERE agency_id = {another})"
    ));
    let reached = format!(
        "SELECT count(*) FROM audit_event WHERE agency_id IS NULL OR agency_id <> {another}"
    );
    let reached: usize = world.tampers(&reached).parse().unwrap();
    let coordinator = world.coordinator();
    let found = events(&coordinator, json!({})).await;
    assert_eq!(found.len(), reached);
    assert!(text(&found[reached - 1]["subject"]).starts_with("person"));

    // The other way the same: the newest of what is older stands beside the oldest of all.
    let oldest = search(&coordinator, &json!({}), json!({ "l": 1 })).await;
    let oldest = &oldest.data()["auditEvents"];
    assert_eq!(oldest["edges"][0]["node"]["id"], found[reached - 1]["id"]);
    assert_eq!(oldest["pageInfo"]["hasPreviousPage"], true);
    let before = &oldest["pageInfo"]["startCursor"];
    let next = search(&coordinator, &json!({}), json!({ "l": 2, "b": before })).await;
    let next = &next.data()["auditEvents"];
    for (place, id) in [(0, reached - 3), (1, reached - 2)] {
        assert_eq!(next["edges"][place]["node"]["id"], found[id]["id"]);
    }
    assert_eq!(next["pageInfo"]["hasNextPage"], true);
    world.goes_unverified();
}

on_both!(a_signal_is_told_once_however_often_the_reading_is_broken_off);
async fn a_signal_is_told_once_however_often_the_reading_is_broken_off(world: World) {
    let north = world.agency("north").await;
    north.registers("Ada").await;
    north.lists("survivors", "id").await;
    fill(&world, &world.sql_id(&north.id.to_string()));
    let review = opened(&north, json!({})).await;
    let document = "query($r: ID!, $a: String) { node(id: $r) { ... on AuditReview { signals(after: $a) { \
        examined endCursor signals { kind subject } } } } }";
    let (mut first, mut examined, mut parts) = (BTreeMap::new(), 0, 0);
    let mut after = Value::Null;
    loop {
        let answer = north
            .asks(document, json!({ "r": review, "a": after }))
            .await;
        let some = &answer.data()["node"]["signals"];
        examined += some["examined"].as_u64().unwrap();
        parts += 1;
        for one in some["signals"].as_array().unwrap() {
            if one["kind"] == "FIRST_ACCESS" {
                *first.entry(text(&one["subject"])).or_insert(0) += 1;
            }
        }
        after = some["endCursor"].clone();
        if after.is_null() {
            break;
        }
    }
    assert!(parts > 5, "{parts}");
    assert!(examined >= u64::from(ROWS), "{examined}");
    let persons = first.keys().filter(|who| who.starts_with("person")).count();
    assert_eq!(persons, 50);
    assert!(first.values().all(|times| *times == 1), "{first:?}");
    world.goes_unverified();
}
