//! What leads from one record to others, what depends on a consent, and what is looked for by name, pseudonym and status.

use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value, json};

use crate::world::agency::{entries, text};
use crate::world::{Agency, World, on_both};

/// How many audit events name this record among those that were listed.
async fn listings(reader: &Agency) -> usize {
    let listed = "auditEvents(filter: { types: [RECORDS_LISTED] }, first: 100)";
    reader.lists(listed, "id").await.len()
}

fn ids(list: &Value) -> Vec<String> {
    entries(list).iter().map(|node| text(&node["id"])).collect()
}

on_both!(what_hangs_below_a_page_is_read_for_all_of_it_at_once);
async fn what_hangs_below_a_page_is_read_for_all_of_it_at_once(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let mut told = Vec::new();
    for person in ["Ada", "Bea", "Cleo"] {
        let first = north.refers(person).to(&south).sharing([Needs]).await;
        let survivor = north.survivor_of(&first.consent).await;
        let mut referrals = vec![first.referral.clone()];
        for _ in 0..2 {
            let again = north
                .drafts_referral(&first.consent, person, &[Needs])
                .await;
            referrals.push(again.referral);
        }
        referrals.reverse();
        told.push((survivor, first, referrals));
    }
    let before = listings(&north).await;
    let query = "{ survivors(first: 10) { edges { node { id \
        consents { edges { node { id status referrals(first: 2) { totalCount { count } edges { node { id status } } pageInfo { hasNextPage } } } } } \
        referrals(first: 2) { totalCount { count } edges { cursor node { id package(purpose: SERVICE_DELIVERY) { needs { request } } } } \
            pageInfo { hasNextPage hasPreviousPage } } } } } }";
    let shown = north.asks(query, Value::Null).await;
    let survivors = entries(&shown.data()["survivors"]);
    assert_eq!(survivors.len(), 3);
    for (survivor, (id, first, referrals)) in survivors.iter().zip(told.iter().rev()) {
        assert_eq!(survivor["id"], *id);
        assert_eq!(ids(&survivor["consents"]), [first.consent.as_str()]);
        let consent = &entries(&survivor["consents"])[0];
        assert_eq!(ids(&consent["referrals"]), referrals[..2]);
        assert_eq!(ids(&survivor["referrals"]), referrals[..2]);
        assert_eq!(survivor["referrals"]["totalCount"]["count"], 3);
        let info = &survivor["referrals"]["pageInfo"];
        assert_eq!(
            *info,
            json!({ "hasNextPage": true, "hasPreviousPage": false })
        );
        let package = &entries(&survivor["referrals"])[0]["package"];
        assert_eq!(package["needs"]["request"], first.person.as_str());
    }
    // One for the page, one for all consents, one each for the referrals of both; and one for looking at the log's list.
    assert_eq!(listings(&north).await, before + 4);

    // Each list goes on by its own cursor, both ways.
    let (id, _, referrals) = &told[1];
    let cursor = entries_with_cursors(&survivors[1]["referrals"])[1].clone();
    let rest = "query($id: ID!, $after: String, $before: String, $first: Int, $last: Int) { node(id: $id) { ... on Survivor { \
        referrals(first: $first, after: $after, last: $last, before: $before) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage } } } } }";
    let page = async |variables: Value| {
        let answer = north.asks(rest, variables).await;
        let list = answer.data()["node"]["referrals"].clone();
        let info = &list["pageInfo"];
        let around = (info["hasPreviousPage"] == true, info["hasNextPage"] == true);
        (ids(&list), around)
    };
    let onwards = page(json!({ "id": id, "first": 5, "after": cursor })).await;
    assert_eq!(onwards, (vec![referrals[2].clone()], (true, false)));
    let back = page(json!({ "id": id, "last": 5, "before": cursor })).await;
    assert_eq!(back, (vec![referrals[0].clone()], (false, true)));
}

fn entries_with_cursors(list: &Value) -> Vec<Value> {
    let edges = list["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["cursor"].clone()).collect()
}

on_both!(a_recipient_is_shown_below_a_consent_what_it_was_sent);
async fn a_recipient_is_shown_below_a_consent_what_it_was_sent(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let draft = north.drafts_referral(&ada.consent, "Ada", &[Needs]).await;
    let shown = "id survivor { id } referrals { edges { node { id } } }";
    let root = "query($id: ID!) { consent(id: $id) { SHOWN } }".replace("SHOWN", shown);
    let by = async |reader: &Agency| {
        let answer = reader.asks(&root, json!({ "id": ada.consent })).await;
        answer.data()["consent"].clone()
    };
    let at_north = by(&north).await;
    assert_eq!(
        ids(&at_north["referrals"]),
        [&*draft.referral, &*ada.referral]
    );
    let at_south = by(&south).await;
    assert_eq!(ids(&at_south["referrals"]), [ada.referral.as_str()]);
    assert_eq!(at_south["survivor"], Value::Null);
    let stranger = world.agency("stranger").await;
    assert_eq!(by(&stranger).await, Value::Null);
    let nobody = south
        .asks(&root, json!({ "id": "consent_01h2xcejqtf2nbrexx3vqjhp41" }))
        .await;
    assert_eq!(nobody.data()["consent"], Value::Null);
    // Who may not read referrals is told so at the root.
    let narrow = world.caller(north.id, "north", "consent.r survivor.r");
    let refused = narrow.asks(&root, json!({ "id": ada.consent })).await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE");
}

on_both!(what_depends_on_a_consent_is_what_taking_it_back_does);
async fn what_depends_on_a_consent_is_what_taking_it_back_does(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let second = north
        .drafts_referral(&ada.consent, "Ada", &[Identity])
        .await;
    north.does("sendReferral", &second).await.data();
    south.does("acceptReferral", &second).await.data();
    north
        .drafts_referral(&ada.consent, "Ada", &[Identity])
        .await;
    let effects = "query($id: ID!) { consentEffects(id: $id) { consent status laterVersions \
        referrals { status count } referralsSuspended packagesUnreadable } }";
    let ask = async |reader: &Agency| {
        let answer = reader.asks(effects, json!({ "id": ada.consent })).await;
        answer.data()["consentEffects"].clone()
    };
    let before = ask(&north).await;
    let count = |status: &str| json!({ "status": status, "count": 1 });
    assert_eq!(
        before,
        json!({
            "consent": ada.consent, "status": "ACTIVE", "laterVersions": 0,
            "referrals": [count("DRAFT"), count("REQUESTED"), count("ACCEPTED")],
            "referralsSuspended": 2, "packagesUnreadable": 3,
        })
    );
    // The recipient and strangers are told nothing.
    assert_eq!(ask(&south).await, Value::Null);
    let revoked = north.revokes_consent(&ada).await;
    let revocation = &revoked.data()["revokeConsent"];
    assert_eq!(
        revocation["referralsSuspended"],
        before["referralsSuspended"]
    );
    let after = ask(&north).await;
    assert_eq!(after["status"], "REVOKED");
    assert_eq!(after["referralsSuspended"], 0);
    assert_eq!(after["packagesUnreadable"], 0);
}

on_both!(records_are_looked_for_by_name_pseudonym_and_status);
async fn records_are_looked_for_by_name_pseudonym_and_status(world: World) {
    let (north, south) = world.agencies("North Harbor", "South Shore").await;
    let named = async |name: &str| {
        let list = format!("agencies(filter: {{ name: {} }})", json!(name));
        let found = north.lists(&list, "name").await;
        found
            .iter()
            .map(|one| text(&one["name"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(named("harbor").await, ["North Harbor"]);
    assert_eq!(named("  SOUTH   shore ").await, ["South Shore"]);
    assert_eq!(
        named("o").await,
        ["South Shore", "North Harbor", "Coordination Office"]
    );
    for nothing in ["%", "_", "\\", "West"] {
        assert!(named(nothing).await.is_empty(), "{nothing}");
    }
    let one = "query($id: ID!) { agency(id: $id) { name } }";
    let found = north.asks(one, json!({ "id": south.id.to_string() })).await;
    assert_eq!(found.data()["agency"]["name"], "South Shore");

    let ada = north.registers("Ada").await;
    north.registers("Bea").await;
    let pseudonym = north.finds("Survivor", &ada, "pseudonym").await;
    let loud = text(&pseudonym["pseudonym"]).to_uppercase();
    let by = format!("survivors(filter: {{ pseudonym: {} }})", json!(loud));
    assert_eq!(north.lists(&by, "id").await, [json!({ "id": ada })]);
    assert!(south.lists(&by, "id").await.is_empty());

    let draft = north.consents(&ada, &south, &[Needs]).await;
    let active = north.consents(&ada, &south, &[Needs]).await;
    north.signs(&active).await.data();
    let revoked = north.consents(&ada, &south, &[Needs]).await;
    north.signs(&revoked).await.data();
    north.revokes(&revoked).await.data();
    for (statuses, expected) in [
        ("[DRAFT]", vec![&draft]),
        ("[ACTIVE]", vec![&active]),
        ("[REVOKED]", vec![&revoked]),
        ("[EXPIRED, SUSPENDED]", vec![]),
        ("[DRAFT, REVOKED]", vec![&revoked, &draft]),
    ] {
        let list = format!("consents(side: GIVEN, filter: {{ statuses: {statuses} }})");
        let expected: Vec<_> = expected.iter().map(|id| json!({ "id": id })).collect();
        assert_eq!(north.lists(&list, "id").await, expected, "{statuses}");
    }
    let none = north.asks(
        "{ consents(side: GIVEN, filter: { statuses: [] }) { edges { cursor } } }",
        json!({}),
    );
    assert_eq!(none.await.codes(), "BAD_USER_INPUT");
}
