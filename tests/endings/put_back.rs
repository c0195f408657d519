//! The data store falls back to an older copy while servers run over it: nothing more is shared, on none of them.

use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::{Agency, Database, Server, World, on_both};

/// What is put back: all that sharing and the ledger stand on, in the order in which the service locks it.
const TABLES: [&str; 16] = [
    "agency_change",
    "mou",
    "mou_party",
    "mou_calendar",
    "consent",
    "referral",
    "sealed_part",
    "notice",
    "audit_event",
    "audit_waiting",
    "audit_place",
    "audit_tile",
    "audit_tree",
    "audit_checkpoint",
    "ledger_reopening",
    "sharing_epoch",
];

pub fn is_copied(world: &World) {
    let copies = TABLES.map(|table| {
        let columns = world.columns(table);
        format!("CREATE TABLE old_{table} AS SELECT {columns} FROM {table}")
    });
    // All of it at one moment, whatever the integrator has under way.
    let at_once = match world.database {
        Database::Postgres => format!("LOCK TABLE {} IN SHARE MODE; ", TABLES.join(", ")),
        Database::Sqlite => String::new(),
    };
    world.tampers(&format!("{at_once}{}", copies.join("; ")));
}

pub fn is_put_back(world: &World) {
    // A store is put back while nothing runs over it: what the integrator has under way is let through first.
    let unbound = match world.database {
        Database::Postgres => format!(
            "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; SET LOCAL session_replication_role = replica; ",
            TABLES.join(", ")
        ),
        Database::Sqlite => String::new(),
    };
    let put_back = TABLES.map(|table| {
        let columns = world.columns(table);
        format!(
            "DELETE FROM {table}; INSERT INTO {table} ({columns}) SELECT {columns} FROM old_{table}"
        )
    });
    world.tampers(&format!("{unbound}{}", put_back.join("; ")));
}

/// What `/readyz` answers.
async fn ready(address: &str) -> (u16, Value) {
    let response = reqwest::get(format!("http://{address}/readyz"))
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// Waits, without asking for anything else, until a server says that it is not ready.
async fn finds_out(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(6);
    loop {
        let (status, said) = ready(&server.address).await;
        if status == 503 {
            assert_eq!(said["parts"]["ledger"], "fork", "{said}");
            return;
        }
        assert!(Instant::now() < deadline, "still ready: {said}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn shares_nothing(north: &Agency, south: &Agency, referral: &str, at: &str) {
    let (north, south) = (north.at(at), south.at(at));
    for (reader, query) in [
        (
            &south,
            "query($id: ID!) { referral(id: $id) { status package { identity { givenName } } } }",
        ),
        (
            &south,
            "{ referrals(box: INBOX) { edges { node { status } } } }",
        ),
        (&north, "{ survivors { edges { node { pseudonym } } } }"),
        (&north, "{ auditEvents { edges { node { type } } } }"),
        // What is written to a fork is lost with it.
        (
            &north,
            "mutation { registerSurvivor(survivor: { pseudonym: \"new\", ageGroup: ADULT }) { id } }",
        ),
    ] {
        let refused = reader.asks(query, json!({ "id": referral })).await;
        assert_eq!(refused.codes(), "UNAVAILABLE", "{query}: {}", refused.text);
    }
}

/// The operator goes on from the copy, so that the world ends with a ledger that verifies.
pub fn is_reopened(world: &mut World) {
    world.server.ends();
    let (reopened, said) = world.commands(&["audit", "reopen"]);
    assert!(reopened && said.contains("every token is over"), "{said}");
}

on_both!(a_revocation_that_is_no_longer_there_stops_the_very_next_read);
async fn a_revocation_that_is_no_longer_there_stops_the_very_next_read(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    is_copied(&world);
    north.revokes_consent(&ada).await.data();
    is_put_back(&world);
    for told in [&ada, &bea] {
        let read = south.reads(told).await;
        assert_eq!(read, "refused: UNAVAILABLE");
    }
    let here = world.server.address.clone();
    shares_nothing(&north, &south, &ada.referral, &here).await;
    finds_out(&world.server).await;
    is_reopened(&mut world);
}

#[tokio::test]
async fn a_server_that_was_asked_nothing_meanwhile_finds_out_too() {
    let mut world = World::on(Database::Postgres).await;
    let mut other = world.another_server();
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    is_copied(&world);
    north.revokes_consent(&ada).await.data();
    tokio::time::sleep(Duration::from_secs(2)).await;
    is_put_back(&world);
    finds_out(&other).await;
    shares_nothing(&north, &south, &ada.referral, &other.address).await;
    other.ends();
    is_reopened(&mut world);
}

on_both!(a_ledger_that_ends_before_its_witness_stops_sharing);
async fn a_ledger_that_ends_before_its_witness_stops_sharing(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    is_copied(&world);
    // Nothing ended since the copy: only the witness knows what was told.
    assert!(south.reads(&ada).await.contains("Ada"));
    let told: i64 = world
        .tampers("SELECT count(*) FROM audit_event")
        .parse()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let witnessed = world.tampers_with_keyring("SELECT size FROM ledger_witness");
        if witnessed.lines().last().and_then(|size| size.parse().ok()) >= Some(told) {
            break;
        }
        assert!(Instant::now() < deadline, "{witnessed} of {told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (status, said) = ready(&world.server.address).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(said["parts"]["ledger"], "ok");
    is_put_back(&world);
    finds_out(&world.server).await;
    let here = world.server.address.clone();
    shares_nothing(&north, &south, &ada.referral, &here).await;
    assert!(world.server.logged().contains("fork"));
    is_reopened(&mut world);
}
