//! What an MOU may say, and what its parties sign.

pub mod refused;

use concord::mou::rules::DraftedTerm;
use concord_entities::instant::Day;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::agency::{day, text};
use crate::world::{Agency, Answer, World, on_both};

const DRAFT: &str = "mutation($m: MouInput!) { draftMou(mou: $m) { id status } }";
const SIGN: &str =
    "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";

fn mou(north: &Agency, south: &Agency) -> Value {
    json!({
        "kind": "REFERRAL", "title": "North and South",
        "parties": [
            { "agency": north.id.to_string(), "responsibilities": "refers" },
            { "agency": south.id.to_string(), "responsibilities": "shelters" },
        ],
        "terms": {
            "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"] }], "purpose": "shelter",
            "services": "beds", "confidentiality": "sealed", "breachNoticeHours": 24, "training": "yearly",
            "conflictResolution": "the directors meet", "terminationNoticeDays": 30,
        },
        "effectiveOn": day(0), "expiresOn": day(365),
    })
}

async fn signs(agency: &Agency, id: &str, document: &str) -> Answer {
    let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": document.repeat(32) });
    agency.asks(SIGN, json!({ "id": id, "s": signature })).await
}

on_both!(a_term_that_makes_no_sense_is_refused_with_the_field);
async fn a_term_that_makes_no_sense_is_refused_with_the_field(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let drafts = async |changed: &[(&str, Value)]| {
        let mut mou = mou(&north, &south);
        for (place, value) in changed {
            mou[place] = value.clone();
        }
        north.asks(DRAFT, json!({ "m": mou })).await
    };
    let over = [
        ("effectiveOn", json!(day(-30))),
        ("expiresOn", json!(day(-2))),
    ];
    drafts(&over).await.is_refused_for("mou.expiresOn");
    let endless = [("expiresOn", json!("9999-12-31"))];
    drafts(&endless).await.is_refused_for("mou.expiresOn");
    drafts(&[("expiresOn", json!(day(3_650)))]).await.data();

    let with_term = async |field: &str, number: i32| {
        let mut terms = mou(&north, &south)["terms"].clone();
        terms[field] = json!(number);
        drafts(&[("terms", terms)]).await
    };
    for hours in [0, 721, -1] {
        let refused = with_term("breachNoticeHours", hours).await;
        refused.is_refused_for("mou.terms.breachNoticeHours");
    }
    for hours in [1, 720] {
        with_term("breachNoticeHours", hours).await.data();
    }
    let refused = with_term("terminationNoticeDays", 366).await;
    refused.is_refused_for("mou.terms.terminationNoticeDays");
}

on_both!(an_mou_has_two_parties_who_sign_each_for_itself);
async fn an_mou_has_two_parties_who_sign_each_for_itself(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let mut alone = mou(&north, &south);
    alone["parties"].as_array_mut().unwrap().pop();
    let refused = north.asks(DRAFT, json!({ "m": alone })).await;
    refused.is_refused_for("mou.parties");
    let mut reversed = mou(&north, &south);
    reversed["effectiveOn"] = json!(day(400));
    let refused = north.asks(DRAFT, json!({ "m": reversed })).await;
    refused.is_refused_for("mou.expiresOn");

    let mut followed = mou(&north, &south);
    followed["taskForce"] = json!(world.task_force.to_string());
    let drafted = north.asks(DRAFT, json!({ "m": followed })).await;
    let id = text(&drafted.data()["draftMou"]["id"]);
    north.changes("offerMou", &id, "status").await.data();
    let coordinator = world.coordinator();
    let followers = signs(&coordinator, &id, "ab").await;
    assert_eq!(followers.codes(), "INVALID_TRANSITION", "it is no party");
    let stranger = world.agency("west").await;
    assert_eq!(signs(&stranger, &id, "ab").await.codes(), "NOT_FOUND");
    let unsaid = json!({ "signatory": "A Director", "title": "Director", "authority": " ", "documentSha256": "ab".repeat(32) });
    let unsaid = south.asks(SIGN, json!({ "id": id, "s": unsaid })).await;
    unsaid.is_refused_for("signature.authority");
    signs(&south, &id, "ab").await.data();
    let parties = north.finds("Mou", &id, "parties { authority }").await;
    let mut parties = parties["parties"].as_array().unwrap().iter();
    assert!(parties.any(|party| party["authority"] == "the board"));
}

on_both!(all_parties_sign_one_document);
async fn all_parties_sign_one_document(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let drafted = north.asks(DRAFT, json!({ "m": mou(&north, &south) })).await;
    let id = text(&drafted.data()["draftMou"]["id"]);
    north.changes("offerMou", &id, "status").await.data();
    signs(&north, &id, "ab").await.data();
    let other = signs(&south, &id, "cd").await;
    other.is_refused_for("signature.documentSha256");
    let seen = north.finds("Mou", &id, "status").await;
    assert_eq!(seen["status"], "PARTIALLY_SIGNED");
    let same = signs(&south, &id, "ab").await;
    assert_eq!(same.data()["signMou"]["status"], "ACTIVE");
    // Another document's signature changes nothing once it is in force.
    assert_eq!(signs(&north, &id, "cd").await.codes(), "INVALID_TRANSITION");
}

proptest! {
    /// What is taken is a term that begins before it ends, is not over, is no longer than ten years, and has its review in it.
    #[test]
    fn a_term_is_taken_where_it_makes_sense(
        today in 15_000..25_000_i32,
        first in -5_000..5_000_i32,
        length in -10..4_000_i32,
        review in proptest::option::of(-20..4_020_i32),
    ) {
        let (first, today) = (Day(today + first), Day(today));
        let last = first.plus_days(length);
        let review_on = review.map(|after| first.plus_days(after));
        let term = DraftedTerm { effective_on: first, review_on, expires_on: Some(last) };
        let makes_sense = first <= last
            && today <= last
            && length <= 3_653
            && review_on.is_none_or(|day| first <= day && day <= last);
        prop_assert_eq!(term.faults(today).is_empty(), makes_sense);
    }
}
