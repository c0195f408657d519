//! A review over a period: opened, gone through, flagged, concluded, and on record itself.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use super::{events, hours, kinds, opened, opens};
use crate::world::agency::{entries, text};
use crate::world::{Agency, Answer, World, on_both};

async fn flags(who: &Agency, review: &str, event: &str, note: &str) -> Answer {
    let document = "mutation($r: ID!, $e: ID!, $n: FlagNote!) { flagAuditEvent(review: $r, event: $e, note: $n) \
        { id status flags { edges { node { event note flaggedBy } } } } }";
    who.asks(document, json!({ "r": review, "e": event, "n": note }))
        .await
}

async fn concludes(who: &Agency, review: &str, conclusion: &str) -> Answer {
    let document = "mutation($r: ID!, $c: ReviewConclusion!) { concludeAuditReview(id: $r, conclusion: $c) \
        { id status conclusion concludedBy } }";
    who.asks(document, json!({ "r": review, "c": conclusion }))
        .await
}

async fn reviewed(who: &Agency, review: &str, list: &str) -> Vec<Value> {
    let document = format!(
        "query($r: ID!) {{ node(id: $r) {{ ... on AuditReview {{ {list}(first: 100) {{ edges {{ node {{ id type subject }} }} }} }} }} }}"
    );
    let answer = who.asks(&document, json!({ "r": review })).await;
    entries(&answer.data()["node"][list])
}

on_both!(a_review_is_opened_flagged_and_concluded_and_is_itself_on_record);
async fn a_review_is_opened_flagged_and_concluded_and_is_itself_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    south.reads(&ada).await;
    let coordinator = world.coordinator();
    let review = opened(&coordinator, json!({ "agency": south.id.to_string() })).await;

    let seen = reviewed(&coordinator, &review, "events").await;
    let read = seen
        .iter()
        .find(|event| event["type"] == "PACKAGE_READ")
        .unwrap();
    let read = text(&read["id"]);
    assert!(
        seen.iter()
            .all(|event| event["type"] != "SURVIVOR_REGISTERED"),
        "north's alone: {seen:?}"
    );

    let flagged = flags(&coordinator, &review, &read, "NOT_THEIR_CASE").await;
    let again = flags(&coordinator, &review, &read, "NOT_THEIR_CASE").await;
    let expected =
        json!([{ "node": { "event": read, "note": "NOT_THEIR_CASE", "flaggedBy": "somebody" } }]);
    for answer in [&flagged, &again] {
        assert_eq!(answer.data()["flagAuditEvent"]["flags"]["edges"], expected);
    }
    // What the review is not about cannot be flagged in it, as if it were not there.
    let elsewhere = events(&north, json!({ "types": ["SURVIVOR_REGISTERED"] })).await;
    let elsewhere = text(&elsewhere[0]["id"]);
    assert_eq!(
        flags(&coordinator, &review, &elsewhere, "MISUSE")
            .await
            .codes(),
        "NOT_FOUND"
    );

    let concluded = concludes(&coordinator, &review, "ALL_EXPLAINED").await;
    assert_eq!(
        concluded.data()["concludeAuditReview"]["status"],
        "CONCLUDED"
    );
    let again = concludes(&coordinator, &review, "ALL_EXPLAINED").await;
    assert_eq!(
        again.data()["concludeAuditReview"]["conclusion"],
        "ALL_EXPLAINED"
    );
    assert_eq!(
        concludes(&coordinator, &review, "MISUSE_ENDED")
            .await
            .codes(),
        "INVALID_TRANSITION"
    );
    assert_eq!(
        flags(&coordinator, &review, &read, "MISUSE").await.codes(),
        "INVALID_TRANSITION"
    );

    let types = json!([
        "AUDIT_REVIEW_OPENED",
        "AUDIT_EVENT_FLAGGED",
        "AUDIT_REVIEW_CONCLUDED"
    ]);
    let on_record = kinds(&coordinator, json!({ "types": types })).await;
    assert_eq!(
        on_record,
        [
            "AUDIT_REVIEW_CONCLUDED",
            "AUDIT_EVENT_FLAGGED",
            "AUDIT_REVIEW_OPENED"
        ]
    );
    let found = kinds(&coordinator, json!({ "object": review })).await;
    assert_eq!(found, on_record);
    // Nobody else learns of it, least of all who is reviewed.
    assert!(kinds(&south, json!({ "types": types })).await.is_empty());
    let document = "query($r: ID!) { node(id: $r) { id } }";
    let foreign = south.asks(document, json!({ "r": review })).await;
    assert_eq!(foreign.data()["node"], Value::Null);
    assert_eq!(
        flags(&south, &review, &read, "MISUSE").await.codes(),
        "NOT_FOUND"
    );
    assert_eq!(
        concludes(&south, &review, "NOTHING_FOUND").await.codes(),
        "NOT_FOUND"
    );
}

on_both!(a_review_of_what_is_beyond_reach_is_refused);
async fn a_review_of_what_is_beyond_reach_is_refused(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let period = json!({ "since": hours(-1), "until": hours(1) });
    let of = |agency: &str| {
        let mut review = period.clone();
        review["agency"] = json!(agency);
        review
    };
    let foreign = opens(&north, of(&south.id.to_string())).await;
    let absent = opens(&north, of("agency_01h2xcejqtf2nbrexx3vqjhp41")).await;
    assert_eq!(foreign.codes(), "NOT_FOUND");
    assert_eq!(foreign.shown(), absent.shown());
    let narrow = world.caller(north.id, "north", "audit.rs");
    assert_eq!(
        opens(&narrow, of(&north.id.to_string())).await.codes(),
        "FORBIDDEN_SCOPE"
    );

    let now = hours(0);
    opens(&north, json!({ "since": now, "until": now }))
        .await
        .is_refused_for("review.until");
    let long = json!({ "since": hours(-24 * 367), "until": hours(1) });
    opens(&north, long).await.is_refused_for("review.since");
    let nobody = json!({ "since": hours(-1), "until": hours(1), "subject": "" });
    opens(&north, nobody).await.is_refused_for("review.subject");

    let mut keyed = of(&north.id.to_string());
    keyed["idempotencyKey"] = json!("october");
    let ids = [
        opens(&north, keyed.clone()).await,
        opens(&north, keyed).await,
    ];
    let ids = ids.map(|answer| text(&answer.data()["openAuditReview"]["id"]));
    assert_eq!(ids[0], ids[1]);
    let list = "auditReviews(filter: { status: OPEN })";
    assert_eq!(north.lists(list, "id").await.len(), 1);
    assert!(
        north
            .lists("auditReviews(filter: { status: CONCLUDED })", "id")
            .await
            .is_empty()
    );
    assert!(south.lists(list, "id").await.is_empty());
}

on_both!(who_leaves_is_reviewed_by_everything_that_they_did);
async fn who_leaves_is_reviewed_by_everything_that_they_did(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let mut claims = world.claims(
        north.id,
        "audit.crus referral.crus survivor.cruds consent.crus agency.cruds",
    );
    "zoe".clone_into(&mut claims.subject);
    let zoe = north.with(world.signs(&claims));
    zoe.registers("Ada").await;
    zoe.lists("survivors", "id").await;
    south.registers("Ben").await;
    let end = "mutation { endSubject(subject: \"zoe\") { subject } }";
    north.asks(end, json!({})).await.data();

    let review = opened(&north, json!({ "subject": "zoe" })).await;
    let hers = reviewed(&north, &review, "events").await;
    assert!(
        hers.iter().all(|event| event["subject"] == "zoe"),
        "{hers:?}"
    );
    let types: Vec<_> = hers.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(types, ["RECORDS_LISTED", "SURVIVOR_REGISTERED"]);

    // Who changed what anybody may do is one list of a review of the whole agency.
    let review = opened(&north, json!({})).await;
    let changes = reviewed(&north, &review, "accessChanges").await;
    let types: Vec<_> = changes.iter().map(|event| text(&event["type"])).collect();
    assert_eq!(types, ["SUBJECT_ENDED", "AGENCY_REGISTERED"]);
}
