//! A suspension, of a program or of its agency, is in force on the very next request, on every server.

use concord::access::token::Claims;
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use super::{
    ROTATE, SUSPEND, all, carried_by, carrying, everywhere, recorded, verdict, with_a_key,
    with_a_secret,
};
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

#[tokio::test]
async fn only_who_coordinates_an_agency_suspends_it() {
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
    let elsewhere = "INSERT INTO task_force (id, name, region, created_at) \
            VALUES (x'0190a000000070008000000000000001', 'Far Hills', 'Far Hills', 0);\
        INSERT INTO membership (task_force_id, agency_id, role, since) \
            VALUES (x'0190a000000070008000000000000001', SOUTH, 'COORDINATOR', 0)";
    let far = world.sql_id(&south.id.to_string());
    world.tampers(&elsewhere.replace("SOUTH", &far));
    assert_eq!(suspends(&south, &north).await, "NOT_FOUND");
    assert_eq!(whether_active(&world, &north), "ACTIVE");

    let join = "INSERT INTO membership (task_force_id, agency_id, role, since) \
        VALUES (x'0190a000000070008000000000000001', NORTH, 'MEMBER', 0)";
    world.tampers(&join.replace("NORTH", &world.sql_id(&north.id.to_string())));
    assert_eq!(suspends(&south, &north).await, "ok");
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
    let reads = async |who: &Agency| who.finds("Agency", &id, "status suspensionReason").await;
    assert_eq!(reads(&coordinator).await["suspensionReason"], Value::Null);
    assert_eq!(suspends(&coordinator, &north).await, "ok");
    let told = |reason: Value| json!({ "status": "SUSPENDED", "suspensionReason": reason });
    assert_eq!(reads(&coordinator).await, told(json!(REASON)));
    assert_eq!(reads(&south).await, told(Value::Null));
    let denied = "SELECT count(*) FROM audit_event WHERE kind = 'ACCESS_DENIED'";
    assert_eq!(world.tampers(denied), "0");
    assert_eq!(reinstates(&coordinator, &north).await, "ok");
    assert_eq!(reads(&coordinator).await["suspensionReason"], Value::Null);
}
