//! What happened to a referral: who, when and why, as each side is told.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::{Agency, World, on_both};

/// What happened, oldest first, on one line each.
async fn happened(agency: &Agency, referral: &str) -> Vec<String> {
    let shown = "timeline(first: 100) { edges { node { type reason subject agency { name } } } }";
    let seen = agency.finds("Referral", referral, shown).await;
    let edges = seen["timeline"]["edges"].as_array().unwrap();
    let line = |edge: &Value| {
        let node = &edge["node"];
        let by = if node["subject"].is_string() {
            format!("{} (own)", node["agency"]["name"].as_str().unwrap())
        } else {
            node["agency"]["name"]
                .as_str()
                .unwrap_or("nobody")
                .to_owned()
        };
        let why = node["reason"].as_str().map(|why| format!(", {why}"));
        let what = node["type"].as_str().unwrap();
        format!("{what} by {by}{}", why.unwrap_or_default())
    };
    edges.iter().rev().map(line).collect()
}

on_both!(both_sides_see_what_happened_who_did_it_and_why);
async fn both_sides_see_what_happened_who_did_it_and_why(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).drafted([Identity]).await;
    north.does("sendReferral", &ada).await.data();
    south.does("acceptReferral", &ada).await.data();
    let assign = "mutation($id: ID!) { assignReferral(id: $id, subject: \"eve\") { id } }";
    let hold = "mutation($id: ID!) { holdReferral(id: $id, reason: NO_CAPACITY) { id } }";
    for verb in [assign, hold] {
        south.asks(verb, json!({ "id": ada.referral })).await.data();
    }
    south.does("resumeReferral", &ada).await.data();
    north.revokes_consent(&ada).await.data();
    let told = [
        "REFERRAL_SENT by north",
        "REFERRAL_ACCEPTED by south (own)",
        "REFERRAL_ASSIGNED by south (own)",
        "REFERRAL_HELD by south (own), NO_CAPACITY",
        "REFERRAL_RESUMED by south (own)",
        "CONSENT_REVOKED by north",
    ];
    assert_eq!(happened(&south, &ada.referral).await, told);
    let known = [
        "REFERRAL_DRAFTED by north (own)",
        "REFERRAL_SENT by north (own)",
        "REFERRAL_ACCEPTED by south",
        "REFERRAL_ASSIGNED by south",
        "REFERRAL_HELD by south, NO_CAPACITY",
        "REFERRAL_RESUMED by south",
        "CONSENT_REVOKED by north (own), TELEPHONE",
    ];
    assert_eq!(happened(&north, &ada.referral).await, known);

    // Page by page it is the same, both ways, and its reading is on record.
    let paged = "query($id: ID!, $after: String) { referral(id: $id) { timeline(first: 3, after: $after) \
        { edges { cursor node { type event } } pageInfo { hasNextPage endCursor } } } }";
    let mut after = Value::Null;
    let mut found = 0;
    loop {
        let page = north
            .asks(paged, json!({ "id": ada.referral, "after": after }))
            .await;
        let timeline = page.data()["referral"]["timeline"].clone();
        found += timeline["edges"].as_array().unwrap().len();
        after = timeline["pageInfo"]["endCursor"].clone();
        if timeline["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(found, known.len());
    let newest = "query($id: ID!) { referral(id: $id) { timeline(last: 1) { edges { node { type } } pageInfo { hasPreviousPage } } } }";
    let oldest = north.asks(newest, json!({ "id": ada.referral })).await;
    let oldest = &oldest.data()["referral"]["timeline"];
    assert_eq!(oldest["edges"][0]["node"]["type"], "REFERRAL_DRAFTED");
    assert_eq!(oldest["pageInfo"]["hasPreviousPage"], true);
}

on_both!(a_timeline_names_no_more_than_its_own_referral);
async fn a_timeline_names_no_more_than_its_own_referral(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &bea).await.data();
    north.revokes_consent(&bea).await.data();
    assert_eq!(
        happened(&south, &ada.referral).await,
        ["REFERRAL_SENT by north"]
    );
    // What happened to a consent before the referral was drafted is none of its story.
    let next = north.renews(&bea.consent).await;
    assert_ne!(next.codes(), "INTERNAL");
    let stranger = world.agency("stranger").await;
    let seen = stranger
        .finds(
            "Referral",
            &ada.referral,
            "timeline { edges { node { type } } }",
        )
        .await;
    assert_eq!(seen, Value::Null);
    // A token that writes, and does not read, is told nothing either.
    let writer = north.with(world.token(north.id, "referral.cu"));
    let asked = writer
        .asks(
            "query($id: ID!) { referral(id: $id) { timeline { edges { node { type } } } } }",
            json!({ "id": ada.referral }),
        )
        .await;
    assert_eq!(asked.codes(), "FORBIDDEN_SCOPE");
}
