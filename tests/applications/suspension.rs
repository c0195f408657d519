//! A suspension, of a program or of its agency, is in force on the very next request, on every server.

use std::collections::BTreeMap;

use concord::access::token::Claims;
use concord_entities::ids::TaskForceId;
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use super::{
    ROTATE, SUSPEND, all, carried_by, carrying, everywhere, recorded, verdict, with_a_key,
    with_a_secret,
};
use crate::world::agency::{entries, text};
use crate::world::{Agency, Database, EVERYTHING, World, on_both};

const REASON: &str = "Zyxabel: the annual review is overdue";

async fn suspends(coordinator: &Agency, agency: &Agency) -> String {
    verdict(&coordinator.suspends(agency, REASON).await)
}

async fn reinstates(coordinator: &Agency, agency: &Agency) -> String {
    verdict(&coordinator.reinstates(agency).await)
}

on_both!(a_suspended_application_is_over_at_once);
async fn a_suspended_application_is_over_at_once(world: World) {
    let other = world.second_server();
    let north = world.agency("north").await;
    let (id, _) = with_a_secret(&north, "referral.r").await;
    let sibling = with_a_key(&north, "referral.r").await;
    let program = carried_by(&world, &north, &id).await;
    let beside = carried_by(&world, &north, &sibling).await;
    all(&everywhere(&world, other.as_ref(), &program).await, "ok");
    all(&everywhere(&world, other.as_ref(), &beside).await, "ok");
    // What another program exchanged the program's token for.
    let exchanged = exchanged_for(&world, &north, &id, &sibling).await;
    all(&everywhere(&world, other.as_ref(), &exchanged).await, "ok");

    let answer = north.asks(SUSPEND, json!({ "id": id })).await;
    assert_eq!(answer.data()["suspendApplication"]["status"], "SUSPENDED");
    for over in [&program, &exchanged] {
        all(
            &everywhere(&world, other.as_ref(), over).await,
            "UNAUTHENTICATED",
        );
    }
    all(&everywhere(&world, other.as_ref(), &beside).await, "ok");

    let again = north.asks(SUSPEND, json!({ "id": id })).await;
    assert_eq!(again.data(), answer.data());
    let refused = north.asks(ROTATE, json!({ "id": id })).await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
    // A program ends itself, and is heard once.
    let own = beside.asks(SUSPEND, json!({ "id": sibling })).await;
    assert_eq!(own.data()["suspendApplication"]["status"], "SUSPENDED");
    all(
        &everywhere(&world, other.as_ref(), &beside).await,
        "UNAUTHENTICATED",
    );
}

/// A token that `to` carries, exchanged for one that `from` did.
async fn exchanged_for(world: &World, agency: &Agency, from: &str, to: &str) -> Agency {
    let subject = Claims {
        client: from.to_owned(),
        ..world.claims(agency.id, EVERYTHING)
    };
    let narrower = Claims {
        client: to.to_owned(),
        ..world.claims(agency.id, "referral.r")
    };
    carrying(world, agency, &subject).await;
    let bearer = carrying(world, agency, &narrower).await;
    world.tampers(&format!(
        "UPDATE token_state SET parent = '{}' WHERE jti = '{}'",
        subject.id, narrower.id
    ));
    bearer
}

on_both!(a_suspended_agency_is_out_at_once_and_its_old_tokens_stay_dead);
async fn a_suspended_agency_is_out_at_once_and_its_old_tokens_stay_dead(world: World) {
    let other = world.second_server();
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let id = with_a_key(&north, "referral.r").await;
    let program = carried_by(&world, &north, &id).await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    assert!(south.reads(&told).await.starts_with("identity: Ada"));
    all(&everywhere(&world, other.as_ref(), &north).await, "ok");
    let began = epoch_began(&world, &north);

    assert_eq!(suspends(&coordinator, &north).await, "ok");
    for caller in [&north, &program] {
        all(
            &everywhere(&world, other.as_ref(), caller).await,
            "UNAUTHENTICATED",
        );
    }
    for server in other.iter().chain([&world.server]) {
        let read = south.at(&server.address).reads(&told).await;
        assert_eq!(read, "withheld: everything (AGENCY_SUSPENDED)");
    }
    assert!(epoch_began(&world, &north) > began);
    assert_eq!(suspends(&coordinator, &north).await, "ok");
    let newer = Claims {
        epoch: 2,
        ..world.claims(north.id, EVERYTHING)
    };
    let renewed = carrying(&world, &north, &newer).await;
    all(
        &everywhere(&world, other.as_ref(), &renewed).await,
        "UNAUTHENTICATED",
    );

    assert_eq!(reinstates(&coordinator, &north).await, "ok");
    for caller in [&north, &program] {
        all(
            &everywhere(&world, other.as_ref(), caller).await,
            "UNAUTHENTICATED",
        );
    }
    all(&everywhere(&world, other.as_ref(), &renewed).await, "ok");
    assert!(south.reads(&told).await.starts_with("identity: Ada"));
    assert_eq!(reinstates(&coordinator, &north).await, "ok");
    assert_eq!(
        recorded(&coordinator, &north.id.to_string()).await,
        ["AGENCY_REGISTERED", "AGENCY_SUSPENDED", "AGENCY_REINSTATED"]
    );
    let leaves = world.tampers("SELECT leaf FROM audit_event");
    assert!(!leaves.contains("Zyxabel"), "a leaf tells the reason");
}

fn epoch_began(world: &World, agency: &Agency) -> i64 {
    let id = world.sql_id(&agency.id.to_string());
    let began = world.tampers(&format!(
        "SELECT epoch_began_at FROM agency WHERE id = {id}"
    ));
    began.parse().unwrap()
}

/// A second task force, which this agency coordinates: its id on the wire.
fn far_hills(world: &World, coordinator: &Agency) -> String {
    let id = TaskForceId::new().to_string();
    let name = "'Far Hills', 'Far Hills'";
    world.tampers(&format!(
        "INSERT INTO task_force (id, name, region, created_at) VALUES ({}, {name}, 0)",
        world.sql_id(&id)
    ));
    joins(world, &id, coordinator, "COORDINATOR");
    id
}

/// Has an agency join a task force, which no operation does yet.
fn joins(world: &World, task_force: &str, agency: &Agency, role: &str) {
    let (circle, agency) = (
        world.sql_id(task_force),
        world.sql_id(&agency.id.to_string()),
    );
    world.tampers(&format!(
        "INSERT INTO membership (task_force_id, agency_id, role, since) VALUES ({circle}, {agency}, '{role}', 0)"
    ));
}

/// The statuses of the memberships of an agency, as somebody sees them, by task force.
async fn standing(who: &Agency, of: &Agency) -> BTreeMap<String, String> {
    let shown = "memberships { taskForce status }";
    let agency = who.finds("Agency", &of.id.to_string(), shown).await;
    let places = agency["memberships"].as_array().unwrap().iter();
    places
        .map(|place| (text(&place["taskForce"]), text(&place["status"])))
        .collect()
}

/// Has the one MOU that there is followed by a task force, or by none.
fn followed(world: &World, task_force: Option<&str>) {
    let follows = task_force.map_or("NULL".to_owned(), |id| world.sql_id(id));
    world.ends_sharing(&format!("UPDATE mou SET task_force_id = {follows}"));
}

/// What is shown where a suspension stands between the parties.
const PARTED: &str = "withheld: everything (AGENCY_SUSPENDED)";

on_both!(an_agency_that_is_suspended_in_one_task_force_goes_on_in_the_other);
async fn an_agency_that_is_suspended_in_one_task_force_goes_on_in_the_other(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let (office, hills) = (world.coordinator(), world.agency("hills").await);
    let (rivers, far) = (world.task_force.to_string(), far_hills(&world, &hills));
    for agency in [&north, &south] {
        joins(&world, &far, agency, "MEMBER");
    }
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let shares = async || south.reads(&told).await;
    followed(&world, Some(&rivers));
    assert!(shares().await.starts_with("identity: Ada"));

    // Its coordinator shuts north out of Three Rivers: of what Three Rivers follows, and of nothing else.
    assert_eq!(suspends(&office, &north).await, "ok");
    assert_eq!(shares().await, PARTED);
    assert_eq!(whether_active(&world, &north), "ACTIVE");
    let seen = BTreeMap::from([
        (rivers.clone(), "SUSPENDED".to_owned()),
        (far.clone(), "ACTIVE".to_owned()),
    ]);
    assert_eq!(standing(&south, &north).await, seen);
    followed(&world, Some(&far));
    assert!(shares().await.starts_with("identity: Ada"));
    followed(&world, None);
    assert!(shares().await.starts_with("identity: Ada"));

    // North's tokens live: it reads what is its own and refers where it takes part.
    followed(&world, Some(&rivers));
    assert!(north.reads(&told).await.starts_with("identity: Ada"));
    let survivor = north.registers("Bea").await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    north.signs(&consent).await.data();
    let bea = north.drafts_referral(&consent, "Bea", &[Identity]).await;
    let sent = north.does("sendReferral", &bea).await;
    assert_eq!(sent.codes(), "INVALID_TRANSITION");
    assert!(
        sent.text.contains("suspended in the task force"),
        "{}",
        sent.text
    );
    followed(&world, Some(&far));
    north.does("sendReferral", &bea).await.data();

    // Suspended in the other as well, it is shut out everywhere; nothing is destroyed.
    assert_eq!(
        verdict(&hills.suspends_in(&far, &north, REASON).await),
        "ok"
    );
    assert_eq!(whether_active(&world, &north), "SUSPENDED");
    followed(&world, None);
    assert_eq!(shares().await, PARTED);
    all(&everywhere(&world, None, &north).await, "UNAUTHENTICATED");
    let back = hills.reinstates_in(&far, &north).await;
    assert_eq!(back.data()["reinstateMembership"]["status"], "ACTIVE");
    assert!(shares().await.starts_with("identity: Ada"));
    followed(&world, Some(&rivers));
    assert_eq!(shares().await, PARTED);
    assert_eq!(reinstates(&office, &north).await, "ok");
    assert!(shares().await.starts_with("identity: Ada"));

    let named = "query($id: ID!) { auditEvents(filter: { object: $id }, first: 100) \
        { edges { node { type taskForce } } } }";
    let log = office
        .asks(named, json!({ "id": north.id.to_string() }))
        .await;
    let named: Vec<_> = entries(&log.data()["auditEvents"])
        .iter()
        .filter(|event| event["taskForce"] != Value::Null)
        .map(|event| (text(&event["type"]), text(&event["taskForce"])))
        .collect();
    let event = |kind: &str, place: &String| (kind.to_owned(), place.clone());
    let of_rivers = ["AGENCY_REINSTATED", "AGENCY_SUSPENDED"].map(|kind| event(kind, &rivers));
    assert!(of_rivers.iter().all(|one| named.contains(one)), "{named:?}");
    let of_far = ["AGENCY_REINSTATED", "AGENCY_SUSPENDED"].map(|kind| event(kind, &far));
    assert!(of_far.iter().all(|one| named.contains(one)), "{named:?}");
}

#[tokio::test]
async fn whoever_is_suspended_in_a_task_force_knows_and_does_nothing_in_it() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let office = world.coordinator();
    let far = far_hills(&world, &north);
    let rivers = world.task_force.to_string();
    // North coordinates Three Rivers as well, until the office suspends it there.
    let (id, circle) = (world.sql_id(&north.id.to_string()), world.sql_id(&rivers));
    world.tampers(&format!(
        "UPDATE membership SET role = 'COORDINATOR' WHERE agency_id = {id} AND task_force_id = {circle}"
    ));
    let names = async |who: &Agency| who.lists("agencies(first: 100)", "name").await.len();
    assert_eq!(names(&north).await, 3);
    let west = world.agency("west").await;
    let suspended = north.suspends_in(&rivers, &west, REASON).await;
    assert_eq!(verdict(&suspended), "ok");
    let back = north.reinstates_in(&rivers, &west).await;
    assert_eq!(verdict(&back), "ok");

    assert_eq!(
        verdict(&office.suspends_in(&rivers, &north, REASON).await),
        "ok"
    );
    for verb in [
        north.suspends_in(&rivers, &south, REASON).await,
        north.reinstates_in(&rivers, &south).await,
        north.reinstates_in(&rivers, &north).await,
        north.suspends_in(&rivers, &office, REASON).await,
    ] {
        assert_eq!(verdict(&verb), "NOT_FOUND");
    }
    assert_eq!(names(&north).await, 1);
    assert_eq!(
        north.finds("Agency", &south.id.to_string(), "name").await,
        Value::Null
    );
    // It knows where it stands, and why.
    let shown = "memberships { taskForce status suspensionReason }";
    let own = north.finds("Agency", &north.id.to_string(), shown).await;
    let here = own["memberships"].as_array().unwrap().iter();
    let here: Vec<_> = here.filter(|place| place["taskForce"] == rivers).collect();
    assert_eq!(here[0]["status"], "SUSPENDED");
    assert_eq!(here[0]["suspensionReason"], REASON);
    let joined = north
        .lists("taskForces", "members { agency { name } status }")
        .await;
    assert_eq!(joined.len(), 2);
    assert!(!joined.iter().any(|one| one.to_string().contains("south")));
    assert_eq!(
        standing(&south, &north).await.len(),
        1,
        "of {far} it knows nothing"
    );
}

#[tokio::test]
async fn only_who_coordinates_a_task_force_suspends_in_it() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    for (who, whom) in [
        (&north, &south),
        (&north, &north),
        (&north, &coordinator),
        (&coordinator, &coordinator),
    ] {
        assert_eq!(suspends(who, whom).await, "NOT_FOUND");
        assert_eq!(reinstates(who, whom).await, "NOT_FOUND");
    }

    // A coordinator of another task force is a stranger here, though it shares one in which it is a member.
    let (rivers, far) = (world.task_force.to_string(), far_hills(&world, &south));
    for task_force in [&rivers, &far] {
        let answer = south.suspends_in(task_force, &north, REASON).await;
        assert_eq!(verdict(&answer), "NOT_FOUND");
    }
    assert_eq!(whether_active(&world, &north), "ACTIVE");

    joins(&world, &far, &north, "MEMBER");
    let answer = south.suspends_in(&rivers, &north, REASON).await;
    assert_eq!(verdict(&answer), "NOT_FOUND");
    assert_eq!(
        verdict(&south.suspends_in(&far, &north, REASON).await),
        "ok"
    );
    assert_eq!(whether_active(&world, &north), "ACTIVE");
    let answer = coordinator.reinstates_in(&far, &north).await;
    assert_eq!(verdict(&answer), "NOT_FOUND");
    assert_eq!(suspends(&coordinator, &north).await, "ok");
    assert_eq!(whether_active(&world, &north), "SUSPENDED");

    for reason in [String::new(), " ".repeat(9), "r".repeat(501)] {
        let answer = coordinator.suspends(&south, &reason).await;
        assert_eq!(answer.codes(), "BAD_USER_INPUT");
    }
}

fn whether_active(world: &World, agency: &Agency) -> String {
    let id = world.sql_id(&agency.id.to_string());
    world.tampers(&format!("SELECT status FROM agency WHERE id = {id}"))
}

#[tokio::test]
async fn why_an_agency_is_suspended_is_told_to_its_coordinators_alone() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let id = north.id.to_string();
    let shown = "status memberships { suspensionReason }";
    let reads = async |who: &Agency| {
        let agency = who.finds("Agency", &id, shown).await;
        let reason = agency["memberships"][0]["suspensionReason"].clone();
        (text(&agency["status"]), reason)
    };
    assert_eq!(reads(&coordinator).await.1, Value::Null);
    assert_eq!(suspends(&coordinator, &north).await, "ok");
    let told = |reason: Value| ("SUSPENDED".to_owned(), reason);
    assert_eq!(reads(&coordinator).await, told(json!(REASON)));
    assert_eq!(reads(&south).await, told(Value::Null));
    let denied = "SELECT count(*) FROM audit_event WHERE kind = 'ACCESS_DENIED'";
    assert_eq!(world.tampers(denied), "0");
    assert_eq!(reinstates(&coordinator, &north).await, "ok");
    assert_eq!(reads(&coordinator).await.1, Value::Null);
}
