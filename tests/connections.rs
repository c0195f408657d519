//! Connections that break, go silent or are given up half-way harm no request but the one they were in, if that.

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use concord::audit::change::{ByOperator, Change, Ending};
use concord::error::Result;
use concord::store::Store;
use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::{join_all, poll_fn};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::world::agency::PACKAGE;
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::proxy::Proxy;
use crate::world::{Agency, Database, World};

const LIST: &str = "{ referrals(box: INBOX, first: 5) { edges { node { id status } } } }";

fn terminates_connections(world: &World) {
    let name = world.url().rsplit_once('/').unwrap().1;
    world.tampers(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    ));
}

/// Sessions of the service that sit in a transaction, once those that are at work have come to an end.
async fn nobody_sits_in_a_transaction(world: &World) {
    let name = world.url().rsplit_once('/').unwrap().1;
    let sitting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid() \
         AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '100 ms'"
    );
    let deadline = Instant::now() + Duration::from_secs(5);
    while world.tampers(&sitting) != "0" {
        assert!(Instant::now() < deadline, "somebody sits in a transaction");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn registers(agency: &Agency, name: &str) -> String {
    let survivor = json!({ "pseudonym": name, "ageGroup": "ADULT" });
    let answer = agency
        .asks(REGISTER_SURVIVOR, json!({ "s": survivor }))
        .await;
    answer.codes()
}

#[tokio::test]
async fn no_request_fails_for_connections_that_were_ended() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    for round in 0..3 {
        // Fills the pools, so that many connections are there to be ended.
        join_all((0..30).map(|_| south.asks(LIST, Value::Null))).await;
        terminates_connections(&world);
        let reads = join_all((0..20).map(async |n| {
            if n % 2 == 0 {
                south.asks(LIST, Value::Null).await
            } else {
                let package = json!({ "id": ada.referral, "p": "SERVICE_DELIVERY" });
                south.asks(PACKAGE, package).await
            }
        }));
        let names: Vec<String> = (0..5).map(|n| format!("heron-{round}-{n}")).collect();
        let writes = join_all(names.iter().map(|name| registers(&north, name)));
        let (reads, writes) = futures_util::join!(reads, writes);
        for answer in reads {
            answer.data();
        }
        assert_eq!(writes, vec![String::new(); 5]);
    }
}

#[tokio::test]
async fn connections_that_went_silent_are_left_alone() {
    let world = World::on(Database::Postgres).await;
    let (_, south) = world.agencies("north", "south").await;
    let proxy = Proxy::before(world.url());
    let server = world.server_behind(&proxy);
    let south = south.at(&server.address);
    join_all((0..30).map(|_| south.asks(LIST, Value::Null))).await;
    proxy.goes_silent();
    // For so long nobody uses them: from then on they are tried out first.
    sleep(Duration::from_millis(500)).await;
    for answer in join_all((0..20).map(|_| south.asks(LIST, Value::Null))).await {
        answer.data();
    }
}

/// Polls a future so often, then drops it. Returns whether it was ready before.
async fn dropped_after(polls: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

async fn reads(store: &Store) -> Result<()> {
    store.epoch().await?;
    store.ping_keyring().await?;
    Ok(())
}

async fn changes(store: &Store) -> Result<()> {
    let change = Change::at_command_line(store, ByOperator::default()).await?;
    change.commit_as_recorded().await
}

async fn ends(store: &Store) -> Result<()> {
    let ending = Ending::at_command_line(store, ByOperator::default()).await?;
    ending.commit_all(Vec::new()).await.map(|_| ())
}

/// Runs what `make` makes again and again, given up at its first await, at its second, and so on until it ends.
async fn is_given_up_everywhere<F: Future>(make: impl Fn() -> F) {
    for polls in 0.. {
        assert!(polls < 200, "it does not end");
        let ended = timeout(Duration::from_secs(10), dropped_after(polls, make()));
        if ended.await.unwrap() {
            return;
        }
    }
}

#[tokio::test]
async fn what_is_given_up_at_any_await_leaves_no_connection_in_a_transaction() {
    let world = World::on(Database::Postgres).await;
    let store = Store::open(&world.service.settings).await.unwrap();
    for _ in 0..10 {
        is_given_up_everywhere(|| reads(&store)).await;
        is_given_up_everywhere(|| changes(&store)).await;
        is_given_up_everywhere(|| ends(&store)).await;
    }
    nobody_sits_in_a_transaction(&world).await;
    for _ in 0..50 {
        reads(&store).await.unwrap();
        changes(&store).await.unwrap();
        ends(&store).await.unwrap();
    }
}

#[tokio::test]
async fn clients_that_hang_up_leave_no_connection_in_a_transaction() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    for round in 0..120_u64 {
        let patience = Duration::from_micros(250 * (round % 60));
        let name = format!("heron-{round}");
        let _ = timeout(patience, south.tries(LIST, Value::Null)).await;
        let _ = timeout(patience, registers(&north, &name)).await;
        let _ = timeout(patience, north.revokes(&ada.consent)).await;
    }
    nobody_sits_in_a_transaction(&world).await;
    for n in 0..50 {
        south.asks(LIST, Value::Null).await.data();
        assert_eq!(registers(&north, &format!("ibis-{n}")).await, "");
    }
}

#[tokio::test]
async fn a_statement_whose_client_has_gone_is_ended_while_it_waits() {
    let world = World::on(Database::Postgres).await;
    let store = Store::open(&world.service.settings).await.unwrap();
    let held = Change::at_command_line(&store, ByOperator::default())
        .await
        .unwrap();
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 12602381 AND NOT granted";
    let given_up = timeout(Duration::from_millis(300), ends(&store)).await;
    assert!(given_up.is_err(), "it waits for the change");
    let deadline = Instant::now() + Duration::from_secs(2);
    while world.tampers(waiting) != "0" {
        assert!(Instant::now() < deadline, "it still waits");
        sleep(Duration::from_millis(20)).await;
    }
    drop(held);
}
