//! Whoever takes away from an MOU with time to look has seen what would stop.

use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value, json};

use crate::mou_life::{agree, impact_digest, terms, trio};
use crate::world::agency::day;
use crate::world::{Agency, Answer, World, on_both};

const TERMINATE: &str = "mutation($id: ID!, $b: Boolean, $s: Sha256) { \
    terminateMou(id: $id, reason: \"no more\", breach: $b, impactSeen: $s) { status terminatesOn } }";
const AMEND: &str = "mutation($id: ID!, $m: MouInput!, $s: Sha256) { amendMou(id: $id, mou: $m, impactSeen: $s) { id } }";
const IMPACT: &str = "impact { lapsesOn openReferrals activeConsents needsLeft agenciesLeft \
    byPartner { agency { name } openReferrals activeConsents } }";

async fn terminates(who: &Agency, id: &str, breach: bool, seen: &Value) -> Answer {
    who.asks(TERMINATE, json!({ "id": id, "b": breach, "s": seen }))
        .await
}

on_both!(a_notice_is_given_by_who_has_seen_what_would_stop);
async fn a_notice_is_given_by_who_has_seen_what_would_stop(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let mut mou = terms(&[&north, &south], 10);
    mou["taskForce"] = json!(world.task_force.to_string());
    mou["parties"][1]["promises"] =
        json!([{ "needs": ["HOUSING"], "languages": ["es"], "areas": ["15003"] }]);
    let id = agree(&[&north, &south], &mou).await;
    for person in ["Ada", "Bea"] {
        north.refers(person).to(&south).sharing([Identity]).await;
    }
    let seen = |who: &str, referrals: i32| {
        json!({ "impact": { "lapsesOn": day(10), "openReferrals": referrals, "activeConsents": referrals,
            "needsLeft": ["HOUSING"], "agenciesLeft": 2,
            "byPartner": [{ "agency": { "name": who }, "openReferrals": referrals, "activeConsents": referrals }] } })
    };
    assert_eq!(north.finds("Mou", &id, IMPACT).await, seen("south", 2));
    assert_eq!(south.finds("Mou", &id, IMPACT).await, seen("north", 2));
    // Of so few people a coordinator is told nothing; of agencies it is.
    let coordinator = world.coordinator();
    let few = coordinator.finds("Mou", &id, IMPACT).await;
    assert_eq!(
        few["impact"],
        json!({ "lapsesOn": day(10), "openReferrals": null, "activeConsents": null, "needsLeft": ["HOUSING"],
            "agenciesLeft": 2, "byPartner": [] })
    );
    for person in ["Cleo", "Dina", "Eve", "Fay"] {
        north.refers(person).to(&south).sharing([Identity]).await;
    }
    let six = coordinator.finds("Mou", &id, IMPACT).await;
    assert_eq!(six["impact"]["openReferrals"], 5, "in fives");
    assert_eq!(six["impact"]["activeConsents"], 5);

    let unseen = terminates(&north, &id, false, &Value::Null).await;
    assert_eq!(unseen.codes(), "IMPACT_UNSEEN");
    let extensions = &unseen.body["errors"][0]["extensions"];
    assert_eq!(extensions.get("impactSeen"), None, "nothing was shown");
    let foreign = impact_digest(&south, &id).await;
    let of_another = terminates(&north, &id, false, &foreign).await;
    assert_eq!(of_another.codes(), "IMPACT_UNSEEN");
    let earlier = impact_digest(&north, &id).await;
    assert_eq!(earlier, impact_digest(&north, &id).await);
    north.refers("Gina").to(&south).sharing([Identity]).await;
    let changed = terminates(&north, &id, false, &earlier).await;
    assert_eq!(changed.codes(), "IMPACT_UNSEEN", "one more came");
    let row = north.finds("Mou", &id, "terminatesOn").await;
    assert_eq!(row["terminatesOn"], Value::Null);
    // It is shown again once: what comes meanwhile does not keep whoever has looked twice from going.
    let again = changed.body["errors"][0]["extensions"]["impactSeen"].clone();
    north.refers("Hope").to(&south).sharing([Identity]).await;
    let of_south = terminates(&south, &id, false, &again).await;
    assert_eq!(of_south.codes(), "IMPACT_UNSEEN", "it is north's");
    let given = terminates(&north, &id, false, &again).await;
    assert_eq!(given.data()["terminateMou"]["terminatesOn"], day(10));
    // Said once more it is answered as it stands.
    terminates(&north, &id, false, &Value::Null).await.data();
    // The last of the parties agrees: that is at once, and waits for nothing.
    let all = terminates(&south, &id, false, &Value::Null).await;
    assert_eq!(all.data()["terminateMou"]["status"], "TERMINATED");
}

on_both!(what_ends_at_once_waits_for_nothing);
async fn what_ends_at_once_waits_for_nothing(world: World) {
    let [north, south, west] = trio(&world).await;
    let broken = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let ended = terminates(&south, &broken, true, &Value::Null).await;
    assert_eq!(ended.data()["terminateMou"]["status"], "TERMINATED");
    let at_once = agree(&[&north, &west], &terms(&[&north, &west], 0)).await;
    let ended = terminates(&west, &at_once, false, &Value::Null).await;
    assert_eq!(ended.data()["terminateMou"]["status"], "TERMINATED");
    let halted = agree(&[&south, &west], &terms(&[&south, &west], 30)).await;
    let suspend = "mutation($id: ID!) { suspendMou(id: $id, reason: \"a doubt\") { status } }";
    let suspended = west.asks(suspend, json!({ "id": halted })).await;
    assert_eq!(suspended.data()["suspendMou"]["status"], "SUSPENDED");
}

on_both!(an_amendment_to_less_waits_for_who_has_seen_it_and_one_to_more_does_not);
async fn an_amendment_to_less_waits_for_who_has_seen_it_and_one_to_more_does_not(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let parties = [&north, &south];
    let mut first = terms(&parties, 30);
    first["parties"][1]["promises"] =
        json!([{ "needs": ["HOUSING"], "languages": ["es"], "areas": ["US-HI"], "capacity": 4 }]);
    let id = agree(&parties, &first).await;
    first["effectiveOn"] = json!(day(0));
    let with = |place: &str, value: Value| {
        let mut next = first.clone();
        *next.pointer_mut(place).unwrap() = value;
        next
    };
    let grant =
        |categories: Value| json!([{ "purpose": "SERVICE_DELIVERY", "categories": categories }]);
    let promise = |areas: Value, people: i32| json!([{ "needs": ["HOUSING"], "languages": ["es"], "areas": areas, "capacity": people }]);
    let amends = async |next: &Value, seen: &Value| {
        north
            .asks(AMEND, json!({ "id": id, "m": next, "s": seen }))
            .await
    };
    let promises = "/parties/1/promises";
    for less in [
        with("/terms/grants", grant(json!(["NEEDS"]))),
        with("/expiresOn", json!(day(200))),
        with(promises, json!([])),
        with(promises, promise(json!(["15003"]), 4)),
        with(promises, promise(json!(["US-HI"]), 3)),
    ] {
        let unseen = amends(&less, &Value::Null).await;
        assert_eq!(unseen.codes(), "IMPACT_UNSEEN", "{less}");
        let seen = impact_digest(&north, &id).await;
        amends(&less, &seen).await.data();
    }
    for more in [
        first.clone(),
        with(
            "/terms/grants",
            grant(json!(["IDENTITY", "NEEDS", "SAFETY"])),
        ),
        with("/expiresOn", json!(day(400))),
        with(promises, promise(json!(["US-HI", "US-TX"]), 5)),
        with("/title", json!("Still together")),
    ] {
        amends(&more, &Value::Null).await.data();
    }
    let earlier = impact_digest(&north, &id).await;
    north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let less = with(promises, json!([]));
    let changed = amends(&less, &earlier).await;
    assert_eq!(changed.codes(), "IMPACT_UNSEEN");
    let again = changed.body["errors"][0]["extensions"]["impactSeen"].clone();
    north.refers("Bea").to(&south).sharing([Identity]).await;
    amends(&less, &again).await.data();
}

on_both!(an_impact_is_asked_of_a_day_that_is_not_over);
async fn an_impact_is_asked_of_a_day_that_is_not_over(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let id = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let ask = "query($id: ID!, $d: Date) { mou(id: $id) { impact(ifLapsesOn: $d) { lapsesOn agenciesLeft } } }";
    let asks = async |on: i32| north.asks(ask, json!({ "id": id, "d": day(on) })).await;
    asks(-2).await.is_refused_for("ifLapsesOn");
    let left = |on: i32, agencies: i32| json!({ "lapsesOn": day(on), "agenciesLeft": agencies });
    assert_eq!(asks(1).await.data()["mou"]["impact"], left(1, 2));
    // It is over by then anyway.
    assert_eq!(asks(366).await.data()["mou"]["impact"], left(366, 0));
    let narrow = world.caller(north.id, "north", "mou.s");
    let listed = "{ mous { edges { node { impact { digest } } } } }";
    let refused = narrow.asks(listed, Value::Null).await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE");
}
