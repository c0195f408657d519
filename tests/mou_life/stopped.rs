//! A suspension, an end and a leaving at once are in force on the very next read, at every server; what stood on the MOU returns
//! once it does, and no consent with it.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use super::{agree, does, terms, trio};
use crate::world::agency::Told;
use crate::world::{Agency, World, on_both};

const STATUS: &str = "status statusReason";

async fn shares(from: &Agency, to: &Agency, person: &str) -> Told {
    from.refers(person).to(to).sharing([Identity]).await
}

on_both!(a_suspension_stops_everything_at_once_and_whoever_made_it_takes_it_back);
async fn a_suspension_stops_everything_at_once_and_whoever_made_it_takes_it_back(world: World) {
    let [north, south, west] = trio(&world).await;
    let id = agree(
        &[&north, &south, &west],
        &terms(&[&north, &south, &west], 30),
    )
    .await;
    let other = world.second_server();
    let there = other.as_ref().map_or_else(
        || south.at(&south.address),
        |server| south.at(&server.address),
    );
    let ada = shares(&north, &south, "Ada").await;
    let bea = shares(&north, &south, "Bea").await;
    assert!(there.reads(&ada).await.contains("Ada"));

    let suspended = does(&west, &id, "SUSPEND", "status allowedActions").await;
    let suspended = &suspended.data()["done"];
    assert_eq!(suspended["status"], "SUSPENDED");
    assert_eq!(
        suspended["allowedActions"],
        json!(["REINSTATE", "TERMINATE", "LEAVE"])
    );
    assert!(there.reads(&ada).await.contains("MOU_NOT_IN_FORCE"));
    let stands = json!({ "status": "SUSPENDED", "statusReason": "MOU_NOT_IN_FORCE" });
    assert_eq!(north.finds("Referral", &ada.referral, STATUS).await, stands);
    let filtered = "referrals(box: INBOX, filter: { statuses: [SUSPENDED] })";
    assert_eq!(south.lists(filtered, "id").await.len(), 2);

    // The others are told why; nobody takes back what is another's.
    let told = south.lists("notices", "kind object").await;
    assert_eq!(told, [json!({ "kind": "MOU_SUSPENDED", "object": id })]);
    let parties = north
        .finds("Mou", &id, "parties { agency { name } suspensionReason }")
        .await;
    let mut parties = parties["parties"].as_array().unwrap().iter();
    let west_says = parties
        .find(|party| party["agency"]["name"] == "west")
        .unwrap();
    assert_eq!(west_says["suspensionReason"], "a doubt");
    assert_eq!(
        does(&south, &id, "REINSTATE", "id").await.codes(),
        "INVALID_TRANSITION"
    );
    does(&south, &id, "SUSPEND", "id").await.data();
    does(&west, &id, "REINSTATE", "id").await.data();
    assert!(
        !there.reads(&ada).await.contains("Ada"),
        "the other suspension stands"
    );

    // Meanwhile a survivor takes a consent back: the MOU's return does not return it.
    north.revokes_consent(&bea).await.data();
    let back = does(&south, &id, "REINSTATE", "status").await;
    assert_eq!(back.data()["done"]["status"], "ACTIVE");
    does(&south, &id, "REINSTATE", "status").await.data();
    assert!(there.reads(&ada).await.contains("Ada"));
    assert!(!there.reads(&bea).await.contains("Bea"));
    let stands = json!({ "status": "SUSPENDED", "statusReason": "CONSENT_NOT_IN_FORCE" });
    assert_eq!(north.finds("Referral", &bea.referral, STATUS).await, stands);
}

on_both!(a_breach_ends_it_at_once_and_an_agreement_of_all_does);
async fn a_breach_ends_it_at_once_and_an_agreement_of_all_does(world: World) {
    let [north, south, west] = trio(&world).await;
    let broken = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let ada = shares(&north, &south, "Ada").await;
    assert!(south.reads(&ada).await.contains("Ada"));
    let end = "mutation($id: ID!) { terminateMou(id: $id, reason: \"told others\", breach: true) { status terminatesOn } }";
    let ended = south.asks(end, json!({ "id": broken })).await;
    assert_eq!(
        ended.data()["terminateMou"],
        json!({ "status": "TERMINATED", "terminatesOn": null })
    );
    assert!(south.reads(&ada).await.contains("MOU_NOT_IN_FORCE"));
    let log = "auditEvents(filter: { types: [MOU_TERMINATED] })";
    assert_eq!(
        south.lists(log, "reason").await,
        [json!({ "reason": "FOR_BREACH" })]
    );

    let agreed = agree(&[&north, &west], &terms(&[&north, &west], 30)).await;
    let bea = shares(&north, &west, "Bea").await;
    let first = does(&north, &agreed, "TERMINATE", "status").await;
    assert_eq!(first.data()["done"]["status"], "ACTIVE");
    assert!(west.reads(&bea).await.contains("Bea"), "its notice runs");
    let last = does(&west, &agreed, "TERMINATE", "status").await;
    assert_eq!(last.data()["done"]["status"], "TERMINATED");
    assert!(west.reads(&bea).await.contains("MOU_NOT_IN_FORCE"));
}

on_both!(a_party_leaves_and_the_others_go_on);
async fn a_party_leaves_and_the_others_go_on(world: World) {
    let [north, south, west] = trio(&world).await;
    let id = agree(
        &[&north, &south, &west],
        &terms(&[&north, &south, &west], 0),
    )
    .await;
    let to_south = shares(&north, &south, "Ada").await;
    let to_west = shares(&north, &west, "Bea").await;
    let left = does(&west, &id, "LEAVE", "status allowedActions").await;
    assert_eq!(
        left.data()["done"],
        json!({ "status": "ACTIVE", "allowedActions": [] })
    );
    does(&west, &id, "LEAVE", "status").await.data();
    assert!(west.reads(&to_west).await.contains("MOU_NOT_IN_FORCE"));
    assert!(south.reads(&to_south).await.contains("Ada"));
    let stands = json!({ "status": "SUSPENDED", "statusReason": "MOU_NOT_IN_FORCE" });
    assert_eq!(
        north.finds("Referral", &to_west.referral, STATUS).await,
        stands
    );
    let draft = north.refers("Cleo").to(&west).drafted([Identity]).await;
    assert_eq!(
        north.does("sendReferral", &draft).await.codes(),
        "MOU_REQUIRED"
    );
    // Of the two that are left none leaves: one ends it.
    let allowed = south.finds("Mou", &id, "allowedActions").await;
    let allowed = allowed["allowedActions"].as_array().unwrap().clone();
    assert!(!allowed.contains(&json!("LEAVE")), "{allowed:?}");
    assert_eq!(
        does(&west, &id, "SUSPEND", "id").await.codes(),
        "INVALID_TRANSITION"
    );
    // It still sees what it signed.
    let seen = west.asks(
        "query($id: ID!) { mou(id: $id) { status } }",
        json!({ "id": id }),
    );
    assert_eq!(seen.await.data()["mou"]["status"], Value::from("ACTIVE"));
}
