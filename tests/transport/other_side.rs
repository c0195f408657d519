//! Who can see a record and does what another side does is told where it stands, and what is theirs to do. It is no denied
//! attempt. Who cannot see it is told that it does not exist.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::survivors_signature;
use crate::world::documents::sign_consent;
use crate::world::{Answer, World, on_both};

const DENIED: &str = "SELECT count(*) FROM audit_event WHERE kind = 'ACCESS_DENIED'";

/// Where the record stands, and what the caller may do with it.
fn told(answer: &Answer) -> (&Value, &Value) {
    assert_eq!(answer.codes(), "INVALID_TRANSITION", "{}", answer.text);
    let told = &answer.body["errors"][0]["extensions"];
    (&told["from"], &told["allowed"])
}

on_both!(a_verb_of_the_other_side_is_told_as_a_transition);
async fn a_verb_of_the_other_side_is_told_as_a_transition(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let west = world.agency("west").await;
    let drafted = north.refers("Bea").to(&south).drafted([Identity]).await;
    let sent = north.refers("Ada").to(&south).sharing([Identity]).await;

    let answer = north.does("acceptReferral", &sent).await;
    assert_eq!(
        told(&answer),
        (
            &json!("REQUESTED"),
            &json!(["CANCEL", "MARK_ENTERED_IN_ERROR"])
        )
    );
    let answer = north.does("acceptReferral", &drafted).await;
    assert_eq!(
        told(&answer),
        (
            &json!("DRAFT"),
            &json!(["SEND", "EDIT", "DISCARD", "MARK_ENTERED_IN_ERROR"])
        )
    );
    for verb in [
        "sendReferral",
        "discardReferralDraft",
        "markReferralEnteredInError",
    ] {
        let answer = south.does(verb, &sent).await;
        assert_eq!(
            told(&answer),
            (&json!("REQUESTED"), &json!(["ACCEPT", "REJECT"]))
        );
    }
    let others = [
        (
            "rejectReferral(id: $id, reason: NO_CAPACITY)",
            &sent.referral,
        ),
        ("assignReferral(id: $id, subject: \"her\")", &sent.referral),
        ("startReferral(id: $id)", &sent.referral),
        ("holdReferral(id: $id, reason: NO_CAPACITY)", &sent.referral),
        ("resumeReferral(id: $id)", &sent.referral),
        ("failReferral(id: $id, reason: NO_CONTACT)", &sent.referral),
        (
            "completeReferral(id: $id, outcome: { code: SURVIVOR_ENDED })",
            &sent.referral,
        ),
        (
            "correctReferralOutcome(id: $id, outcome: { code: SURVIVOR_ENDED })",
            &sent.referral,
        ),
    ];
    for (verb, id) in others {
        let verb = format!("mutation($id: ID!) {{ {verb} {{ id }} }}");
        let answer = north.asks(&verb, json!({ "id": id })).await;
        assert_eq!(told(&answer).0, "REQUESTED");
    }
    assert_eq!(north.sees(&sent).await, "REQUESTED");

    let consent = json!({ "id": sent.consent });
    for verb in [
        "renewConsent(id: $id, expiresAt: \"2030-01-01T00:00:00Z\")",
        "markConsentEnteredInError(id: $id)",
        "discardConsentDraft(id: $id)",
        "objectToConsent(id: $id, objection: { objectedOn: \"2026-01-01\" })",
    ] {
        let verb = format!("mutation($id: ID!) {{ {verb} {{ id }} }}");
        let answer = south.asks(&verb, consent.clone()).await;
        assert_eq!(told(&answer), (&json!("ACTIVE"), &json!([])));
    }
    assert_eq!(told(&south.revokes(&sent.consent).await).0, "ACTIVE");
    let signature = json!({ "id": sent.consent, "s": survivors_signature() });
    let signing = south.asks(&sign_consent("id"), signature).await;
    assert_eq!(told(&signing).0, "ACTIVE");
    assert_eq!(world.tampers(DENIED), "0");

    // What one may not see answers as what does not exist, and is an attempt.
    assert_eq!(
        south.does("sendReferral", &drafted).await.codes(),
        "NOT_FOUND"
    );
    assert_eq!(
        south.revokes(&drafted.consent).await.codes(),
        "INVALID_TRANSITION"
    );
    for verb in ["sendReferral", "acceptReferral"] {
        assert_eq!(west.does(verb, &sent).await.codes(), "NOT_FOUND");
    }
    assert_eq!(west.revokes(&sent.consent).await.codes(), "NOT_FOUND");
    assert_eq!(world.tampers(DENIED), "4");
}

on_both!(an_mou_is_offered_by_its_drafter_and_signed_by_its_parties);
async fn an_mou_is_offered_by_its_drafter_and_signed_by_its_parties(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let mou = north.agrees_with(&south).await;
    let answer = south.changes("offerMou", &mou, "id").await;
    let own = json!(["SUSPEND", "TERMINATE", "AMEND", "RENEW"]);
    assert_eq!(told(&answer), (&json!("ACTIVE"), &own));
    let west = world.agency("west").await;
    for other in [&west, &coordinator] {
        let answer = other.changes("offerMou", &mou, "id").await;
        assert_eq!(answer.codes(), "NOT_FOUND");
    }

    world.tampers(&format!(
        "UPDATE mou SET task_force_id = (SELECT task_force_id FROM membership WHERE role = 'COORDINATOR' LIMIT 1) \
         WHERE id = {}",
        world.sql_id(&mou)
    ));
    let sign =
        "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";
    let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": "ab".repeat(32) });
    let answer = coordinator
        .asks(sign, json!({ "id": mou, "s": signature }))
        .await;
    assert_eq!(told(&answer), (&json!("ACTIVE"), &json!([])));
}
