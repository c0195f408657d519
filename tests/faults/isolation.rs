//! A database whose sessions begin with another isolation than PostgreSQL's own shares nothing that was taken back.

use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use sea_orm::{ConnectionTrait, Database as Connecting, TransactionTrait};

use super::stage::{Outcome, reads, shows, within};
use crate::world::agency::Told;
use crate::world::{Agency, Database, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_waits_behind_a_revocation_is_withheld_whatever_isolation_is_the_default() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    for isolation in ["repeatable read", "serializable"] {
        let person = format!("Ada-under-{}", isolation.replace(' ', "-"));
        let told = north.refers(&person).to(&south).sharing([Identity]).await;
        let name = world.url().rsplit('/').next().unwrap();
        world.tampers(&format!(
            "ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"
        ));
        let servers = [world.another_server(), world.another_server()];
        let north = north.at(&servers[0].address);
        let south = south.at(&servers[1].address);
        within(
            Duration::from_secs(30),
            is_withheld(&world, north, south, told, isolation),
        )
        .await;
    }
}

async fn is_withheld(world: &World, north: Agency, south: Agency, told: Told, isolation: &str) {
    let before = reads(&south, &told).await;
    assert!(
        matches!(&before, Outcome::Done(answer) if shows(answer, &told)),
        "under {isolation}: {before:?}"
    );

    // Whoever records something keeps the revocation waiting for the sharing lock, and that the read.
    let elsewhere = Connecting::connect(world.url()).await.unwrap();
    let holding = elsewhere.begin().await.unwrap();
    holding
        .execute_unprepared("SELECT pg_advisory_xact_lock_shared(12602381)")
        .await
        .unwrap();
    let consent = told.clone();
    let revoking = tokio::spawn(async move { north.revokes_consent(&consent).await });
    waits_beside(world, "ExclusiveLock", 0).await;
    // A server that has just been started sweeps, and may wait as well.
    let others = waiting(world, "ShareLock");
    let reader = south.clone();
    let read = told.clone();
    let reading = tokio::spawn(async move { reads(&reader, &read).await });
    waits_beside(world, "ShareLock", others).await;
    holding.commit().await.unwrap();

    revoking.await.unwrap().data();
    let Outcome::Done(answer) = reading.await.unwrap() else {
        panic!("the read was refused under {isolation}");
    };
    assert!(!shows(&answer, &told), "under {isolation}: {}", answer.text);
    assert!(answer.text.contains("CONSENT_REVOKED"), "{}", answer.text);
}

/// Waits until somebody waits for the sharing lock in this way, beside so many others.
async fn waits_beside(world: &World, mode: &str, others: usize) {
    while waiting(world, mode) <= others {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How many wait for the sharing lock in this way.
fn waiting(world: &World, mode: &str) -> usize {
    let waiting = format!(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
         WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted AND mode = '{mode}'"
    );
    world.tampers(&waiting).parse().unwrap()
}
