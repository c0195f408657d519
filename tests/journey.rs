//! One referral's way, on both databases.

use concord_entities::vocabulary::DataCategory::{Contact, Identity, Needs, Safety, SubstanceUse};
use serde_json::json;

use crate::world::agency::PACKAGE;
use crate::world::{Database, World, on_both};

on_both!(a_consented_referral_travels_and_is_completed);
async fn a_consented_referral_travels_and_is_completed(world: World) {
    let (north, south) = world.agencies("north", "south").await;

    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    assert_eq!(
        south.reads(&ada).await,
        "identity: Ada   needs: Ada   withheld: demographics, contact, location, family, language, safety, exploitation, medical, mental_health, substance_use, immigration, legal, financial (CATEGORY_NOT_CONSENTED)"
    );

    assert_eq!(south.sees(&ada).await, "REQUESTED");
    south.does("acceptReferral", &ada).await.data();
    assert_eq!(north.sees(&ada).await, "ACCEPTED");

    let complete = "mutation($id: ID!) { completeReferral(id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] }) \
        { status outcome { code provided } } }";
    let completed = south.asks(complete, json!({ "id": ada.referral })).await;
    assert_eq!(
        completed.shown(),
        r#"{"data":{"completeReferral":{"status":"COMPLETED","outcome":{"code":"NEEDS_MET","provided":["HOUSING"]}}}}"#
    );
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (REFERRAL_CLOSED)"
    );
    assert_eq!(north.sees(&ada).await, "COMPLETED");
}

on_both!(a_revocation_is_in_force_on_the_very_next_read);
async fn a_revocation_is_in_force_on_the_very_next_read(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));

    let revoked = north.revokes_consent(&ada).await;
    assert_eq!(
        revoked.shown(),
        r#"{"data":{"revokeConsent":{"referralsSuspended":1,"consent":{"status":"REVOKED"}}}}"#
    );
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    assert_eq!(
        north.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    assert_eq!(
        south.does("acceptReferral", &ada).await.codes(),
        "INVALID_TRANSITION"
    );
}

#[tokio::test]
async fn a_second_server_answers_a_revocation_on_its_very_next_read() {
    let world = World::on(Database::Postgres).await;
    let second = world.another_server();
    let (north, south) = world.agencies("north", "south").await;
    let there = south.at(&second.address);
    for person in ["Ada", "Bea", "Cleo", "Dana", "Edda"] {
        let told = north
            .refers(person)
            .to(&south)
            .sharing([Identity, Safety])
            .await;
        assert!(
            there
                .reads(&told)
                .await
                .starts_with(&format!("identity: {person}"))
        );
        north.revokes_consent(&told).await.data();
        assert_eq!(
            there.reads(&told).await,
            "withheld: everything (CONSENT_REVOKED)"
        );
    }
}

on_both!(what_an_agency_may_not_see_answers_as_what_does_not_exist);
async fn what_an_agency_may_not_see_answers_as_what_does_not_exist(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let stranger = world.agency("stranger").await;
    let sent = north.refers("Ada").to(&south).sharing([Contact]).await;
    let draft = north.refers("Bea").to(&south).drafted([Contact]).await;
    let never = "referral_01h2xcejqtf2nbrexx3vqjhp41";

    let ask = "query($id: ID!) { referral(id: $id) { id status } node(id: $id) { id } }";
    let nothing = stranger.asks(ask, json!({ "id": never })).await;
    for id in [&sent.referral, &draft.referral] {
        let answer = stranger.asks(ask, json!({ "id": id })).await;
        assert_eq!(
            (answer.status, answer.shown()),
            (nothing.status, nothing.shown())
        );
    }
    let to_recipient = south.asks(ask, json!({ "id": draft.referral })).await;
    assert_eq!(to_recipient.shown(), nothing.shown());

    let accept = "mutation($id: ID!) { acceptReferral(id: $id) { id } }";
    let refused = stranger.asks(accept, json!({ "id": never })).await;
    let forbidden = stranger.asks(accept, json!({ "id": sent.referral })).await;
    assert_eq!(forbidden.shown(), refused.shown());
    assert_eq!(forbidden.codes(), "NOT_FOUND");
}

#[tokio::test]
async fn substance_use_travels_with_its_notice() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([SubstanceUse]).await;
    let query = "query($id: ID!) { referral(id: $id) { package(purpose: SERVICE_DELIVERY) { substanceUse { treatment } notice } } }";
    let answer = south.asks(query, json!({ "id": ada.referral })).await;
    assert_eq!(
        answer.data()["referral"]["package"]["notice"],
        "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
    );
}

on_both!(only_what_was_selected_is_on_record_as_disclosed);
async fn only_what_was_selected_is_on_record_as_disclosed(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Needs, SubstanceUse])
        .await;
    for (selected, expected) in [
        ("receipt { event }", json!([])),
        ("needs { request } receipt { event }", json!(["NEEDS"])),
        (
            "...{ needs { request } } substanceUse { treatment }",
            json!(["NEEDS", "SUBSTANCE_USE"]),
        ),
    ] {
        let query = format!(
            "query($id: ID!) {{ referral(id: $id) {{ package(purpose: SERVICE_DELIVERY) {{ {selected} }} }} }}"
        );
        let read = south.asks(&query, json!({ "id": ada.referral })).await;
        assert_eq!(read.codes(), "", "{}", read.text);
        let log = "auditEvents(first: 1, filter: { types: [PACKAGE_READ] })";
        let on_record = &south.lists(log, "categories").await[0]["categories"];
        assert_eq!(*on_record, expected, "{selected}");
    }
}

on_both!(the_discloser_sees_every_reading_of_its_packages);
async fn the_discloser_sees_every_reading_of_its_packages(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let read = south
        .asks(
            PACKAGE,
            json!({ "id": ada.referral, "p": "SERVICE_DELIVERY" }),
        )
        .await;
    let receipt = &read.data()["referral"]["package"]["receipt"]["event"];
    let log = "auditEvents(first: 1, filter: { types: [PACKAGE_READ] })";
    let seen = north
        .lists(log, "id object agency { name } proof { index }")
        .await;
    assert_eq!(seen[0]["id"], *receipt);
    assert_eq!(seen[0]["object"], ada.referral.as_str());
    assert_eq!(seen[0]["agency"]["name"], "south");
}

#[tokio::test]
async fn whatever_is_shown_with_a_referral_is_on_record() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let query =
        "query($id: ID!) { referral(id: $id) { status consent { expiresAt } mou { id title } } }";
    let shown = south.asks(query, json!({ "id": ada.referral })).await;
    let mou = &shown.data()["referral"]["mou"]["id"];

    let log = "auditEvents(first: 1, filter: { types: [RECORDS_LISTED] })";
    let objects = &south.lists(log, "objects").await[0]["objects"];
    // By kind, as the log packs them.
    assert_eq!(*objects, json!([ada.consent, mou, ada.referral]));
}

on_both!(what_a_repeated_call_is_answered_with_is_on_record);
async fn what_a_repeated_call_is_answered_with_is_on_record(world: World) {
    let north = world.agency("north").await;
    let register = "mutation { registerSurvivor(survivor: { pseudonym: \"quiet heron\", ageGroup: ADULT, idempotencyKey: \"k\" }) { id } }";
    let first = north.asks(register, json!({})).await;
    let log = "auditEvents(filter: { types: [RECORDS_LISTED] })";
    let before = north.lists(log, "objects").await;
    let again = north.asks(register, json!({})).await;
    assert_eq!(again.data(), first.data());
    let after = north.lists(log, "objects").await;
    assert_eq!(after.len(), before.len() + 1);
}
