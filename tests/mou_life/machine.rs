//! Every verb in every state, by each of the parties and a coordinator, through the service itself.

use concord_entities::vocabulary::{Code, MouStatus};
use serde_json::json;

use super::{agree, does, drafts, signs, terms};
use crate::world::agency::day;
use crate::world::{Agency, World, on_both};

const ACTIONS: [&str; 8] = [
    "OFFER",
    "SIGN",
    "DECLINE",
    "SUSPEND",
    "REINSTATE",
    "TERMINATE",
    "LEAVE",
    "CONFIRM_REVIEW",
];

/// An MOU of three that stands there; none where no verb of this story leads there.
async fn at(world: &World, parties: &[&Agency; 3], status: MouStatus) -> Option<String> {
    let mut mou = terms(parties, 30);
    mou["taskForce"] = json!(world.task_force.to_string());
    mou["reviewOn"] = json!(day(30));
    if status == MouStatus::Signed {
        mou["effectiveOn"] = json!(day(5));
    }
    let [north, south, west] = parties;
    match status {
        MouStatus::Draft => return Some(drafts(north, &mou).await),
        MouStatus::Offered | MouStatus::PartiallySigned | MouStatus::Declined => {
            let id = drafts(north, &mou).await;
            north.changes("offerMou", &id, "status").await.data();
            if status != MouStatus::Offered {
                signs(north, &id).await.data();
            }
            if status == MouStatus::Declined {
                does(south, &id, "DECLINE", "id").await.data();
            }
            return Some(id);
        }
        _ => {}
    }
    let id = agree(parties.as_slice(), &mou).await;
    let sql = world.sql_id(&id);
    match status {
        MouStatus::Signed | MouStatus::Active => {}
        MouStatus::DueForReview => {
            let today = "review_on = effective_on, review_at = begins_at";
            world.tampers(&format!("UPDATE mou SET {today} WHERE id = {sql}"));
        }
        MouStatus::Expired => {
            world.tampers(&format!(
                "UPDATE mou SET ends_at = begins_at WHERE id = {sql}"
            ));
        }
        MouStatus::Suspended => {
            does(south, &id, "SUSPEND", "id").await.data();
        }
        MouStatus::Terminated => {
            let broken = "mutation($id: ID!) { terminateMou(id: $id, reason: \"told others\", breach: true) { status } }";
            west.asks(broken, json!({ "id": id })).await.data();
        }
        _ => return None,
    }
    Some(id)
}

on_both!(what_is_shown_as_a_button_can_be_pressed_and_nothing_else);
async fn what_is_shown_as_a_button_can_be_pressed_and_nothing_else(world: World) {
    let [north, south, west] = super::trio(&world).await;
    let parties = [&north, &south, &west];
    let coordinator = world.coordinator();
    for status in MouStatus::ALL.iter().copied() {
        let Some(mut id) = at(&world, &parties, status).await else {
            continue;
        };
        for who in [&north, &south, &west, &coordinator] {
            let seen = who.finds("Mou", &id, "status allowedActions").await;
            if status == MouStatus::Draft && who.id != north.id {
                assert!(seen.is_null());
                continue;
            }
            assert_eq!(seen["status"], status.code());
            let allowed = seen["allowedActions"].as_array().unwrap().clone();
            let place = format!("{} with one that is {status}: {allowed:?}", who.name);
            assert!(who.id != coordinator.id || allowed.is_empty(), "{place}");
            for action in ACTIONS {
                let is_shown = allowed.contains(&json!(action));
                if is_shown {
                    let fresh = at(&world, &parties, status).await.unwrap();
                    let done = does(who, &fresh, action, "status").await;
                    assert_eq!(done.codes(), "", "{place}: {action}: {}", done.text);
                    continue;
                }
                let before = north
                    .finds(
                        "Mou",
                        &id,
                        "status parties { suspendedAt endedAt leavesAt reviewedFor }",
                    )
                    .await;
                let refused = does(who, &id, action, "status").await;
                let same = north
                    .finds(
                        "Mou",
                        &id,
                        "status parties { suspendedAt endedAt leavesAt reviewedFor }",
                    )
                    .await;
                assert_eq!(same, before, "{place}: {action}");
                // What was done last is answered as it stands.
                if refused.codes().is_empty() {
                    continue;
                }
                assert_eq!(refused.codes(), "INVALID_TRANSITION", "{place}: {action}");
                let told = &refused.body["errors"][0]["extensions"];
                assert_eq!(told["from"], status.code(), "{place}: {action}");
                assert_eq!(told["allowed"], json!(allowed), "{place}: {action}");
            }
            id = at(&world, &parties, status).await.unwrap();
        }
    }
}
