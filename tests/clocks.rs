//! A database's clock that went back has nothing count again that was over.

use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::world::agency::{PACKAGE, Told};
use crate::world::{Agency, Answer, Database, World, on_both};

async fn package(reader: &Agency, told: &Told) -> Answer {
    let variables = json!({ "id": told.referral, "p": "SERVICE_DELIVERY" });
    reader.asks(PACKAGE, variables).await
}

/// Reads until the answer has these codes.
async fn comes_to(reader: &Agency, told: &Told, codes: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = package(reader, told).await;
        if answer.codes() == codes {
            return;
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
        sleep(Duration::from_millis(50)).await;
    }
}

async fn clock_part(world: &World) -> Value {
    // Longer than an answer is given again.
    sleep(Duration::from_millis(1_100)).await;
    let url = format!("http://{}/readyz", world.server.address);
    let answer: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    answer["parts"]["clock"].clone()
}

/// Waits until a time was witnessed.
async fn a_time_is_witnessed(world: &World) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let witnessed = "SELECT count(*) FROM ledger_witness WHERE latest_at IS NOT NULL";
    while world.tampers_with_keyring(witnessed) != "1" {
        assert!(Instant::now() < deadline, "no time is witnessed");
        sleep(Duration::from_millis(50)).await;
    }
}

on_both!(a_clock_behind_the_witnessed_time_is_waited_for);
async fn a_clock_behind_the_witnessed_time_is_waited_for(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    comes_to(&south, &ada, "").await;
    a_time_is_witnessed(&world).await;
    let ahead = |micros: i64| {
        world.tampers_with_keyring(&format!(
            "UPDATE ledger_witness SET latest_at = latest_at + {micros}"
        ))
    };
    ahead(12_000_000);
    comes_to(&south, &ada, "UNAVAILABLE").await;
    let changed = south.does("acceptReferral", &ada).await;
    assert_eq!(changed.codes(), "UNAVAILABLE", "{}", changed.text);
    assert_eq!(clock_part(&world).await, "went back");
    // Then the clock has caught up.
    comes_to(&south, &ada, "").await;
    assert_eq!(clock_part(&world).await, "ok");
}

on_both!(no_server_starts_over_a_clock_that_went_back);
async fn no_server_starts_over_a_clock_that_went_back(mut world: World) {
    a_time_is_witnessed(&world).await;
    world.server.ends();
    world.tampers_with_keyring("UPDATE ledger_witness SET latest_at = latest_at + 3600000000");
    let (content, said) = world.commands(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!content, "{said}");
    assert!(said.contains("the database's clock is 3"), "{said}");
    world.tampers_with_keyring("UPDATE ledger_witness SET latest_at = latest_at - 3600000000");
    world.server = world.another_server();
}

/// As after a failover to a machine whose clock is slow, by less than a clock may be off.
#[tokio::test]
async fn a_consent_that_lapsed_is_not_in_force_again() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let reads = south.reads(&ada).await;
    assert!(reads.starts_with("identity: Ada"), "{reads}");
    let now = "(extract(epoch from pg_catalog.clock_timestamp()) * 1000000)::bigint";
    let consent = world.sql_id(&ada.consent);
    world.tampers(&format!(
        "UPDATE consent SET expires_at = {now} + 300000 WHERE id = {consent}"
    ));
    let deadline = Instant::now() + Duration::from_secs(5);
    while south.reads(&ada).await.contains("Ada") {
        assert!(Instant::now() < deadline, "it does not lapse");
        sleep(Duration::from_millis(50)).await;
    }
    // So long after its lapse, the slow clock below stands before it all the same.
    let name = world.url().rsplit_once('/').unwrap().1;
    world.tampers(&format!(
        "CREATE SCHEMA shadow; \
         CREATE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         $$ SELECT pg_catalog.clock_timestamp() - interval '20 s' $$; \
         ALTER DATABASE {name} SET search_path = shadow, pg_catalog, public"
    ));
    world.tampers(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    ));
    for _ in 0..10 {
        let answer = package(&south, &ada).await;
        assert_eq!(answer.codes(), "UNAVAILABLE", "{}", answer.text);
        assert!(!answer.text.contains("Ada"), "{}", answer.text);
        sleep(Duration::from_millis(100)).await;
    }
    world.tampers(&format!("ALTER DATABASE {name} RESET search_path"));
}
