//! Who of the recipient's people took a referral on: its own agency sees who, the other side that somebody did.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::Told;
use crate::world::{Agency, Answer, World, on_both};

const SHOWN: &str = "assigned assignee";

async fn assigns(who: &Agency, told: &Told, subject: Value) -> Answer {
    let assign = "mutation($id: ID!, $s: String) { assignReferral(id: $id, subject: $s) { assigned assignee } }";
    who.asks(assign, json!({ "id": told.referral, "s": subject }))
        .await
}

async fn accepts(who: &Agency, told: &Told, assignee: &str) -> Answer {
    let accept = "mutation($id: ID!, $a: String) { acceptReferral(id: $id, assignee: $a) { status assigned assignee } }";
    who.asks(accept, json!({ "id": told.referral, "a": assignee }))
        .await
}

on_both!(the_recipient_sees_who_took_it_on_and_the_sender_that_somebody_did);
async fn the_recipient_sees_who_took_it_on_and_the_sender_that_somebody_did(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let early = assigns(&south, &ada, json!("maria")).await;
    assert_eq!(early.codes(), "INVALID_TRANSITION");
    accepts(&south, &ada, "maria").await.data();
    accepts(&south, &ada, "maria").await.data();
    let other = accepts(&south, &ada, "noor").await;
    assert_eq!(other.codes(), "INVALID_TRANSITION");
    let seen = async |who: &Agency| who.finds("Referral", &ada.referral, SHOWN).await;
    assert_eq!(
        seen(&south).await,
        json!({ "assigned": true, "assignee": "maria" })
    );
    assert_eq!(
        seen(&north).await,
        json!({ "assigned": true, "assignee": null })
    );
    let outbox = north.lists("referrals(box: OUTBOX)", SHOWN).await;
    assert_eq!(outbox, [json!({ "assigned": true, "assignee": null })]);

    let assigned = assigns(&south, &ada, json!("noor")).await;
    assigns(&south, &ada, json!("noor")).await.data();
    assert_eq!(assigned.data()["assignReferral"]["assignee"], "noor");
    for (who, expected) in [("noor", 1), ("maria", 0)] {
        let taken_on = format!("referrals(box: INBOX, filter: {{ assignee: \"{who}\" }})");
        assert_eq!(south.lists(&taken_on, "id").await.len(), expected, "{who}");
    }
    let log = "auditEvents(filter: { types: [REFERRAL_ASSIGNED] })";
    for who in [&north, &south] {
        assert_eq!(who.lists(log, "id").await.len(), 1);
    }
    assert!(
        !north
            .asks(
                "{ auditEvents(first: 100) { edges { node { subject reason object objects } } } }",
                Value::Null
            )
            .await
            .text
            .contains("noor")
    );
    assert_eq!(
        assigns(&north, &ada, json!("her")).await.codes(),
        "INVALID_TRANSITION"
    );
    // Nobody any more.
    assigns(&south, &ada, Value::Null).await.data();
    assert_eq!(
        seen(&north).await,
        json!({ "assigned": false, "assignee": null })
    );
}

on_both!(nobody_is_assigned_who_is_no_person_or_has_left);
async fn nobody_is_assigned_who_is_no_person_or_has_left(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    for wrong in ["", "two\nlines", "application_01h2xcejqtf2nbrexx3vqjhp41"] {
        accepts(&south, &ada, wrong)
            .await
            .is_refused_for("assignee");
    }
    let end = "mutation { endSubject(subject: \"maria\") { subject } }";
    south.asks(end, Value::Null).await.data();
    accepts(&south, &ada, "maria")
        .await
        .is_refused_for("assignee");
    accepts(&south, &ada, "noor").await.data();
    assigns(&south, &ada, json!("maria"))
        .await
        .is_refused_for("subject");
    let reinstate = "mutation { reinstateSubject(subject: \"maria\") { subject } }";
    south.asks(reinstate, Value::Null).await.data();
    assigns(&south, &ada, json!("maria")).await.data();
}
