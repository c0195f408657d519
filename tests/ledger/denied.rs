//! What was asked for goes on record with a refusal, and nothing that is not ours to keep.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::{Agency, World, on_both};

/// The refusals of an agency, oldest first.
async fn denied(agency: &Agency) -> Vec<(String, Value)> {
    let log = "auditEvents(filter: { types: [ACCESS_DENIED] })";
    let mut events = agency.lists(log, "reason object").await;
    events.reverse();
    events
        .iter()
        .map(|event| {
            let reason = event["reason"].as_str().unwrap();
            (reason.to_owned(), event["object"].clone())
        })
        .collect()
}

on_both!(a_refused_attempt_names_what_was_asked_for);
async fn a_refused_attempt_names_what_was_asked_for(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let stranger = world.agency("stranger").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    let referral = ada.referral.as_str();
    let never = "referral_01h2xcejqtf2nbrexx3vqjhp41";

    let asked = [
        // What exists and may not be seen, and what does not exist; in variables, in the document, in a fragment.
        (
            "mutation ($id: ID!) { acceptReferral(id: $id) { id } }".to_owned(),
            json!({ "id": referral }),
            json!(referral),
        ),
        (
            format!("mutation {{ acceptReferral(id: \"{never}\") {{ id }} }}"),
            Value::Null,
            json!(never),
        ),
        (
            format!(
                "mutation {{ ...M }} fragment M on Mutation {{ \
                 mine: sendReferral(id: \"{referral}\") {{ id }} }}"
            ),
            Value::Null,
            json!(referral),
        ),
        // A survivor can be forgotten, so only that it was one.
        (
            "mutation ($id: ID!) { eraseSurvivor(id: $id) { erasedAt } }".to_owned(),
            json!({ "id": survivor }),
            json!("survivor"),
        ),
    ];
    let mut expected = Vec::new();
    for (document, variables, object) in asked {
        let answer = stranger.asks(&document, variables).await;
        assert_eq!(answer.codes(), "NOT_FOUND", "{}", answer.text);
        expected.push(("NOT_FOUND".to_owned(), object));
    }
    let mut found = denied(&stranger).await;
    let place = |one: &(String, Value)| one.1.to_string();
    found.sort_by_key(place);
    expected.sort_by_key(place);
    assert_eq!(found, expected);
    assert_eq!(denied(&north).await, []);
    assert_eq!(denied(&south).await, []);
}

on_both!(what_is_no_id_is_kept_nowhere);
async fn what_is_no_id_is_kept_nowhere(world: World) {
    let north = world.agency("north").await;
    let narrow = world.caller(north.id, "north", "audit.rs");
    let query = "mutation ($id: ID!) { acceptReferral(id: $id) { id } }";
    for id in ["Ada Lovelace", "ada_lovelace_01h2xcejqtf2nbrexx3vqjhp41"] {
        let answer = narrow.asks(query, json!({ "id": id })).await;
        assert_eq!(answer.codes(), "FORBIDDEN_SCOPE", "{}", answer.text);
    }
    let found = denied(&north).await;
    assert_eq!(found, vec![("FORBIDDEN_SCOPE".to_owned(), Value::Null); 2]);
    let kept = "SELECT count(*) FROM audit_event WHERE lower(leaf) LIKE '%lovelace%'";
    assert_eq!(world.tampers(kept), "0");
}
