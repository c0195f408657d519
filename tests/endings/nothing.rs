//! What ends nothing stops nobody: it is answered as before, the sharing epoch stays, and nobody's lock is waited for.

use concord_entities::vocabulary::DataCategory::Identity;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use serde_json::json;

use crate::jose::hand::Hand;
use crate::oauth::partner::Partner;
use crate::world::agency::text;
use crate::world::{Agency, Database, EVERYTHING, World, on_both};

const SUSPEND: &str = "mutation($id: ID!) { suspendApplication(id: $id) { status } }";

fn epoch(world: &World) -> i64 {
    let epoch = world.tampers("SELECT epoch FROM sharing_epoch");
    epoch.parse().unwrap()
}

/// The sharing lock, held shared as whoever records or changes holds it; none on SQLite, where one lock is all there is.
async fn somebody_reads(world: &World) -> Option<DatabaseTransaction> {
    if world.database == Database::Sqlite {
        return None;
    }
    let database = &world.service.store.write;
    let reading = database.begin().await.unwrap();
    let lock = "SELECT pg_advisory_xact_lock_shared(12602381)";
    let lock = Statement::from_string(database.get_database_backend(), lock);
    reading.execute_raw(lock).await.unwrap();
    Some(reading)
}

/// How many want the sharing lock alone, or have it.
fn endings_under_way(world: &World) -> usize {
    let count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' \
                 AND objid = 12602381 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    world.tampers(count).parse().unwrap()
}

async fn marks(agency: &Agency, consent: &str) -> String {
    let marked = agency.changes("markConsentEnteredInError", consent, "status");
    text(&marked.await.data()["markConsentEnteredInError"]["status"])
}

async fn takes_back(agency: &Agency, consent: &str) -> String {
    text(&agency.revokes(consent).await.data()["revokeConsent"]["consent"]["status"])
}

on_both!(what_had_ended_ends_again_without_stopping_anybody);
async fn what_had_ended_ends_again_without_stopping_anybody(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let revoked = north.refers("Ada").to(&south).sharing([Identity]).await;
    let mistaken = north.refers("Bea").to(&south).sharing([Identity]).await;
    let lapsed = north.refers("Cleo").to(&south).sharing([Identity]).await;
    assert_eq!(takes_back(&north, &revoked.consent).await, "REVOKED");
    assert_eq!(marks(&north, &mistaken.consent).await, "ENTERED_IN_ERROR");
    let id = world.sql_id(&lapsed.consent);
    world.tampers(&format!(
        "UPDATE consent SET effective_at = 1, expires_at = 2 WHERE id = {id}"
    ));
    let person = north.registers("Dora").await;
    let [one, other] = [(), ()].map(|()| north.consents(&person, &south, &[Identity]));
    let (drafted, mistyped) = (one.await, other.await);
    let partner = Partner::with_key(&world, &north, EVERYTHING, Hand::p256());
    let given = partner.token(&[]).await;
    assert_eq!(partner.revokes(&given.access_token()).await.text, "{}");
    let over = partner.token(&[]).await.jti();
    world.tampers(&format!(
        "UPDATE token_state SET expires_at = 1 WHERE jti = '{over}'"
    ));
    let stopped = Partner::with_key(&world, &north, EVERYTHING, Hand::p256());
    let suspends = |id: &str| north.asks(SUSPEND, json!({ "id": id }));
    suspends(&stopped.id).await.data();
    let west = world.agency("west").await;
    coordinator.suspends(&west, "a review").await.data();

    let before = epoch(&world);
    let reading = somebody_reads(&world).await;
    assert_eq!(takes_back(&north, &revoked.consent).await, "REVOKED");
    assert_eq!(marks(&north, &mistaken.consent).await, "ENTERED_IN_ERROR");
    // Written down, and shared by nobody before.
    assert_eq!(takes_back(&north, &lapsed.consent).await, "REVOKED");
    assert_eq!(takes_back(&north, &drafted).await, "REVOKED");
    assert_eq!(marks(&north, &mistyped).await, "ENTERED_IN_ERROR");
    for dead in [&given.jti(), &over] {
        assert_eq!(north.revokes_token(dead).await.data()["revokeToken"], true);
        assert_eq!(partner.revokes(dead).await.text, "{}");
    }
    assert_eq!(north.revokes_token("nobody's").await.codes(), "NOT_FOUND");
    assert_eq!(partner.revokes("nobody's").await.text, "{}");
    suspends(&stopped.id).await.data();
    coordinator.suspends(&west, "a review").await.data();
    assert_eq!(
        coordinator.suspends(&west, "again").await.codes(),
        "INVALID_TRANSITION"
    );
    assert_eq!(
        coordinator.reinstates(&north).await.codes(),
        "INVALID_TRANSITION"
    );
    let erase = north.changes("eraseSurvivor", &revoked.consent, "packages");
    assert_eq!(erase.await.codes(), "BAD_USER_INPUT");
    let theirs = south.registers("Ada").await;
    let erase = north.changes("eraseSurvivor", &theirs, "packages");
    assert_eq!(erase.await.codes(), "NOT_FOUND");
    for command in [
        &[
            "consent",
            "revoke",
            &revoked.consent,
            "--channel",
            "IN_PERSON",
        ][..],
        &["application", "suspend", &stopped.id],
        &["key", "retire", "nobody's"],
    ] {
        world.commands(command);
        assert_eq!(epoch(&world), before, "{command:?}");
    }
    drop(reading);
    assert_eq!(epoch(&world), before);
}

/// What the story above stands on: where something ends, the lock is waited for, and the epoch moves once.
#[tokio::test]
async fn what_ends_something_waits_for_whoever_reads() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let before = epoch(&world);
    let reading = somebody_reads(&world).await.unwrap();
    let revoking = takes_back(&north, &told.consent);
    let looking = async {
        while endings_under_way(&world) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(epoch(&world), before);
        reading.rollback().await.unwrap();
    };
    let (status, ()) = tokio::join!(revoking, looking);
    assert_eq!(status, "REVOKED");
    assert_eq!(epoch(&world), before + 1);
}

/// Sixteen programs of one agency end what was shared, each its own consent: none is refused, and never are two of
/// them at the lock.
#[tokio::test(flavor = "multi_thread")]
async fn of_one_agency_one_ending_at_a_time_comes_to_the_lock() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let mut consents = Vec::new();
    for person in 0..16 {
        let person = north.registers(&format!("person {person}")).await;
        let consent = north.consents(&person, &south, &[Identity]).await;
        north.signs(&consent).await.data();
        consents.push(consent);
    }
    let before = epoch(&world);
    let revoking = consents.into_iter().map(|consent| {
        let north = north.clone();
        tokio::spawn(async move { takes_back(&north, &consent).await })
    });
    let revoking: Vec<_> = revoking.collect();
    let mut most = 0;
    while !revoking.iter().all(tokio::task::JoinHandle::is_finished) {
        most = most.max(endings_under_way(&world));
        tokio::task::yield_now().await;
    }
    for revoked in revoking {
        assert_eq!(revoked.await.unwrap(), "REVOKED");
    }
    assert!(most <= 1, "{most} endings of one agency were at the lock");
    assert_eq!(epoch(&world), before + 16);
}
