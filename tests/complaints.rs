//! What the users of such systems complain about, and what keeps it from happening here: one story each.

use concord_entities::vocabulary::DataCategory::{Identity, Location, Needs};
use serde_json::{Value, json};

use crate::world::agency::{day, good_consent, text};
use crate::world::{Agency, World, on_both};

on_both!(the_status_that_is_shown_is_the_status_that_is_enforced);
async fn the_status_that_is_shown_is_the_status_that_is_enforced(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let shown = "{ consents(side: RECEIVED, first: 1) { edges { node { status } } } }";
    let consent_is = async || {
        let answer = south.asks(shown, Value::Null).await;
        text(&answer.data()["consents"]["edges"][0]["node"]["status"])
    };
    assert_eq!(consent_is().await, "ACTIVE");
    assert!(south.reads(&ada).await.contains("Ada"));
    // Its last moment passes, and nobody does anything.
    let id = world.sql_id(&ada.consent);
    world.ends_sharing(&format!(
        "UPDATE consent SET expires_at = 2 WHERE id = {id}; UPDATE referral SET consent_until = 2 WHERE consent_id = {id}"
    ));
    assert_eq!(consent_is().await, "EXPIRED");
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    assert!(south.reads(&ada).await.contains("CONSENT_EXPIRED"));
    // A missing end lets nothing pass: there is no consent without one.
    let survivor = north.registers("Grace").await;
    let mut endless = good_consent(&survivor, &south, &[Identity]);
    endless.as_object_mut().unwrap().remove("expiresAt");
    assert_eq!(north.drafts(&endless).await.codes(), "CONSENT_DEFECTIVE");
}

on_both!(the_server_checks_what_the_screen_does);
async fn the_server_checks_what_the_screen_does(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let referral = json!({
        "consent": consent, "needs": [], "urgency": "ROUTINE",
        "package": { "identity": { "givenName": "Ada" }, "location": { "address": "Elm Street" } },
    });
    let draft =
        "mutation($r: ReferralInput!) { draftReferral(referral: $r) { id allowedActions } }";
    let refused = north.asks(draft, json!({ "r": referral })).await;
    refused.is_refused_for("referral.needs");
    refused.is_refused_for("referral.package.location");
    let drafted = north.drafts_referral(&consent, "Ada", &[Identity]).await;
    // What no button would do.
    for (agency, verb, code) in [
        (&north, "sendReferral", "INVALID_TRANSITION"),
        (&north, "acceptReferral", "INVALID_TRANSITION"),
        (&south, "acceptReferral", "NOT_FOUND"),
    ] {
        assert_eq!(agency.does(verb, &drafted).await.codes(), code, "{verb}");
    }
}

on_both!(a_nested_object_shows_no_more_than_it_does_by_itself);
async fn a_nested_object_shows_no_more_than_it_does_by_itself(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let shown = "consent { id survivor { id pseudonym } } sender { name }";
    let seen = south.finds("Referral", &ada.referral, shown).await;
    assert_eq!(seen["consent"]["survivor"], Value::Null);
    let survivor = north.survivor_of(&ada.consent).await;
    assert_eq!(
        south.finds("Survivor", &survivor, "pseudonym").await,
        Value::Null
    );
    // By a token that reads neither consents nor agencies, they are not read through the referral either.
    let narrow = world.caller(south.id, "south", "referral.rs");
    for nested in ["consent { id }", "mou { id }", "sender { languages }"] {
        let query = format!("query($id: ID!) {{ referral(id: $id) {{ id {nested} }} }}");
        let refused = narrow.asks(&query, json!({ "id": ada.referral })).await;
        assert_eq!(refused.codes(), "FORBIDDEN_SCOPE", "{nested}");
    }
}

on_both!(a_consent_is_taken_back_whatever_became_of_the_recipient);
async fn a_consent_is_taken_back_whatever_became_of_the_recipient(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let grace = north.refers("Grace").to(&south).sharing([Identity]).await;
    world
        .coordinator()
        .suspends(&south, "under review")
        .await
        .data();
    let cancel = "mutation($id: ID!) { cancelReferral(id: $id, reason: WRONG_PARTNER) { status } }";
    let cancelled = north.asks(cancel, json!({ "id": grace.referral })).await;
    assert_eq!(cancelled.data()["cancelReferral"]["status"], "CANCELLED");
    let revoked = north.revokes_consent(&ada).await;
    assert_eq!(revoked.data()["revokeConsent"]["referralsSuspended"], 1);
    world.coordinator().reinstates(&south).await.data();
    let south = south.with(anew(&world, &south));
    assert!(south.reads(&ada).await.contains("CONSENT_REVOKED"));
}

/// A token of the epoch that the agency is in since it takes part again.
fn anew(world: &World, agency: &Agency) -> String {
    let id = world.sql_id(&agency.id.to_string());
    let epoch = world.tampers(&format!("SELECT token_epoch FROM agency WHERE id = {id}"));
    let mut claims = world.claims(agency.id, crate::world::EVERYTHING);
    claims.epoch = epoch.trim().parse().unwrap();
    world.signs(&claims)
}

on_both!(what_fails_is_on_record_as_well_and_a_person_reads_it);
async fn what_fails_is_on_record_as_well_and_a_person_reads_it(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let stranger = world.agency("stranger").await;
    assert_eq!(
        stranger.does("acceptReferral", &ada).await.codes(),
        "NOT_FOUND"
    );
    let log = "auditEvents(first: 1, filter: { types: [ACCESS_DENIED] })";
    let denied = stranger
        .lists(log, "type outcome reason object subject")
        .await;
    let told = json!({
        "type": "ACCESS_DENIED", "outcome": "REFUSED", "reason": "NOT_FOUND", "object": ada.referral, "subject": "somebody",
    });
    assert_eq!(denied, [told]);
    assert!(south.reads(&ada).await.contains("Ada"));
    let log = "auditEvents(first: 1, filter: { types: [PACKAGE_READ] })";
    let shown = "type purpose categories recipient { name } object";
    let read = json!({
        "type": "PACKAGE_READ", "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY"], "recipient": { "name": "south" },
        "object": ada.referral,
    });
    assert_eq!(north.lists(log, shown).await, [read]);
}

on_both!(a_sender_sees_what_becomes_of_what_it_sent);
async fn a_sender_sees_what_becomes_of_what_it_sent(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let hold = "mutation($id: ID!) { holdReferral(id: $id, reason: AWAITING_DOCUMENTS) { id } }";
    let complete = "mutation($id: ID!) { completeReferral(id: $id, \
        outcome: { code: NEEDS_MET, provided: [HOUSING] }) { id } }";
    for (verb, seen) in [
        ("acceptReferral", "ACCEPTED"),
        ("startReferral", "IN_PROGRESS"),
        (hold, "ON_HOLD (AWAITING_DOCUMENTS)"),
        ("resumeReferral", "IN_PROGRESS"),
        (complete, "COMPLETED"),
    ] {
        let document = if verb.starts_with("mutation") {
            verb.to_owned()
        } else {
            format!("mutation($id: ID!) {{ {verb}(id: $id) {{ id }} }}")
        };
        south
            .asks(&document, json!({ "id": ada.referral }))
            .await
            .data();
        assert_eq!(north.sees(&ada).await, seen);
        let outbox = north.lists("referrals(box: OUTBOX, first: 1)", "id").await;
        assert_eq!(outbox, [json!({ "id": ada.referral })]);
    }
}

on_both!(a_small_partner_needs_nothing_but_a_program_of_its_own);
async fn a_small_partner_needs_nothing_but_a_program_of_its_own(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let register = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { application { id } secret } }";
    let program = json!({ "name": "the only desk", "scopes": ["referral.rs?purpose=SERVICE_DELIVERY"], "secret": true });
    let registered = south.asks(register, json!({ "a": program })).await;
    let registered = &registered.data()["registerApplication"];
    let token = reqwest::Client::new()
        .post(format!("http://{}/oauth/token", world.server.address))
        .basic_auth(
            text(&registered["application"]["id"]),
            Some(text(&registered["secret"])),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await
        .unwrap();
    let token: Value = serde_json::from_str(&token.text().await.unwrap()).unwrap();
    let desk = south.with(text(&token["access_token"]));
    assert!(desk.reads(&ada).await.contains("Ada"));
}

on_both!(an_address_is_told_to_nobody_whom_the_consent_does_not_name_it_for);
async fn an_address_is_told_to_nobody_whom_the_consent_does_not_name_it_for(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let with = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Location])
        .await;
    let without = north.refers("Grace").to(&south).sharing([Identity]).await;
    let told = "location: ";
    assert!(south.reads(&with).await.contains(told));
    let read = south.reads(&without).await;
    let withheld = read
        .split("withheld: ")
        .find(|part| part.contains("location"));
    let withheld = withheld.unwrap();
    assert!(
        withheld.contains("(CATEGORY_NOT_CONSENTED)") && !read.contains(told),
        "{read}"
    );
    let narrow = "referral.r?category=IDENTITY,NEEDS&purpose=SERVICE_DELIVERY";
    let narrow = world.caller(south.id, "south", narrow);
    let read = narrow.reads(&with).await;
    let withheld = read
        .split("withheld: ")
        .find(|part| part.contains("location"));
    let withheld = withheld.unwrap();
    assert!(
        withheld.contains("(TOKEN_TOO_NARROW)") && !read.contains(told),
        "{read}"
    );
    // The directory has areas, and no place where somebody could be found.
    let schema = std::fs::read_to_string(crate::contract::root().join("schema.graphql")).unwrap();
    let agency = schema.split("\ntype Agency implements").nth(1).unwrap();
    let agency = agency.split("\n}").next().unwrap().to_lowercase();
    assert!(!agency.contains("address") && agency.contains("serviceareas"));
}

on_both!(sending_twice_makes_one_referral);
async fn sending_twice_makes_one_referral(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Needs]).await;
    north.signs(&consent).await.data();
    let referral = json!({
        "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": { "needs": { "request": "a room" } },
        "idempotencyKey": "the form of this morning",
    });
    let draft = "mutation($r: ReferralInput!) { draftReferral(referral: $r) { id } }";
    let (one, other) = tokio::join!(
        north.asks(draft, json!({ "r": referral })),
        north.asks(draft, json!({ "r": referral })),
    );
    let id = text(&one.data()["draftReferral"]["id"]);
    assert_eq!(other.data()["draftReferral"]["id"], id.as_str());
    for _ in 0..2 {
        north.changes("sendReferral", &id, "status").await.data();
    }
    assert_eq!(
        south.lists("referrals(box: INBOX)", "id").await,
        [json!({ "id": id })]
    );
    // And without the key, the same once more is told from a second one.
    let mut again = referral.clone();
    again.as_object_mut().unwrap().remove("idempotencyKey");
    let again = north.asks(draft, json!({ "r": again })).await;
    assert_eq!(again.codes(), "DUPLICATE_REFERRAL");
}

on_both!(nothing_is_addressed_to_nobody_and_who_left_is_still_found);
async fn nothing_is_addressed_to_nobody_and_who_left_is_still_found(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    for nobody in ["*", "agency_01h2xcejqtf2nbrexx3vqjhp41", ""] {
        let mut consent = good_consent(&survivor, &south, &[Identity]);
        consent["recipient"] = json!(nobody);
        consent["expiresAt"] = json!(format!("{}T00:00:00Z", day(30)));
        north
            .drafts(&consent)
            .await
            .is_refused_for("consent.recipient");
    }
    world
        .coordinator()
        .suspends(&south, "it closed")
        .await
        .data();
    let filtered = format!(
        "referrals(box: OUTBOX, filter: {{ counterpart: \"{}\" }})",
        south.id
    );
    let found = north.lists(&filtered, "id recipient { name }").await;
    assert_eq!(
        found,
        [json!({ "id": ada.referral, "recipient": { "name": "south" } })]
    );
}
