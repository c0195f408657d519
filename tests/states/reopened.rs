//! A referral that is over is taken up again by a new one, which points at it. Nobody is asked why.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::text;
use crate::world::documents::DRAFT_REFERRAL;
use crate::world::{Agency, Answer, World, on_both};

async fn drafts(who: &Agency, consent: &str, reopens: &str) -> Answer {
    let package = json!({ "identity": { "givenName": "Ada" } });
    let referral = json!({ "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": package, "reopens": reopens });
    who.asks(DRAFT_REFERRAL, json!({ "r": referral })).await
}

on_both!(what_is_over_is_taken_up_again_by_a_new_referral_that_points_at_it);
async fn what_is_over_is_taken_up_again_by_a_new_referral_that_points_at_it(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let west = world.agency("west").await;
    north.agrees_with(&west).await;
    let first = north.refers("Ada").to(&south).sharing([Identity]).await;
    let early = drafts(&north, &first.consent, &first.referral).await;
    early.is_refused_for("referral.reopens");
    south.does("acceptReferral", &first).await.data();
    let fail = "mutation($id: ID!) { failReferral(id: $id, reason: NO_CONTACT) { id } }";
    south
        .asks(fail, json!({ "id": first.referral }))
        .await
        .data();

    let again = drafts(&north, &first.consent, &first.referral).await;
    let again = text(&again.data()["draftReferral"]["id"]);
    north.changes("sendReferral", &again, "id").await.data();
    for who in [&north, &south] {
        let seen = who.finds("Referral", &again, "status reopens").await;
        assert_eq!(
            seen,
            json!({ "status": "REQUESTED", "reopens": first.referral })
        );
        let before = who
            .finds("Referral", &first.referral, "status reopens")
            .await;
        assert_eq!(before, json!({ "status": "FAILED", "reopens": null }));
    }
    let inbox = south.lists("referrals(box: INBOX)", "id reopens").await;
    assert_eq!(inbox[0], json!({ "id": again, "reopens": first.referral }));
    // Who was no party of the earlier one does not learn that there was one.
    let survivor = north.survivor_of(&first.consent).await;
    let consent = north.consents(&survivor, &west, &[Identity]).await;
    north.signs(&consent).await.data();
    let elsewhere = drafts(&north, &consent, &first.referral).await;
    let elsewhere = text(&elsewhere.data()["draftReferral"]["id"]);
    north.changes("sendReferral", &elsewhere, "id").await.data();
    let shown = |who: &Agency| {
        let (who, id) = (who.clone(), elsewhere.clone());
        async move { who.finds("Referral", &id, "reopens").await["reopens"].clone() }
    };
    assert_eq!(shown(&west).await, Value::Null);
    assert_eq!(shown(&north).await, json!(first.referral));
    assert!(
        !west
            .asks(
                "query($id: ID!) { referral(id: $id) { reopens } }",
                json!({ "id": elsewhere })
            )
            .await
            .text
            .contains(&first.referral)
    );

    // Nobody else's, no other survivor's, and nothing that is no referral.
    let bea = north.registers("Bea").await;
    let hers = north.consents(&bea, &south, &[Identity]).await;
    for (consent, reopens) in [
        (&hers, first.referral.as_str()),
        (&consent, first.consent.as_str()),
        (&consent, "referral_01h2xcejqtf2nbrexx3vqjhp41"),
    ] {
        let refused = drafts(&north, consent, reopens).await;
        refused.is_refused_for("referral.reopens");
    }
    let theirs = west.refers("Ada").to(&north).drafted([Identity]).await;
    west.changes("discardReferralDraft", &theirs.referral, "id")
        .await
        .data();
    let refused = drafts(&north, &consent, &theirs.referral).await;
    refused.is_refused_for("referral.reopens");

    // A draft that takes up an earlier one stays with its survivor.
    let draft = drafts(&north, &consent, &elsewhere).await;
    draft.is_refused_for("referral.reopens");
    let cancel = "mutation($id: ID!) { cancelReferral(id: $id, reason: WRONG_PARTNER) { id } }";
    north.asks(cancel, json!({ "id": elsewhere })).await.data();
    let draft = drafts(&north, &consent, &elsewhere).await;
    let draft = text(&draft.data()["draftReferral"]["id"]);
    let edit = "mutation($id: ID!, $r: ReferralDraftInput!) { editReferralDraft(id: $id, referral: $r) { reopens } }";
    let edits = async |consent: &str| {
        let told =
            json!({ "consent": consent, "needs": ["LEGAL"], "urgency": "ROUTINE", "package": {} });
        north.asks(edit, json!({ "id": draft, "r": told })).await
    };
    edits(&hers).await.is_refused_for("referral.consent");
    let edited = edits(&consent).await;
    assert_eq!(
        edited.data()["editReferralDraft"]["reopens"],
        json!(elsewhere)
    );
}
