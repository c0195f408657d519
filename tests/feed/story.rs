//! Who is told of what: the parties, what each may know of, with where it stands now, and once.

use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::json;

use super::{all_have_their_places, events, newest, page, settled};
use crate::world::agency::{day, text};
use crate::world::{EVERYTHING, World, on_both};

on_both!(each_party_is_told_what_changed_and_where_it_stands_now);
async fn each_party_is_told_what_changed_and_where_it_stands_now(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let stranger = world.agency("stranger").await;
    all_have_their_places(&world).await;
    let (mut at_north, mut at_south) = (newest(&north).await, newest(&south).await);

    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    for (reader, at) in [(&north, &mut at_north), (&south, &mut at_south)] {
        let told = settled(&world, reader, at).await;
        assert_eq!(told.told(), ["CONSENT ACTIVE", "REFERRAL REQUESTED"]);
        assert_eq!(told.records(), [&ada.consent, &ada.referral]);
        *at = told.end;
    }
    south.does("acceptReferral", &ada).await.data();
    north.revokes_consent(&ada).await.data();
    let told = settled(&world, &north, &at_north).await;
    assert_eq!(told.told(), ["CONSENT REVOKED", "REFERRAL SUSPENDED"]);
    at_north = told.end;
    let told = settled(&world, &south, &at_south).await;
    let mut lines = told.told();
    lines.sort();
    let expected = ["CONSENT REVOKED", "NOTICE UNSEEN", "REFERRAL SUSPENDED"];
    assert_eq!(lines, expected);
    at_south = told.end;

    let notice = &told.named.iter().find(|one| one.0 == "NOTICE").unwrap().2;
    let seen = "mutation($id: ID!) { markNoticeSeen(id: $id) { seenAt } }";
    let first = south.asks(seen, json!({ "id": notice })).await;
    let again = south.asks(seen, json!({ "id": notice })).await;
    assert_eq!(again.data(), first.data(), "once");
    for other in [&north, &stranger] {
        let refused = other.asks(seen, json!({ "id": notice })).await;
        assert_eq!(refused.codes(), "NOT_FOUND");
    }
    let told = settled(&world, &south, &at_south).await;
    assert_eq!(told.told(), ["NOTICE SEEN"]);
    assert!(settled(&world, &north, &at_north).await.named.is_empty());
    // Whoever is no party has been told of nothing all the while, from the very beginning.
    assert!(page(&stranger, None, 100).await.named.is_empty());
}

on_both!(nobody_is_told_of_what_they_may_not_know_of);
async fn nobody_is_told_of_what_they_may_not_know_of(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    all_have_their_places(&world).await;
    let (at_north, at_south) = (newest(&north).await, newest(&south).await);
    // Drafts are their author's.
    let ada = north.refers("Ada").to(&south).drafted([Identity]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    let draft = north.consents(&survivor, &south, &[Identity]).await;
    let told = settled(&world, &north, &at_north).await;
    assert_eq!(
        told.told(),
        ["CONSENT ACTIVE", "REFERRAL DRAFT", "CONSENT DRAFT"]
    );
    assert_eq!(told.records(), [&ada.consent, &ada.referral, &draft]);
    let told = settled(&world, &south, &at_south).await;
    assert_eq!(told.records(), [&ada.consent]);
    // What a recipient sees no more is not named, and what it saw of it before is not either.
    north.does("sendReferral", &ada).await.data();
    let error = "mutation($id: ID!) { markConsentEnteredInError(id: $id) { status } }";
    let marked = north.asks(error, json!({ "id": ada.consent })).await;
    marked.data();
    let told = settled(&world, &south, &at_south).await;
    assert_eq!(told.told(), ["REFERRAL SUSPENDED"]);
    assert_eq!(told.records(), [&ada.referral]);
}

on_both!(an_mou_is_told_to_its_drafter_first_and_then_to_its_parties);
async fn an_mou_is_told_to_its_drafter_first_and_then_to_its_parties(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    all_have_their_places(&world).await;
    let (at_north, at_south) = (newest(&north).await, newest(&south).await);
    let mou = north.agrees_with(&south).await;
    let told = settled(&world, &north, &at_north).await;
    assert_eq!(
        (told.told(), told.records()),
        (vec!["MOU ACTIVE".to_owned()], vec![mou.as_str()])
    );
    // One record, four events: the drafter has them all, each once where the page is small.
    let mut at = at_north;
    let mut pages = 0;
    loop {
        let told = page(&north, Some(&at), 1).await;
        assert_eq!(told.records(), [&mou]);
        pages += 1;
        at = told.end;
        if !told.more {
            break;
        }
    }
    assert_eq!(pages, 4, "drafted, offered, signed twice");
    let told = settled(&world, &south, &at_south).await;
    assert_eq!(told.records(), [&mou]);
}

on_both!(a_token_is_told_of_the_kinds_that_it_lists);
async fn a_token_is_told_of_the_kinds_that_it_lists(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    all_have_their_places(&world).await;
    for (scope, kinds) in [
        ("referral.s", vec!["REFERRAL"]),
        ("consent.s", vec!["CONSENT"]),
        ("mou.s", vec!["MOU"]),
        ("mou.s referral.s", vec!["MOU", "REFERRAL"]),
    ] {
        let reader = world.caller(north.id, "north", scope);
        let told = page(&reader, None, 100).await;
        let told: Vec<_> = told.named.iter().map(|one| one.0.as_str()).collect();
        assert_eq!(told, kinds, "{scope}");
    }
    let narrow = world.caller(north.id, "north", "referral.r survivor.s");
    let refused = narrow
        .asks("{ changes { pageInfo { endCursor } } }", json!({}))
        .await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE");
    let extensions = &refused.body["errors"][0]["extensions"];
    assert_eq!(extensions["scope"], "referral.s");
    // What a token does not list is behind it all the same.
    let mous = world.caller(north.id, "north", "mou.s");
    let at = newest(&world.caller(north.id, "north", EVERYTHING)).await;
    north.does("sendReferral", &ada).await;
    south.does("acceptReferral", &ada).await.data();
    let told = settled(&world, &mous, &at).await;
    assert!(told.named.is_empty() && !told.more);
    assert_ne!(told.end, at);
}

on_both!(an_erasure_is_told_by_what_it_ended);
async fn an_erasure_is_told_by_what_it_ended(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    let draft = north.drafts_referral(&ada.consent, "Ada", &[Needs]).await;
    all_have_their_places(&world).await;
    let (at_north, at_south) = (newest(&north).await, newest(&south).await);
    let erase = "mutation($id: ID!) { eraseSurvivor(id: $id) { event } }";
    north.asks(erase, json!({ "id": survivor })).await.data();
    let mut told = settled(&world, &north, &at_north).await.named;
    told.sort();
    let line = |kind: &str, state: &str, id: &str| (kind.into(), state.into(), id.into());
    let mut expected = vec![
        line("CONSENT", "REVOKED", &ada.consent),
        line("REFERRAL", "CANCELLED", &draft.referral),
        line("REFERRAL", "SUSPENDED", &ada.referral),
    ];
    expected.sort();
    assert_eq!(told, expected);
    let told = settled(&world, &south, &at_south).await;
    assert!(told.records().contains(&ada.referral.as_str()));
    assert!(!told.records().contains(&draft.referral.as_str()));
}

on_both!(a_page_that_names_records_is_one_event_and_an_empty_one_none);
async fn a_page_that_names_records_is_one_event_and_an_empty_one_none(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    all_have_their_places(&world).await;
    let before = events(&world);
    let told = page(&north, None, 100).await;
    assert_eq!(events(&world), before + 1);
    let named = "auditEvents(filter: { types: [RECORDS_LISTED], named: \"ID\" }, first: 1)";
    let audited = north
        .lists(&named.replace("ID", &ada.referral), "type")
        .await;
    assert_eq!(audited, [json!({ "type": "RECORDS_LISTED" })]);

    all_have_their_places(&world).await;
    let before = events(&world);
    let mut at = told.end;
    for _ in 0..5 {
        let nothing = page(&north, Some(&at), 100).await;
        assert!(nothing.named.is_empty() && !nothing.more);
        at = nothing.end;
        let badge = north.asks("{ mailbox { inboxUnanswered changedAt } }", json!({}));
        assert!(badge.await.data()["mailbox"]["changedAt"].is_string());
    }
    assert_eq!(events(&world), before);
    // A cursor that was gone on from for long is as good as ever.
    south.does("acceptReferral", &ada).await.data();
    let told = settled(&world, &north, &at).await;
    assert_eq!(told.told(), ["REFERRAL ACCEPTED"]);
}

on_both!(a_guardians_objection_is_told_to_the_discloser_alone);
async fn a_guardians_objection_is_told_to_the_discloser_alone(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    let minor =
        "mutation($id: ID!) { correctSurvivor(id: $id, ageGroup: MINOR, language: \"en\") { id } }";
    north.asks(minor, json!({ "id": survivor })).await.data();
    all_have_their_places(&world).await;
    let (at_north, at_south) = (newest(&north).await, newest(&south).await);
    let objects = "mutation($id: ID!, $day: Date!) { objectToConsent(id: $id, objection: { objectedOn: $day }) { id } }";
    let objected = north
        .asks(objects, json!({ "id": ada.consent, "day": day(0) }))
        .await;
    assert_eq!(text(&objected.data()["objectToConsent"]["id"]), ada.consent);
    let told = settled(&world, &north, &at_north).await;
    assert_eq!(told.records(), [&ada.consent]);
    assert!(settled(&world, &south, &at_south).await.named.is_empty());
}
