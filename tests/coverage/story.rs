//! A coordinator looks where nobody can help, and a member what its own MOUs come to.

use serde_json::{Value, json};

use crate::mou_life::{agree, does, terms};
use crate::world::agency::day;
use crate::world::{Agency, World, on_both, packed};

const ASK: &str = "query($t: ID!, $n: [Need!]) { coverage(taskForce: $t, needs: $n, language: \"es\") { \
    cells { need language area agencies paths { agency { name } lastDay endsEarly } } } }";

async fn asks(who: &Agency, world: &World) -> Value {
    let needs = ["HOUSING", "LEGAL"];
    let answer = who
        .asks(
            ASK,
            json!({ "t": world.task_force.to_string(), "n": needs }),
        )
        .await;
    answer.data()["coverage"]["cells"].clone()
}

/// An MOU that the task force follows, in which the second party promises beds on Oahu to whoever speaks Spanish.
fn of_beds(world: &World, parties: &[&Agency]) -> Value {
    let mut mou = terms(parties, 30);
    mou["taskForce"] = json!(world.task_force.to_string());
    mou["parties"][1]["promises"] =
        json!([{ "needs": ["HOUSING"], "languages": ["es"], "areas": ["15003"] }]);
    mou
}

fn nobody(need: &str, area: Option<&str>) -> Value {
    json!({ "need": need, "language": "es", "area": area, "agencies": 0, "paths": [] })
}

on_both!(who_can_take_a_referral_and_until_when);
async fn who_can_take_a_referral_and_until_when(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let (west, coordinator) = (world.agency("west").await, world.coordinator());
    let id = agree(&[&north, &south], &of_beds(&world, &[&north, &south])).await;
    let beds = |last: i32, ends_early: bool| {
        json!({ "need": "HOUSING", "language": "es", "area": "15003", "agencies": 1,
            "paths": [{ "agency": { "name": "south" }, "lastDay": day(last), "endsEarly": ends_early }] })
    };
    let whole = json!([beds(365, false), nobody("LEGAL", None)]);
    for who in [&coordinator, &north, &south] {
        assert_eq!(asks(who, &world).await, whole);
    }
    // West is a party of none: to it nobody promises anything.
    let nothing = json!([nobody("HOUSING", None), nobody("LEGAL", None)]);
    assert_eq!(asks(&west, &world).await, nothing);

    does(&north, &id, "TERMINATE", "id").await.data();
    assert_eq!(
        asks(&coordinator, &world).await,
        json!([beds(30, true), nobody("LEGAL", None)])
    );
    coordinator.suspends(&north, "a doubt").await.data();
    let gap = json!([nobody("HOUSING", Some("15003")), nobody("LEGAL", None)]);
    assert_eq!(asks(&coordinator, &world).await, gap, "nobody can send");
    coordinator.reinstates(&north).await.data();
    does(&south, &id, "SUSPEND", "id").await.data();
    assert_eq!(asks(&coordinator, &world).await, gap, "a halted MOU");
}

on_both!(a_map_is_for_whoever_takes_part_and_its_reading_is_on_record);
async fn a_map_is_for_whoever_takes_part_and_its_reading_is_on_record(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    agree(&[&north, &south], &of_beds(&world, &[&north, &south])).await;
    asks(&north, &world).await;
    let task_force = world.task_force.to_string();
    let leaf = "SELECT leaf FROM audit_event ORDER BY recorded_at DESC LIMIT 1";
    let leaf = world.tampers(leaf);
    assert!(leaf.contains(&packed(&task_force)), "{leaf}");

    let elsewhere = json!({ "t": "taskforce_01h2xcejqtf2nbrexx3vqjhp41" });
    let unknown = north.asks(ASK, elsewhere).await;
    assert_eq!(unknown.data()["coverage"], Value::Null);
    world.coordinator().suspends(&south, "a doubt").await.data();
    let narrow = world.caller(north.id, "north", "mou.r");
    let refused = narrow.asks(ASK, json!({ "t": task_force })).await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE");
    let none = north.asks(ASK, json!({ "t": task_force, "n": [] })).await;
    none.is_refused_for("needs");
}
