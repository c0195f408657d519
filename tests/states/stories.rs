//! Referrals on their way, as both sides see them.

use concord_entities::vocabulary::DataCategory::{Identity, Safety};
use serde_json::json;

use crate::world::agency::Told;
use crate::world::{Agency, Answer, World, on_both};

/// Does a verb that takes a reason.
async fn because(who: &Agency, verb: &str, told: &Told, reason: &str) -> Answer {
    let mutation = format!(
        "mutation($id: ID!) {{ {verb}(id: $id, reason: {reason}) {{ id status statusReason allowedActions }} }}"
    );
    who.asks(&mutation, json!({ "id": told.referral })).await
}

/// What an agency's log says of a referral, newest first.
async fn logged(who: &Agency, told: &Told) -> Vec<String> {
    let log = format!(
        "auditEvents(filter: {{ object: \"{}\" }}, first: 100)",
        told.referral
    );
    let events = who.lists(&log, "type reason").await;
    let changes = events
        .iter()
        .filter(|one| one["type"].as_str().unwrap().starts_with("REFERRAL_"));
    changes
        .map(|one| match one["reason"].as_str() {
            Some(reason) => format!("{} {reason}", one["type"].as_str().unwrap()),
            None => one["type"].as_str().unwrap().to_owned(),
        })
        .collect()
}

on_both!(a_referral_is_taken_on_begun_paused_resumed_and_completed);
async fn a_referral_is_taken_on_begun_paused_resumed_and_completed(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &ada).await.data();
    south.does("startReferral", &ada).await.data();
    assert_eq!(north.sees(&ada).await, "IN_PROGRESS");
    because(&south, "holdReferral", &ada, "AWAITING_DOCUMENTS")
        .await
        .data();
    assert_eq!(north.sees(&ada).await, "ON_HOLD (AWAITING_DOCUMENTS)");
    // Another reason is another pause; there is none while it is paused.
    let other = because(&south, "holdReferral", &ada, "NO_CONTACT").await;
    assert_eq!(other.codes(), "INVALID_TRANSITION");
    assert!(south.reads(&ada).await.contains("Ada"));
    south.does("resumeReferral", &ada).await.data();
    south.does("resumeReferral", &ada).await.data();
    assert_eq!(north.sees(&ada).await, "IN_PROGRESS");
    let complete = "mutation($id: ID!) { completeReferral(id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] }) { status } }";
    south
        .asks(complete, json!({ "id": ada.referral }))
        .await
        .data();
    assert_eq!(north.sees(&ada).await, "COMPLETED");
    let told = [
        "REFERRAL_COMPLETED",
        "REFERRAL_RESUMED",
        "REFERRAL_HELD AWAITING_DOCUMENTS",
        "REFERRAL_STARTED",
        "REFERRAL_ACCEPTED",
        "REFERRAL_SENT",
    ];
    assert_eq!(logged(&south, &ada).await, told);
    assert_eq!(logged(&north, &ada).await[..6], told);
}

on_both!(what_was_taken_on_ends_without_success_for_a_coded_reason);
async fn what_was_taken_on_ends_without_success_for_a_coded_reason(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &ada).await.data();
    for (verb, reason) in [
        ("failReferral", "UNCOOPERATIVE"),
        ("failReferral", "DUPLICATE"),
        ("holdReferral", "DUPLICATE"),
        ("cancelReferral", "NOT_ANSWERED"),
        ("cancelReferral", "\"DUPLICATE\""),
        ("cancelReferral", "null"),
    ] {
        let refused = because(&south, verb, &ada, reason).await;
        assert_eq!(
            refused.codes(),
            "BAD_USER_INPUT",
            "{verb} {reason}: {}",
            refused.text
        );
    }
    assert_eq!(north.sees(&ada).await, "ACCEPTED");
    because(&south, "failReferral", &ada, "NO_CONTACT")
        .await
        .data();
    because(&south, "failReferral", &ada, "NO_CONTACT")
        .await
        .data();
    assert_eq!(north.sees(&ada).await, "FAILED (NO_CONTACT)");
    assert!(south.reads(&ada).await.contains("REFERRAL_CLOSED"));
    let log = "auditEvents(filter: { types: [REFERRAL_FAILED] })";
    assert_eq!(
        north.lists(log, "reason").await,
        [json!({ "reason": "NO_CONTACT" })]
    );
}

on_both!(either_side_calls_it_off_and_the_package_is_read_no_more);
async fn either_side_calls_it_off_and_the_package_is_read_no_more(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    for told in [&ada, &bea] {
        south.does("acceptReferral", told).await.data();
        assert!(south.reads(told).await.contains(&told.person));
    }
    because(&north, "cancelReferral", &ada, "NEEDS_MET_ELSEWHERE")
        .await
        .data();
    because(&south, "cancelReferral", &bea, "NEEDS_MET_ELSEWHERE")
        .await
        .data();
    for (told, by, other) in [(&ada, &north, &south), (&bea, &south, &north)] {
        assert_eq!(other.sees(told).await, "CANCELLED (NEEDS_MET_ELSEWHERE)");
        assert!(south.reads(told).await.contains("REFERRAL_CLOSED"));
        // Whoever did it may do it again; the other side did not.
        because(by, "cancelReferral", told, "NEEDS_MET_ELSEWHERE")
            .await
            .data();
        let refused = because(other, "cancelReferral", told, "NEEDS_MET_ELSEWHERE").await;
        assert_eq!(refused.codes(), "INVALID_TRANSITION");
        let told = logged(other, told).await;
        assert_eq!(told[0], "REFERRAL_CANCELLED NEEDS_MET_ELSEWHERE");
        assert_ne!(told[1], told[0]);
    }
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    let refused = because(&south, "cancelReferral", &cleo, "NO_CAPACITY").await;
    let instead = &refused.body["errors"][0]["extensions"]["allowed"];
    assert_eq!(*instead, json!(["ACCEPT", "REJECT"]));
}

on_both!(what_was_entered_in_error_stays_visible_as_such_and_cannot_be_read);
async fn what_was_entered_in_error_stays_visible_as_such_and_cannot_be_read(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Safety])
        .await;
    south.does("acceptReferral", &ada).await.data();
    let refused = south.does("markReferralEnteredInError", &ada).await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
    let marked = north.does("markReferralEnteredInError", &ada).await;
    let shown = json!({ "id": ada.referral, "status": "ENTERED_IN_ERROR", "statusReason": null, "allowedActions": [] });
    assert_eq!(marked.data()["markReferralEnteredInError"], shown);
    north.does("markReferralEnteredInError", &ada).await.data();
    for who in [&north, &south] {
        assert_eq!(who.sees(&ada).await, "ENTERED_IN_ERROR");
    }
    let inbox = "referrals(box: INBOX, filter: { statuses: [ENTERED_IN_ERROR] })";
    assert_eq!(
        south.lists(inbox, "id").await,
        [json!({ "id": ada.referral })]
    );
    let read = south.reads(&ada).await;
    assert!(
        read.contains("REFERRAL_CLOSED") && !read.contains("Ada"),
        "{read}"
    );
    let log = "auditEvents(filter: { types: [REFERRAL_ENTERED_IN_ERROR] })";
    for who in [&north, &south] {
        assert_eq!(who.lists(log, "id").await.len(), 1);
    }

    // Of a draft the other side learns nothing, neither before nor after.
    let bea = north.refers("Bea").to(&south).drafted([Identity]).await;
    north.does("markReferralEnteredInError", &bea).await.data();
    assert_eq!(south.sees(&bea).await, "nothing");
    assert_eq!(south.lists(log, "id").await.len(), 1);
    assert_eq!(north.lists(log, "id").await.len(), 2);
    // What was completed keeps what came of it, and nobody corrects it any more.
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &cleo).await.data();
    let outcome = |verb: &str| {
        format!(
            "mutation($id: ID!) {{ {verb}(id: $id, outcome: {{ code: SURVIVOR_ENDED }}) {{ id }} }}"
        )
    };
    let id = json!({ "id": cleo.referral });
    south
        .asks(&outcome("completeReferral"), id.clone())
        .await
        .data();
    north.does("markReferralEnteredInError", &cleo).await.data();
    let late = south.asks(&outcome("correctReferralOutcome"), id).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
    let seen = south
        .finds("Referral", &cleo.referral, "outcome { code }")
        .await;
    assert_eq!(seen["outcome"]["code"], "SURVIVOR_ENDED");
}

on_both!(a_suspended_referral_is_called_off_or_continued_and_nothing_else);
async fn a_suspended_referral_is_called_off_or_continued_and_nothing_else(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &ada).await.data();
    because(&south, "holdReferral", &ada, "NO_CAPACITY")
        .await
        .data();
    let survivor = north.survivor_of(&ada.consent).await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    north.signs(&consent).await.data();
    north.revokes_consent(&ada).await.data();
    assert_eq!(north.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    for verb in ["startReferral", "resumeReferral"] {
        assert_eq!(south.does(verb, &ada).await.codes(), "INVALID_TRANSITION");
    }
    let refused = because(&south, "cancelReferral", &ada, "SERVICE_ENDED").await;
    assert_eq!(
        refused.body["errors"][0]["extensions"]["allowed"],
        json!([])
    );
    // It returns to the state that it left, with the reason that it had there.
    let package = json!({ "identity": { "givenName": "Ada" } });
    north
        .continues(&ada, &consent, package.clone())
        .await
        .data();
    assert_eq!(south.sees(&ada).await, "ON_HOLD (NO_CAPACITY)");
    north.revokes(&consent).await.data();
    because(&north, "cancelReferral", &ada, "CONSENT_NOT_IN_FORCE")
        .await
        .data();
    assert_eq!(south.sees(&ada).await, "CANCELLED (CONSENT_NOT_IN_FORCE)");
    let late = north.continues(&ada, &consent, package).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
}
