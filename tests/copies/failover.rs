//! A standby is promoted: one that lagged, and one whose primary runs on.

use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;
use tokio::time::sleep;

use super::stage::{refused, says, with};
use crate::world::postgres::Cluster;
use crate::world::proxy::Proxy;
use crate::world::{Server, World};

/// Waits until a query answers so.
pub async fn comes_to(cluster: &Cluster, url: &str, sql: &str, answer: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let found = cluster.psql(url, sql);
        if found == answer {
            return;
        }
        assert!(Instant::now() < deadline, "{sql}: {found}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a standby has replayed all that its primary has.
pub async fn catches_up(primary: &Cluster, standby: &Cluster) {
    let here = primary.psql(&primary.url("postgres"), "SELECT pg_current_wal_lsn()");
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{here}'");
    comes_to(standby, &standby.url("postgres"), &replayed, "t").await;
}

#[tokio::test]
async fn a_standby_that_lagged_is_not_served_from() {
    let primary = Cluster::of_its_own();
    let keyring = Cluster::shared().fresh_database();
    let mut world = World::over(primary.fresh_database(), Some(keyring)).await;
    let name = world.url().rsplit_once('/').unwrap().1.to_owned();
    let proxy = Proxy::before(world.url());
    world.server.ends();
    world.server = world.server_behind(&proxy);
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));

    let standby = primary.standby_of();
    catches_up(&primary, &standby).await;
    // From here on nothing reaches it any more.
    let there = standby.url("postgres");
    standby.psql(&there, "ALTER SYSTEM SET primary_conninfo = ''");
    standby.psql(&there, "SELECT pg_reload_conf()");
    comes_to(
        &standby,
        &there,
        "SELECT count(*) FROM pg_stat_wal_receiver",
        "0",
    )
    .await;
    north.revokes_consent(&ada).await.data();
    standby.promote();

    proxy.leads_to(&standby.url(&name));
    let read = south.reads(&ada).await;
    assert!(!read.contains("Ada"), "{read}");
    says(&world.server.address, "ledger", "fork").await;
    assert_eq!(south.reads(&ada).await, "refused: UNAVAILABLE");

    let flags = with(&world.flags(), "--database-url", standby.url(&name));
    let said = refused(&flags);
    assert!(said.contains("the data store is an older copy"), "{said}");
    // What was asked of the standby before the fork was noticed may have been signed for, and the primary has none of it.
    world.goes_unverified();
}

/// Nothing was lost by the promotion, and there are two primaries of one cluster.
#[tokio::test]
async fn an_old_primary_that_runs_on_is_known_by_its_timeline() {
    let primary = Cluster::of_its_own();
    let keyring = Cluster::shared().fresh_database();
    let mut world = World::over(primary.fresh_database(), Some(keyring)).await;
    let name = world.url().rsplit_once('/').unwrap().1.to_owned();
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    says(&world.server.address, "ledger", "ok").await;

    let standby = primary.standby_of();
    catches_up(&primary, &standby).await;
    standby.promote();
    let elsewhere = tempfile::tempdir().unwrap();
    let there = with(&world.flags(), "--database-url", standby.url(&name));
    let there = with(&there, "--state", elsewhere.path().join("state"));
    let other = Server::start(&there);
    assert!(south.at(&other.address).reads(&ada).await.contains("Ada"));

    // The keyring tells the old primary's server.
    says(&world.server.address, "ledger", "fork").await;
    assert_eq!(south.reads(&ada).await, "refused: UNAVAILABLE");
    world.server.ends();
    let said = refused(&world.flags());
    assert!(said.contains("a standby of it was promoted"), "{said}");
    says(&other.address, "ledger", "ok").await;
    world.goes_unverified();
}
