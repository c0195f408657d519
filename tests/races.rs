//! Endings against reads, and people against each other, on every server of a store.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::{Identity, Safety};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::world::agency::{PACKAGE, Told, text};
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::postgres::Cluster;
use crate::world::{Agency, Answer, Database, EVERYTHING, Server, World, on_both};

/// A world's servers: two over one PostgreSQL, one over SQLite.
fn addresses(world: &World, second: Option<&Server>) -> Vec<String> {
    let mut addresses = vec![world.server.address.clone()];
    addresses.extend(second.map(|server| server.address.clone()));
    addresses
}

async fn package(reader: &Agency, told: &Told) -> Answer {
    let variables = json!({ "id": told.referral, "p": "SERVICE_DELIVERY" });
    reader.asks(PACKAGE, variables).await
}

/// The audit event of an answer that carries content.
fn disclosed(answer: &Answer, told: &Told) -> Option<String> {
    let package = &answer.data()["referral"]["package"];
    let shared = package["identity"]["givenName"] == told.person.as_str();
    // A receipt's signature is as random as it is long, and may spell a short name.
    let receipt = package["receipt"]["signature"].as_str().unwrap_or("none");
    let besides = answer.text.replace(receipt, "");
    assert_eq!(shared, besides.contains(&told.person));
    shared.then(|| text(&package["receipt"]["event"]))
}

on_both!(no_disclosure_comes_after_the_revocation_that_forbids_it);
async fn no_disclosure_comes_after_the_revocation_that_forbids_it(world: World) {
    let second = world.second_server();
    let (north, south) = world.agencies("north", "south").await;
    for person in ["Ada", "Bea", "Cleo"] {
        let told = north.refers(person).to(&south).sharing([Identity]).await;
        let events = hammered(&world, second.as_ref(), &north, &south, &told).await;
        assert!(!events.is_empty(), "nobody read before the revocation");
        every_disclosure_precedes_the_revocation(&world, &told, &events).await;
        assert!(!world.has_key(&told.referral));
    }
}

/// Reads on every server until the consent is revoked and a little longer; the events of the answers with content.
async fn hammered(
    world: &World,
    second: Option<&Server>,
    north: &Agency,
    south: &Agency,
    told: &Told,
) -> Vec<String> {
    let revoked = Arc::new(AtomicBool::new(false));
    let readers = addresses(world, second).into_iter().flat_map(|address| {
        (0..6).map({
            let revoked = &revoked;
            move |_| {
                let (reader, told) = (south.at(&address), told.clone());
                let revoked = Arc::clone(revoked);
                tokio::spawn(async move { hammer(&reader, &told, &revoked).await })
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    tokio::time::sleep(Duration::from_millis(150)).await;
    north.revokes_consent(told).await.data();
    revoked.store(true, Ordering::SeqCst);
    let events = join_all(readers).await;
    events.into_iter().flat_map(Result::unwrap).collect()
}

async fn hammer(reader: &Agency, told: &Told, revoked: &AtomicBool) -> Vec<String> {
    let mut events = Vec::new();
    let mut after = 0;
    while after < 4 {
        let began_after = revoked.load(Ordering::SeqCst);
        let answer = package(reader, told).await;
        let event = disclosed(&answer, told);
        if began_after {
            after += 1;
            assert_eq!(event, None, "content after the revocation was acknowledged");
        }
        events.extend(event);
    }
    events
}

async fn every_disclosure_precedes_the_revocation(world: &World, told: &Told, events: &[String]) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while world.tampers("SELECT count(*) FROM audit_waiting") != "0" {
        assert!(tokio::time::Instant::now() < deadline, "not integrated");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let revocation = format!(
        "SELECT leaf_index, recorded_at FROM audit_event JOIN audit_place ON event_id = id WHERE leaf LIKE '%CONSENT_REVOKED%{}%'",
        told.consent
    );
    let (index, time) = index_and_time(&world.tampers(&revocation));
    for event in events {
        let id = world.sql_id(event);
        let recorded = format!(
            "SELECT leaf_index, recorded_at FROM audit_event JOIN audit_place ON event_id = id WHERE id = {id}"
        );
        let (read_index, read_time) = index_and_time(&world.tampers(&recorded));
        assert!(read_time < time, "read at {read_time}, revoked at {time}");
        assert!(
            read_index < index,
            "read as {read_index}, revoked as {index}"
        );
    }
}

fn index_and_time(row: &str) -> (i64, i64) {
    let (index, time) = row.split_once('|').unwrap();
    (index.parse().unwrap(), time.parse().unwrap())
}

on_both!(a_suspended_agency_is_refused_on_the_very_next_request);
async fn a_suspended_agency_is_refused_on_the_very_next_request(world: World) {
    let second = world.second_server();
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let everywhere = addresses(&world, second.as_ref());
    for address in &everywhere {
        assert!(south.at(address).reads(&ada).await.contains("Ada"));
    }
    let set = |agency: &Agency, status| {
        let id = world.sql_id(&agency.id.to_string());
        format!("UPDATE agency SET status = '{status}' WHERE id = {id}")
    };

    world.ends_sharing(&set(&south, "SUSPENDED"));
    for address in &everywhere {
        refused(&south.at(address), &ada).await;
    }
    world.ends_sharing(&set(&south, "ACTIVE"));
    for address in &everywhere {
        assert!(south.at(address).reads(&ada).await.contains("Ada"));
    }

    world.ends_sharing(&set(&north, "SUSPENDED"));
    for address in &everywhere {
        refused(&north.at(address), &ada).await;
        let read = south.at(address).reads(&ada).await;
        assert_eq!(read, "withheld: everything (AGENCY_SUSPENDED)");
    }
}

on_both!(a_denied_token_is_refused_on_the_very_next_request);
async fn a_denied_token_is_refused_on_the_very_next_request(world: World) {
    let second = world.second_server();
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let everywhere = addresses(&world, second.as_ref());
    let claims = world.claims(south.id, EVERYTHING);
    let thief = south.with(world.signs(&claims));
    for address in &everywhere {
        assert!(thief.at(address).reads(&ada).await.contains("Ada"));
    }
    let jti = &claims.id;
    world.ends_sharing(&format!(
        "UPDATE token_state SET denied_at = 1 WHERE jti = '{jti}'"
    ));
    for address in &everywhere {
        refused(&thief.at(address), &ada).await;
        assert!(south.at(address).reads(&ada).await.contains("Ada"));
    }
}

/// A caller that may neither read nor change nor list.
async fn refused(caller: &Agency, told: &Told) {
    assert_eq!(caller.reads(told).await, "refused: UNAUTHENTICATED");
    let list = "{ referrals(box: INBOX, first: 5) { edges { node { id } } } }";
    let listed = caller.asks(list, Value::Null).await;
    assert_eq!(
        (listed.status, listed.codes().as_str()),
        (401, "UNAUTHENTICATED")
    );
    assert!(!listed.text.contains(&told.referral));
    let accepted = caller.does("acceptReferral", told).await;
    assert_eq!(accepted.codes(), "UNAUTHENTICATED");
}

on_both!(of_two_people_who_answer_a_referral_at_once_one_wins);
async fn of_two_people_who_answer_a_referral_at_once_one_wins(world: World) {
    let second = world.second_server();
    let (north, south) = world.agencies("north", "south").await;
    let everywhere = addresses(&world, second.as_ref());
    let (one, other) = (
        south.at(&everywhere[0]),
        south.at(everywhere.last().unwrap()),
    );
    let mut referrals = Vec::new();
    for person in 0..10 {
        let person = format!("person {person}");
        referrals.push(north.refers(&person).to(&south).sharing([Safety]).await);
    }
    let held = hold_referrals(&world).await;
    join_all(
        referrals
            .iter()
            .map(|told| exactly_one_wins(&one, &other, told)),
    )
    .await;
    if let Some(held) = held {
        held.await.unwrap();
    }
}

/// Keeps every referral's row for half a second, so that on PostgreSQL all who want one have come before anyone gets
/// it. On SQLite there is one writer anyway.
async fn hold_referrals(world: &World) -> Option<JoinHandle<String>> {
    if world.database == Database::Sqlite {
        return None;
    }
    let url = world.url().to_owned();
    let sleep = "SELECT id FROM referral FOR UPDATE; SELECT pg_sleep(0.8)";
    let held = tokio::task::spawn_blocking(move || Cluster::shared().psql(&url, sleep));
    tokio::time::sleep(Duration::from_millis(300)).await;
    Some(held)
}

async fn exactly_one_wins(one: &Agency, other: &Agency, told: &Told) {
    let reject = "mutation($id: ID!) { rejectReferral(id: $id, reason: NO_CAPACITY) { status } }";
    let (accepted, rejected) = join(
        one.does("acceptReferral", told),
        other.asks(reject, json!({ "id": told.referral })),
    )
    .await;
    let outcome = (accepted.codes(), rejected.codes());
    match (outcome.0.as_str(), outcome.1.as_str()) {
        ("", "INVALID_TRANSITION") => assert_eq!(one.sees(told).await, "ACCEPTED"),
        ("INVALID_TRANSITION", "") => assert_eq!(one.sees(told).await, "REJECTED (NO_CAPACITY)"),
        (_, _) => panic!("accepting: {}, rejecting: {}", accepted.text, rejected.text),
    }
}

on_both!(one_key_sent_twenty_times_at_once_makes_one_object_and_every_call_answers_it);
async fn one_key_sent_twenty_times_at_once_makes_one_object_and_every_call_answers_it(
    world: World,
) {
    let second = world.second_server();
    let north = world.agency("north").await;
    let everywhere = addresses(&world, second.as_ref());
    let survivor =
        json!({ "s": { "pseudonym": "heron", "ageGroup": "ADULT", "idempotencyKey": "once" } });
    let asking = (0..20).map(|turn| {
        let caller = north.at(&everywhere[turn % everywhere.len()]);
        let survivor = survivor.clone();
        async move { caller.asks(REGISTER_SURVIVOR, survivor).await }
    });
    let mut made = BTreeSet::new();
    for answer in join_all(asking).await {
        made.insert(text(&answer.data()["registerSurvivor"]["id"]));
    }
    let again = north.asks(REGISTER_SURVIVOR, survivor).await;
    made.insert(text(&again.data()["registerSurvivor"]["id"]));
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(world.tampers("SELECT count(*) FROM survivor"), "1");
}

on_both!(a_consent_that_lapses_is_withheld_without_any_write_and_its_key_goes_at_the_next_start);
async fn a_consent_that_lapses_is_withheld_without_any_write_and_its_key_goes_at_the_next_start(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let end = concord::clock::now().0 + 2_000_000;
    let (consent, referral) = (world.sql_id(&ada.consent), world.sql_id(&ada.referral));
    world.tampers(&format!(
        "UPDATE consent SET expires_at = {end} WHERE id = {consent};\
         UPDATE referral SET consent_until = {end} WHERE id = {referral}"
    ));
    let epoch = "SELECT epoch FROM sharing_epoch";
    let before = world.tampers(epoch);
    assert!(south.reads(&ada).await.contains("Ada"));

    let left = u64::try_from(end - concord::clock::now().0).unwrap();
    tokio::time::sleep(Duration::from_micros(left + 1_000)).await;
    for reader in [&south, &north] {
        let read = reader.reads(&ada).await;
        assert_eq!(read, "withheld: everything (CONSENT_EXPIRED)");
    }
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    assert_eq!(world.tampers(epoch), before);
    assert!(world.has_key(&ada.referral));

    let _restarted = world.another_server();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while world.has_key(&ada.referral) {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the key is still there"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(south.reads(&bea).await.contains("Bea"));
}

on_both!(a_token_of_ours_whose_state_is_gone_is_refused);
async fn a_token_of_ours_whose_state_is_gone_is_refused(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));
    let claims = world.claims(south.id, EVERYTHING);
    let forgotten = south.with(world.signs(&claims));
    assert!(forgotten.reads(&ada).await.contains("Ada"));
    let jti = &claims.id;
    world.ends_sharing(&format!("DELETE FROM token_state WHERE jti = '{jti}'"));
    refused(&forgotten, &ada).await;
    assert!(south.reads(&ada).await.contains("Ada"));
}
