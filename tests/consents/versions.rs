//! A consent's next version takes its place, with the referrals that it carries on; the earlier one stays readable.

use concord_entities::package_key;
use concord_entities::vocabulary::DataCategory::{Identity, Needs, SubstanceUse};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::world::agency::{PACKAGE, Told, day, good_consent, survivors_signature, text};
use crate::world::documents::{DRAFT_REFERRAL, RENEW_CONSENT};
use crate::world::{Agency, Answer, Database, World, on_both};

async fn signs(agency: &Agency, consent: &Value) -> Answer {
    let shown = "status version supersedes { status version }";
    let signature = survivors_signature();
    agency.signs_with(&text(consent), &signature, shown).await
}

async fn marks_in_error(agency: &Agency, consent: &str) -> Answer {
    let marked = agency.changes("markConsentEnteredInError", consent, "status");
    marked.await
}

async fn status(agency: &Agency, consent: &str) -> Value {
    let shown = "status version supersedes { id status }";
    agency.finds("Consent", consent, shown).await
}

async fn keys(world: &World) -> u64 {
    let keyring = &world.service.store.keyring;
    #[expect(clippy::disallowed_methods, reason = "a test counts them all")]
    package_key::Entity::find().count(keyring).await.unwrap()
}

/// The consent that a referral stands on, and until when.
async fn stands_on(agency: &Agency, told: &Told) -> (Value, Value) {
    let query = "query($id: ID!) { referral(id: $id) { consent { id expiresAt } } }";
    let seen = agency.asks(query, json!({ "id": told.referral })).await;
    let consent = &seen.data()["referral"]["consent"];
    (consent["id"].clone(), consent["expiresAt"].clone())
}

on_both!(a_renewed_consent_carries_its_referrals_on);
async fn a_renewed_consent_carries_its_referrals_on(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    south.does("acceptReferral", &ada).await.data();

    let renewed = north.renews(&ada.consent).await;
    let renewed = &renewed.data()["renewConsent"];
    assert_eq!(
        (&renewed["version"], &renewed["status"]),
        (&json!(2), &json!("DRAFT"))
    );
    assert_eq!(renewed["supersedes"]["status"], "ACTIVE");
    // It allows nothing and ends nothing before it is signed, and the recipient knows nothing of it.
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
    assert_eq!(status(&south, &text(&renewed["id"])).await, Value::Null);

    let signed = signs(&north, &renewed["id"]).await;
    assert_eq!(
        signed.data()["signConsent"],
        json!({ "status": "ACTIVE", "version": 2, "supersedes": { "status": "SUPERSEDED", "version": 1 } })
    );
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
    assert_eq!(south.sees(&ada).await, "ACCEPTED");
    let end = json!(format!("{}T00:00:00.000000Z", day(80)));
    assert_eq!(stands_on(&south, &ada).await, (renewed["id"].clone(), end));
    for party in [&north, &south] {
        let seen = status(party, &text(&renewed["id"])).await;
        assert_eq!(
            seen["supersedes"],
            json!({ "id": ada.consent, "status": "SUPERSEDED" })
        );
        assert_eq!(status(party, &ada.consent).await["status"], "SUPERSEDED");
    }
    // A version has one successor.
    assert_eq!(
        north.renews(&ada.consent).await.codes(),
        "INVALID_TRANSITION"
    );
    assert_eq!(
        south.renews(&text(&renewed["id"])).await.codes(),
        "INVALID_TRANSITION"
    );

    // Taking back the later one ends it all.
    let later = Told {
        consent: text(&renewed["id"]),
        ..ada.clone()
    };
    let revoked = north.revokes_consent(&later).await;
    assert_eq!(revoked.data()["revokeConsent"]["referralsSuspended"], 1);
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
}

on_both!(what_a_narrower_version_does_not_cover_is_over);
async fn what_a_narrower_version_does_not_cover_is_over(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    assert_eq!(keys(&world).await, 1);
    let survivor = north.survivor_of(&ada.consent).await;

    let mut narrower = good_consent(&survivor, &south, &[Identity]);
    narrower["supersedes"] = json!(ada.consent);
    let drafted = north.drafts(&narrower).await;
    let drafted = &drafted.data()["draftConsent"];
    assert_eq!(drafted["version"], 2);
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
    signs(&north, &drafted["id"]).await.data();
    assert_eq!(south.reads(&ada).await, "withheld: everything (NO_CONSENT)");
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    assert_eq!(keys(&world).await, 0, "its content is gone for good");

    // A next version is of the same survivor, to the same recipient.
    let other = north.registers("Eve").await;
    for (field, value) in [
        ("survivor", other),
        ("recipient", world.coordinator.to_string()),
    ] {
        let mut odd = narrower.clone();
        odd["supersedes"] = drafted["id"].clone();
        odd[field] = json!(value);
        let refused = north.drafts(&odd).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT", "{field}");
    }
}

#[tokio::test]
async fn nothing_is_drafted_under_what_is_over() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let drafts = async |consent: &str| {
        let referral = json!({ "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": {}, "again": true });
        north
            .asks(DRAFT_REFERRAL, json!({ "r": referral }))
            .await
            .codes()
    };
    let first = north.refers("Ada").to(&south).sharing([Identity]).await;
    let second = north.renews(&first.consent).await;
    let second = text(&second.data()["renewConsent"]["id"]);
    north.signs(&second).await.data();
    assert_eq!(drafts(&first.consent).await, "BAD_USER_INPUT");
    assert_eq!(drafts(&second).await, "");
    marks_in_error(&north, &second).await.data();
    assert_eq!(drafts(&second).await, "BAD_USER_INPUT");
}

on_both!(what_had_lapsed_before_its_renewal_is_told_anew_or_not_at_all);
async fn what_had_lapsed_before_its_renewal_is_told_anew_or_not_at_all(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let consent = world.sql_id(&ada.consent);
    world.ends_sharing(&format!(
        "UPDATE consent SET effective_at = 0, expires_at = 1 WHERE id = {consent};\
         UPDATE referral SET consent_until = 1 WHERE consent_id = {consent}"
    ));
    let renewed = north.renews(&ada.consent).await;
    let renewed = &renewed.data()["renewConsent"]["id"];
    signs(&north, renewed).await.data();
    // The package ended with the time that it was sealed for: its key goes, and nothing claims that it could be read.
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    assert!(!south.reads(&ada).await.contains("Ada"));
    assert!(!world.has_key(&ada.referral));
    let package = json!({ "identity": { "givenName": "Ada" } });
    let continued = north.continues(&ada, &text(renewed), package).await;
    assert_eq!(continued.data()["continueReferral"]["status"], "REQUESTED");
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
}

on_both!(whoever_takes_a_consent_back_takes_its_renewal_back);
async fn whoever_takes_a_consent_back_takes_its_renewal_back(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let renewed = north.renews(&ada.consent).await;
    let renewed = &renewed.data()["renewConsent"]["id"];
    north.revokes_consent(&ada).await.data();
    assert_eq!(signs(&north, renewed).await.codes(), "INVALID_TRANSITION");
    assert_eq!(status(&north, &text(renewed)).await["status"], "DRAFT");
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    assert_eq!(
        north.renews(&ada.consent).await.codes(),
        "INVALID_TRANSITION"
    );
    let past = json!({ "id": ada.consent, "end": "2020-01-01T00:00:00Z" });
    assert_eq!(
        north.asks(RENEW_CONSENT, past).await.codes(),
        "INVALID_TRANSITION"
    );
}

on_both!(what_should_never_have_been_is_over_and_hidden);
async fn what_should_never_have_been_is_over_and_hidden(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let strange = marks_in_error(&south, &ada.consent).await;
    assert_eq!(strange.codes(), "INVALID_TRANSITION");
    assert!(south.reads(&ada).await.starts_with("identity: Ada"));
    for _ in 0..2 {
        let marked = marks_in_error(&north, &ada.consent).await;
        assert_eq!(
            marked.data()["markConsentEnteredInError"]["status"],
            "ENTERED_IN_ERROR"
        );
    }
    assert_eq!(south.reads(&ada).await, "withheld: everything (NO_CONSENT)");
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    assert_eq!(status(&south, &ada.consent).await, Value::Null);
    assert_eq!(keys(&world).await, 0);
    assert_eq!(
        north.renews(&ada.consent).await.codes(),
        "INVALID_TRANSITION"
    );
    let signed = signs(&north, &json!(ada.consent)).await;
    assert_eq!(signed.codes(), "INVALID_TRANSITION");
}

#[tokio::test]
async fn the_redisclosure_notice_travels_with_substance_use_records_alone() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    for (categories, notice) in [
        (
            vec![Needs, SubstanceUse],
            json!("42 CFR part 2 prohibits unauthorized use or disclosure of these records."),
        ),
        (vec![Needs], Value::Null),
    ] {
        let person = format!("with {}", categories.len());
        let told = north.refers(&person).to(&south).sharing(categories).await;
        let variables = json!({ "id": told.referral, "p": "SERVICE_DELIVERY" });
        let read = south.asks(PACKAGE, variables).await;
        assert_eq!(read.data()["referral"]["package"]["notice"], notice);
    }
}
