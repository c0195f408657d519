//! Before an MOU: two agencies find each other, plan, meet and answer for themselves; a coordinator sees who has not met.

use concord::partnership::rules::{RECORDED, taken, taking};
use concord_entities::ids::AgencyId;
use concord_entities::instant::{Day, Instant};
use concord_entities::partnership::Model;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::agency::{day, entries, text};
use crate::world::{Agency, Answer, World, on_both};

const SHOWN: &str = "id agencies { name } step steps { step on } \
    answers { agency { name } answeredOn contacts procedures trust avenues }";

async fn records(agency: &Agency, partner: &Agency, step: &str, more: Value) -> Answer {
    let document = format!(
        "mutation($p: ID!, $s: PartnershipStep!, $on: Date, $a: PartnershipAnswersInput) \
         {{ recordPartnershipStep(partner: $p, step: $s, on: $on, answers: $a) {{ {SHOWN} }} }}"
    );
    let mut variables = more;
    variables["p"] = json!(partner.id.to_string());
    variables["s"] = json!(step);
    agency.asks(&document, variables).await
}

/// The pairs of a list, each with its step, and their order.
async fn list(agency: &Agency, filter: Value) -> Vec<String> {
    let document = "query($f: PartnershipFilter) { partnerships(filter: $f, first: 100) \
        { edges { node { agencies { name } step answers { contacts } } } } }";
    let answer = agency.asks(document, json!({ "f": filter })).await;
    let shown = entries(&answer.data()["partnerships"]).into_iter();
    let shown = shown.map(|pair| {
        let mut names: Vec<_> = [0, 1]
            .map(|nth| text(&pair["agencies"][nth]["name"]))
            .into();
        names.sort_unstable();
        let step = pair["step"].as_str().unwrap_or("nothing");
        format!("{}: {step}", names.join(" and "))
    });
    shown.collect()
}

on_both!(two_agencies_take_one_step_after_the_other_and_correct_them);
async fn two_agencies_take_one_step_after_the_other_and_correct_them(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let early = records(&north, &south, "MET", json!({})).await;
    assert_eq!(early.codes(), "INVALID_TRANSITION");
    let to_come = json!({ "on": day(2) });
    let to_come = records(&north, &south, "IDENTIFIED", to_come).await;
    to_come.is_refused_for("on");
    let own = records(&north, &north, "IDENTIFIED", json!({})).await;
    own.is_refused_for("partner");
    let made_up = records(&north, &south, "FORMALISED", json!({})).await;
    made_up.is_refused_for("step");

    let on = |days| json!({ "on": day(days) });
    records(&north, &south, "IDENTIFIED", on(-40)).await.data();
    records(&south, &north, "PLANNED", on(-30)).await.data();
    let before = records(&north, &south, "MET", on(-31)).await;
    before.is_refused_for("on");
    records(&north, &south, "MET", on(-10)).await.data();
    let after = records(&south, &north, "PLANNED", on(-9)).await;
    after.is_refused_for("on");
    // Either of the two corrects a day; what is said already changes nothing.
    let corrected = records(&south, &north, "PLANNED", on(-10)).await;
    let steps = &corrected.data()["recordPartnershipStep"]["steps"];
    let expected = json!([
        { "step": "IDENTIFIED", "on": day(-40) },
        { "step": "PLANNED", "on": day(-10) },
        { "step": "MET", "on": day(-10) },
    ]);
    assert_eq!(*steps, expected);
    let again = records(&north, &south, "PLANNED", json!({})).await;
    assert_eq!(again.data()["recordPartnershipStep"]["steps"], expected);

    let log = "{ auditEvents(filter: { types: [PARTNERSHIP_STEP_RECORDED] }, first: 20) { edges { node { reason } } } }";
    for party in [&north, &south] {
        let events = party.asks(log, json!({})).await;
        let reasons: Vec<_> = entries(&events.data()["auditEvents"])
            .iter()
            .map(|event| text(&event["reason"]))
            .collect();
        assert_eq!(reasons, ["PLANNED", "MET", "PLANNED", "IDENTIFIED"]);
    }
}

on_both!(each_answers_for_itself_and_shares_whom_to_turn_to);
async fn each_answers_for_itself_and_shares_whom_to_turn_to(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let stranger = world.agency("stranger").await;
    let answers = json!({ "a": {
        "contacts": "The intake desk", "procedures": "An advocate comes along", "trust": "Not yet",
        "avenues": "Seasonal work",
    } });
    let early = records(&north, &south, "IDENTIFIED", answers.clone()).await;
    early.is_refused_for("answers");
    for step in ["IDENTIFIED", "PLANNED"] {
        records(&north, &south, step, json!({})).await.data();
    }
    let nothing = records(&north, &south, "MET", json!({ "a": {} })).await;
    nothing.is_refused_for("answers");
    let to_come = json!({ "a": { "trust": "Yes", "answeredOn": day(2) } });
    let to_come = records(&north, &south, "MET", to_come).await;
    to_come.is_refused_for("answers.answeredOn");
    let met = records(&north, &south, "MET", answers).await;
    let met = &met.data()["recordPartnershipStep"];
    assert_eq!(met["answers"][0]["trust"], "Not yet");
    let id = text(&met["id"]);

    let seen = south.finds("Partnership", &id, SHOWN).await;
    let of_north = json!([{
        "agency": { "name": "north" }, "answeredOn": day(0), "contacts": "The intake desk",
        "procedures": "An advocate comes along", "trust": null, "avenues": null,
    }]);
    assert_eq!(seen["answers"], of_north);
    // What is left out stays; the day moves on with what is new.
    let later = json!({ "a": { "trust": "Yes" } });
    let later = records(&north, &south, "MET", later).await;
    let said = &later.data()["recordPartnershipStep"]["answers"][0];
    assert_eq!(
        (&said["trust"], &said["contacts"]),
        (&json!("Yes"), &json!("The intake desk"))
    );
    let told = records(
        &south,
        &north,
        "MET",
        json!({ "a": { "contacts": "The night shift" } }),
    );
    let told = told.await;
    let both = &told.data()["recordPartnershipStep"]["answers"];
    assert_eq!(both.as_array().unwrap().len(), 2);

    // Nobody else sees an answer; who is neither of the two nor coordinates them sees nothing.
    let coordinator = world.coordinator();
    let seen = coordinator.finds("Partnership", &id, SHOWN).await;
    assert_eq!(
        (&seen["step"], &seen["answers"]),
        (&json!("MET"), &json!([]))
    );
    assert_eq!(stranger.finds("Partnership", &id, SHOWN).await, Value::Null);
    let in_force = json!({ "taskForce": world.task_force.to_string() });
    let own = list(&stranger, in_force).await;
    assert!(
        own.len() == 3 && own.iter().all(|pair| pair.contains("stranger")),
        "{own:?}"
    );
}

on_both!(a_coordinator_sees_who_has_not_met_with_the_most_to_do_on_top);
async fn a_coordinator_sees_who_has_not_met_with_the_most_to_do_on_top(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let east = world.agency("east").await;
    let coordinator = world.coordinator();
    for step in ["IDENTIFIED", "PLANNED", "MET"] {
        records(&north, &south, step, json!({})).await.data();
    }
    records(&north, &east, "IDENTIFIED", json!({})).await.data();
    let of = |lacking: Option<&str>| json!({ "taskForce": world.task_force.to_string(), "lacking": lacking });
    let all = list(&coordinator, of(None)).await;
    assert_eq!(all.len(), 6, "{all:?}");
    assert_eq!(
        all[4..],
        ["east and north: IDENTIFIED", "north and south: MET"]
    );
    let not_met = list(&coordinator, of(Some("MET"))).await;
    assert_eq!(not_met[..], all[..5]);
    assert_eq!(
        list(&coordinator, of(Some("IDENTIFIED"))).await[..],
        all[..4]
    );
    assert!(
        all[..4]
            .iter()
            .any(|pair| pair == "east and south: nothing")
    );
    let mut with_east = of(Some("MET"));
    with_east["partner"] = json!(east.id.to_string());
    assert_eq!(list(&coordinator, with_east).await.len(), 3);

    // An MOU in force is the fourth step, as long as it is in force, to whoever may know of it.
    let mou = world.sql_id(&north.agrees_with(&south).await);
    let own = json!({ "lacking": "FORMALISED" });
    assert_eq!(list(&north, own).await.len(), 2);
    assert_eq!(list(&coordinator, of(None)).await[..], all[..]);
    let task_force = world.sql_id(&world.task_force.to_string());
    world.tampers(&format!(
        "UPDATE mou SET task_force_id = {task_force} WHERE id = {mou}"
    ));
    let formalised = "north and south: FORMALISED";
    assert_eq!(list(&coordinator, of(None)).await[5], formalised);
    assert_eq!(
        list(&coordinator, of(Some("FORMALISED"))).await[..],
        all[..5]
    );
    world.ends_sharing(&format!("UPDATE mou SET suspended_at = 1 WHERE id = {mou}"));
    assert_eq!(
        list(&coordinator, of(Some("FORMALISED"))).await[..],
        all[..]
    );
    // Nor is it that step between two of which one has left it.
    let goes_on = format!("UPDATE mou SET suspended_at = NULL WHERE id = {mou}");
    world.ends_sharing(&goes_on);
    assert_eq!(list(&coordinator, of(None)).await[5], formalised);
    let leaves = format!("UPDATE mou_party SET leaves_at = 1 WHERE mou_id = {mou}");
    let of_north = world.sql_id(&north.id.to_string());
    world.ends_sharing(&format!("{leaves} AND agency_id = {of_north}"));
    assert_eq!(list(&coordinator, of(None)).await[5], all[5]);
    assert_eq!(
        list(&coordinator, of(Some("FORMALISED"))).await[..],
        all[..]
    );

    // A task force that one does not coordinate shows one's own pairs; another one shows nothing.
    assert_eq!(list(&south, of(None)).await.len(), 3);
    let elsewhere = concord_entities::ids::TaskForceId::new().to_string();
    assert!(
        list(&coordinator, json!({ "taskForce": elsewhere }))
            .await
            .is_empty()
    );
}

on_both!(an_agency_notes_that_its_staff_were_trained);
async fn an_agency_notes_that_its_staff_were_trained(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let notes = async |held_on: String, topic: &str, attended: i32| {
        let document = "mutation($t: StaffTrainingInput!) { recordStaffTraining(training: $t) \
            { staffTraining { heldOn topic attended } } }";
        let training = json!({ "heldOn": held_on, "topic": topic, "attended": attended });
        north.asks(document, json!({ "t": training })).await
    };
    notes(day(2), "First contact", 3)
        .await
        .is_refused_for("training.heldOn");
    notes(day(-1), "First contact", 0)
        .await
        .is_refused_for("training.attended");
    notes(day(-1), " ", 3)
        .await
        .is_refused_for("training.topic");
    notes(day(-9), "First contact", 3).await.data();
    notes(day(-1), "Trauma", 4).await.data();
    notes(day(-1), "Trauma", 4).await.data();
    // The same day and topic correct the number.
    let corrected = notes(day(-9), "First contact", 5).await;
    let expected = json!([
        { "heldOn": day(-1), "topic": "Trauma", "attended": 4 },
        { "heldOn": day(-9), "topic": "First contact", "attended": 5 },
    ]);
    assert_eq!(
        corrected.data()["recordStaffTraining"]["staffTraining"],
        expected
    );
    let id = north.id.to_string();
    let seen = south
        .finds("Agency", &id, "staffTraining { heldOn topic attended }")
        .await;
    assert_eq!(seen["staffTraining"], expected);
    let events = "SELECT count(*) FROM audit_event WHERE kind = 'STAFF_TRAINING_RECORDED'";
    assert_eq!(world.tampers(events).trim(), "3");
}

fn days() -> impl Strategy<Value = Vec<(usize, Option<i32>)>> {
    proptest::collection::vec((0..3_usize, proptest::option::of(-20..5_i32)), 0..12)
}

proptest! {
    /// However steps are recorded, those that are taken are in order, none is left out before another, and none is to come.
    #[test]
    fn steps_are_in_order_whatever_is_recorded(recorded in days()) {
        let today = Day(20_000);
        let mut partnership = Model::new([AgencyId::new(), AgencyId::new()], Instant(0));
        for (step, on) in recorded {
            let on = on.map(|days| today.plus_days(days));
            let before = partnership.clone();
            if let Ok(Some(next)) = taking(&partnership, RECORDED[step], on, today) {
                prop_assert_ne!(&next, &before);
                // The same again changes nothing.
                prop_assert_eq!(taking(&next, RECORDED[step], on, today), Ok(None));
                partnership = next;
            }
            let steps = taken(&partnership, None);
            prop_assert_eq!(steps.len(), usize::try_from(partnership.steps).unwrap());
            prop_assert!(steps.iter().zip(RECORDED).all(|(taken, step)| taken.step == step));
            prop_assert!(steps.is_sorted_by_key(|taken| taken.on));
            prop_assert!(steps.iter().all(|taken| taken.on <= today));
        }
    }
}
