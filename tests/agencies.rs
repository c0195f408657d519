//! Agencies that change: vetted, renamed, leaving a task force, handing its coordination over.

use concord::agency::rules::{handing_over, is_held, lapse_of_check, leaving};
use concord::error::Faults;
use concord_entities::agency_vetting;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::{Day, Instant};
use concord_entities::membership::Model as Place;
use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use concord_entities::vocabulary::{MemberRole, VettingAttribute};
use serde_json::{Value, json};

use crate::endings::put_back::{is_copied, is_put_back, is_reopened};
use crate::world::agency::{day, entries, text};
use crate::world::{Agency, Answer, EVERYTHING, World, on_both};

const VETTING: &str = "attribute held checkedOn lapsesOn evidence";

async fn vets(coordinator: &Agency, world: &World, agency: &Agency, more: Value) -> Answer {
    let document = "mutation($v: VettingInput!) { vetAgency(vetting: $v) { name } }";
    let mut vetting = json!({
        "agency": agency.id.to_string(), "taskForce": world.task_force.to_string(),
        "attribute": "TRAUMA_INFORMED", "evidence": "Certificates of 2026", "checkedOn": day(-3),
    });
    for (field, value) in more.as_object().unwrap() {
        vetting[field] = value.clone();
    }
    coordinator.asks(document, json!({ "v": vetting })).await
}

/// How an agency was vetted, as another one sees it.
async fn vetting(reader: &Agency, agency: &Agency) -> Value {
    let shown = format!("vetting {{ credible {{ {VETTING} }} traumaInformed {{ {VETTING} }} }}");
    let seen = reader.finds("Agency", &agency.id.to_string(), &shown).await;
    seen["vetting"].clone()
}

on_both!(an_agency_is_vetted_by_the_coordinator_and_a_check_lapses);
async fn an_agency_is_vetted_by_the_coordinator_and_a_check_lapses(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let coordinator = world.coordinator();
    let by_a_member = vets(&south, &world, &north, json!({})).await;
    assert_eq!(by_a_member.codes(), "NOT_FOUND");
    for (field, wrong) in [
        ("evidence", json!(" ")),
        ("checkedOn", json!(day(2))),
        ("lapsesOn", json!(day(-4))),
        ("lapsesOn", json!(day(728))),
    ] {
        let refused = vets(&coordinator, &world, &north, json!({ field: wrong })).await;
        refused.is_refused_for(&format!("vetting.{field}"));
    }
    vets(&coordinator, &world, &north, json!({})).await.data();
    vets(&coordinator, &world, &north, json!({})).await.data();
    let of_members = json!({ "credible": null, "traumaInformed": {
        "attribute": "TRAUMA_INFORMED", "held": true, "checkedOn": day(-3), "lapsesOn": day(727), "evidence": null,
    } });
    for member in [&north, &south] {
        assert_eq!(vetting(member, &north).await, of_members);
    }
    let seen = vetting(&coordinator, &north).await;
    assert_eq!(seen["traumaInformed"]["evidence"], "Certificates of 2026");

    // Lapsed is what the days say: nobody writes it down.
    let sooner = json!({ "lapsesOn": day(-2) });
    vets(&coordinator, &world, &north, sooner).await.data();
    assert_eq!(
        vetting(&south, &north).await["traumaInformed"]["held"],
        false
    );
    let counted = "SELECT count(*) FROM audit_event WHERE kind = 'AGENCY_VETTED'";
    assert_eq!(world.tampers(counted).trim(), "2");
}

/// The names of the agencies that are found by a name.
async fn found(reader: &Agency, name: &str) -> Vec<String> {
    let document =
        "query($n: String!) { agencies(filter: { name: $n }) { edges { node { name } } } }";
    let answer = reader.asks(document, json!({ "n": name })).await;
    let shown = entries(&answer.data()["agencies"]).into_iter();
    shown.map(|agency| text(&agency["name"])).collect()
}

on_both!(an_agency_that_is_renamed_is_found_by_both_names);
async fn an_agency_that_is_renamed_is_found_by_both_names(world: World) {
    let (north, south) = (
        world.agency("North House").await,
        world.agency("south").await,
    );
    let renames = async |agency: &Agency, name: &str| {
        let document =
            "mutation($n: String!) { renameAgency(name: $n) { name formerNames { name } } }";
        agency.asks(document, json!({ "n": name })).await
    };
    renames(&north, "").await.is_refused_for("name");
    assert_eq!(renames(&north, "SOUTH").await.codes(), "CONFLICT");
    let answer = renames(&north, "Lighthouse").await;
    let expected = json!({ "name": "Lighthouse", "formerNames": [{ "name": "North House" }] });
    assert_eq!(answer.data()["renameAgency"], expected);
    // The same again changes nothing; nobody takes a name by which another one is found.
    assert_eq!(
        renames(&north, "Lighthouse").await.data()["renameAgency"],
        expected
    );
    assert_eq!(renames(&south, "north house").await.codes(), "CONFLICT");
    assert_eq!(renames(&south, "lighthouse").await.codes(), "CONFLICT");
    for name in ["light", "north h"] {
        assert_eq!(found(&south, name).await, ["Lighthouse"], "{name}");
    }
    assert_eq!(found(&south, "%").await, Vec::<String>::new());
    // Its own former name is free to itself.
    let back = renames(&north, "North House").await;
    let names = &back.data()["renameAgency"]["formerNames"];
    assert_eq!(
        *names,
        json!([{ "name": "Lighthouse" }, { "name": "North House" }])
    );
    assert_eq!(found(&south, "house").await, ["North House"]);
}

on_both!(whoever_leaves_a_task_force_shares_nothing_more_there);
async fn whoever_leaves_a_task_force_shares_nothing_more_there(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
    let server = world.second_server();
    let second = server.as_ref().map(|server| south.at(&server.address));
    let leaves = async |agency: &Agency, ends: bool| {
        let document = "mutation($t: ID!, $e: Boolean!) { leaveTaskForce(taskForce: $t, ends: $e) { status } }";
        let variables = json!({ "t": world.task_force.to_string(), "e": ends });
        agency.asks(document, variables).await
    };
    assert_eq!(
        leaves(&coordinator, true).await.codes(),
        "INVALID_TRANSITION"
    );
    // It is its only one: with it, its tokens would be over.
    assert_eq!(leaves(&north, false).await.codes(), "INVALID_TRANSITION");
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
    let left = leaves(&north, true).await;
    assert_eq!(left.data()["leaveTaskForce"]["status"], "SUSPENDED");
    for reader in second.iter().chain([&south]) {
        let read = reader.reads(&ada).await;
        assert!(
            read.contains("AGENCY_SUSPENDED") && !read.contains("Ada"),
            "{read}"
        );
    }
    assert_eq!(leaves(&north, true).await.codes(), "UNAUTHENTICATED");

    // It is listed no more, nor are its partnerships there; and nobody brings it back.
    assert_eq!(found(&south, "north").await, Vec::<String>::new());
    let members = "{ taskForces { edges { node { members { agency { name } } } } } }";
    let members = south.asks(members, json!({})).await;
    assert!(!members.shown().contains("north"), "{}", members.text);
    let pairs = "query($t: ID!) { partnerships(filter: { taskForce: $t }) { edges { node { agencies { name } } } } }";
    let pairs = coordinator
        .asks(pairs, json!({ "t": world.task_force.to_string() }))
        .await;
    assert_eq!(entries(&pairs.data()["partnerships"]).len(), 1);
    assert_eq!(coordinator.reinstates(&north).await.codes(), "NOT_FOUND");
    // Its name is free again.
    world.agency("north").await;
}

on_both!(coordination_is_handed_over_and_never_to_nobody);
async fn coordination_is_handed_over_and_never_to_nobody(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let coordinator = world.coordinator();
    let hands_over = async |from: &Agency, to: &Agency| {
        let document = "mutation($t: ID!, $to: ID!) { handOverCoordination(taskForce: $t, to: $to) \
            { name memberships { role } } }";
        let variables = json!({ "t": world.task_force.to_string(), "to": to.id.to_string() });
        from.asks(document, variables).await
    };
    assert_eq!(hands_over(&north, &south).await.codes(), "NOT_FOUND");
    hands_over(&coordinator, &coordinator)
        .await
        .is_refused_for("to");
    coordinator.suspends(&south, "review").await.data();
    assert_eq!(hands_over(&coordinator, &south).await.codes(), "NOT_FOUND");
    coordinator.reinstates(&south).await.data();
    let handed = hands_over(&coordinator, &north).await;
    let expected = json!({ "name": "north", "memberships": [{ "role": "COORDINATOR" }] });
    assert_eq!(handed.data()["handOverCoordination"], expected);
    // Said again it stands; what a coordinator does is north's now.
    assert_eq!(
        hands_over(&coordinator, &north).await.data()["handOverCoordination"],
        expected
    );
    assert_eq!(hands_over(&coordinator, &south).await.codes(), "NOT_FOUND");
    assert_eq!(
        coordinator.suspends(&south, "review").await.codes(),
        "NOT_FOUND"
    );
    north.suspends(&south, "review").await.data();
}

fn place(agency: AgencyId, task_force: TaskForceId, role: MemberRole) -> Place {
    Place {
        task_force_id: task_force,
        agency_id: agency,
        role,
        since: Instant(0),
        suspended_at: None,
        suspension_reason: None,
        standing_set_by: None,
        left_at: None,
        coordination_from: None,
        name_key: None,
        lookalike: 0,
    }
}

#[test]
fn a_task_force_keeps_as_many_coordinators_and_nobody_leaves_twice() {
    let (from, to, circle) = (AgencyId::new(), AgencyId::new(), TaskForceId::new());
    for role in [MemberRole::Member, MemberRole::Coordinator] {
        let own = place(from, circle, MemberRole::Coordinator);
        let handed = handing_over(&own, &place(to, circle, role))
            .unwrap()
            .unwrap();
        assert_eq!(
            handed.each_ref().map(|one| one.role),
            [MemberRole::Member, MemberRole::Coordinator]
        );
        let [own, other] = handed;
        assert_eq!(handing_over(&own, &other), Ok(None));
    }
    let places = [
        place(from, circle, MemberRole::Member),
        place(from, TaskForceId::new(), MemberRole::Coordinator),
    ];
    let left = leaving(&places, circle, false, Instant(7))
        .unwrap()
        .unwrap();
    assert!(!left.is_active());
    let places = [left, places[1].clone()];
    assert_eq!(leaving(&places, circle, false, Instant(9)), Ok(None));
    assert!(leaving(&places, places[1].task_force_id, true, Instant(9)).is_err());
}

#[test]
fn a_check_counts_from_its_day_to_its_last_both_included() {
    let mut faults = Faults::default();
    let last = lapse_of_check(Day(20_000), None, Day(20_000), &mut faults);
    assert!(faults.none().is_ok());
    let check = agency_vetting::Model {
        agency_id: AgencyId::new(),
        task_force_id: TaskForceId::new(),
        attribute: VettingAttribute::Credible,
        evidence: "two references".to_owned(),
        checked_on: Day(20_000),
        lapses_on: last,
        checked_by: AgencyId::new(),
        recorded_at: Instant(0),
    };
    let held = [19_999, 20_000, 20_730, 20_731].map(|day| is_held(&check, Day(day)));
    assert_eq!(held, [false, true, true, false]);
}

on_both!(whoever_left_stays_shut_out_where_an_older_copy_is_put_back);
async fn whoever_left_stays_shut_out_where_an_older_copy_is_put_back(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    is_copied(&world);
    let document = "mutation($t: ID!) { leaveTaskForce(taskForce: $t, ends: true) { status } }";
    let left = json!({ "t": world.task_force.to_string() });
    north.asks(document, left).await.data();

    is_put_back(&world);
    is_reopened(&mut world);
    world.server = world.another_server();
    let mut claims = world.claims(south.id, EVERYTHING);
    let epoch = "SELECT max(token_epoch) FROM agency";
    claims.epoch = world.tampers(epoch).parse().unwrap();
    let south = south.at(&world.server.address).with(world.signs(&claims));
    let read = south.reads(&ada).await;
    assert!(
        read.contains("AGENCY_SUSPENDED") && !read.contains("Ada"),
        "{read}"
    );
    assert!(world.verifies().0);
}
