//! A named standby must have what was committed, before anybody is told.

use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;

use super::failover::{catches_up, comes_to};
use super::stage::{refused_under, with};
use crate::world::postgres::Cluster;
use crate::world::{Server, World};

const DEMANDED: [(&str, &str); 1] = [("CONCORD_SYNCHRONOUS_STANDBY", "true")];

#[tokio::test]
async fn that_is_not_named_keeps_a_server_from_starting() {
    let world = World::on(crate::world::Database::Postgres).await;
    let said = refused_under(&world.flags(), &DEMANDED);
    assert!(
        said.contains("`synchronous_standby_names` is empty"),
        "{said}"
    );
}

/// The old primary's clients are told nothing any more, whatever PostgreSQL reports to the service.
#[tokio::test]
async fn that_was_promoted_leaves_an_old_primary_that_releases_nothing() {
    let primary = Cluster::of_its_own();
    let mut world = World::over(primary.fresh_database(), None).await;
    let name = world.url().rsplit_once('/').unwrap().1.to_owned();
    let (here, standby) = (primary.url("postgres"), primary.standby_of());
    primary.psql(
        &here,
        "ALTER SYSTEM SET synchronous_standby_names = 'standby'",
    );
    primary.psql(&here, "SELECT pg_reload_conf()");
    let in_time = "SELECT sync_state FROM pg_stat_replication";
    comes_to(&primary, &here, in_time, "sync").await;
    world.server.ends();
    world.server = Server::start_under(&world.flags(), &DEMANDED);
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));

    catches_up(&primary, &standby).await;
    standby.promote();
    let elsewhere = tempfile::tempdir().unwrap();
    let there = with(&world.flags(), "--database-url", standby.url(&name));
    let there = with(&there, "--state", elsewhere.path().join("state"));
    super::stage::done(&["audit", "accept"], &there);
    let other = Server::start(&there);
    let revoked = north.at(&other.address).revokes_consent(&ada).await;
    revoked.data();

    // Until the limit on a statement ends the wait for a standby that is no more, and from then on at once.
    let read = south.reads(&ada).await;
    assert_eq!(read, "refused: UNAVAILABLE");
    let changed = north.revokes_consent(&bea).await;
    assert!(
        ["UNAVAILABLE", "OUTCOME_UNKNOWN"].contains(&changed.codes().as_str()),
        "{}",
        changed.text
    );
    let since = Instant::now();
    for told in [&ada, &bea] {
        assert_eq!(south.reads(told).await, "refused: UNAVAILABLE");
    }
    assert!(
        since.elapsed() < Duration::from_secs(2),
        "{:?}",
        since.elapsed()
    );
    // So that the world can end: nobody is waited for any more.
    primary.psql(&here, "ALTER SYSTEM RESET synchronous_standby_names");
    primary.psql(&here, "SELECT pg_reload_conf()");
}

/// A change that only the primary has is neither done nor undone for whoever asked.
#[tokio::test]
async fn that_is_away_makes_a_change_one_of_unknown_outcome() {
    let primary = Cluster::of_its_own();
    let mut world = World::over(primary.fresh_database(), None).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let here = primary.url("postgres");
    let standby = primary.standby_of();
    primary.psql(
        &here,
        "ALTER SYSTEM SET synchronous_standby_names = 'standby'",
    );
    primary.psql(&here, "SELECT pg_reload_conf()");
    comes_to(
        &primary,
        &here,
        "SELECT sync_state FROM pg_stat_replication",
        "sync",
    )
    .await;
    world.server.ends();
    world.server = Server::start_under(&world.flags(), &DEMANDED);
    let at = world.server.address.clone();
    let (north, south) = (north.at(&at), south.at(&at));
    assert!(south.reads(&ada).await.contains("Ada"));
    drop(standby);
    comes_to(
        &primary,
        &here,
        "SELECT count(*) FROM pg_stat_replication",
        "0",
    )
    .await;
    let changed = north.revokes_consent(&ada).await;
    assert_eq!(changed.codes(), "OUTCOME_UNKNOWN", "{}", changed.text);
    assert_eq!(south.reads(&ada).await, "refused: UNAVAILABLE");
    // Another one takes its place, as far as PostgreSQL is told: it goes on by itself.
    primary.psql(&here, "ALTER SYSTEM RESET synchronous_standby_names");
    primary.psql(&here, "SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(20);
    while south.reads(&ada).await != "withheld: everything (CONSENT_REVOKED)" {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
