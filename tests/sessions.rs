//! Whose database it is: what the service relies on is set by it, or looked at and refused, and never assumed.

mod migrated;

use std::process::Command;
use std::thread;
use std::time::Duration;

use concord::error::Refusal;
use concord::store::Store;
use concord_entities::vocabulary::DataCategory::Identity;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::time::{Instant, sleep};

use crate::world::postgres::Cluster;
use crate::world::{Database, World};

/// Sets the default of every new session with this world's database.
fn defaults_to(world: &World, setting: &str, value: &str) {
    let name = world.url().rsplit_once('/').unwrap().1;
    world.tampers(&format!("ALTER DATABASE {name} SET {setting} = {value}"));
}

#[tokio::test]
async fn a_read_that_waits_behind_a_revocation_is_withheld_whatever_the_default_isolation() {
    for isolation in ["'repeatable read'", "'serializable'"] {
        let world = World::on(Database::Postgres).await;
        let (north, south) = world.agencies("north", "south").await;
        let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
        defaults_to(&world, "default_transaction_isolation", isolation);
        let server = world.another_server();
        let south = south.at(&server.address);
        let reads = south.reads(&ada).await;
        assert!(reads.starts_with("identity: Ada"), "{reads}");

        let consent = world.sql_id(&ada.consent);
        let revoke = format!(
            "SELECT pg_advisory_xact_lock(12602381); SELECT pg_sleep(1.5); \
             UPDATE consent SET revoked_at = 1 WHERE id = {consent}; \
             UPDATE sharing_epoch SET epoch = epoch + 1"
        );
        let url = world.url().to_owned();
        let revoking = thread::spawn(move || Cluster::shared().psql(&url, &revoke));
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 12602381 AND granted \
             AND mode = 'ExclusiveLock'";
        let deadline = Instant::now() + Duration::from_secs(5);
        while world.tampers(held) == "0" {
            assert!(Instant::now() < deadline, "nobody revokes");
            sleep(Duration::from_millis(10)).await;
        }
        let reads = south.reads(&ada).await;
        assert!(!reads.contains("Ada"), "{isolation}: {reads}");
        revoking.join().unwrap();
    }
}

#[tokio::test]
async fn a_databases_own_defaults_are_overruled() {
    let world = World::on(Database::Postgres).await;
    for (setting, value) in [
        ("default_transaction_isolation", "'serializable'"),
        ("synchronous_commit", "off"),
        ("lock_timeout", "0"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("client_connection_check_interval", "0"),
        ("jit", "on"),
    ] {
        // Each is a statement of its own: the first would be undone by the second's refusal otherwise.
        let name = world.url().rsplit_once('/').unwrap().1;
        let elsewhere = world.url().replace(name, "postgres");
        let set = format!("ALTER DATABASE {name} SET {setting} = {value}");
        Cluster::shared().psql(&elsewhere, &set);
    }
    let store = Store::open(&world.service.settings).await.unwrap();
    let shown = "SELECT concat_ws(' ', current_setting('transaction_isolation'), \
         current_setting('synchronous_commit'), \
         current_setting('lock_timeout'), current_setting('statement_timeout'), \
         current_setting('idle_in_transaction_session_timeout'), \
         current_setting('client_connection_check_interval'), current_setting('jit'), \
         current_setting('application_name')) AS shown";
    for connections in [&store.read, &store.write, &store.keyring] {
        let asked = Statement::from_string(DbBackend::Postgres, shown);
        let row = connections.query_one_raw(asked).await.unwrap().unwrap();
        let shown: String = row.try_get("", "shown").unwrap();
        assert_eq!(
            shown,
            format!(
                "read committed on 3s 4500ms 2s 500ms off concord/{}",
                env!("CARGO_PKG_VERSION")
            )
        );
    }
    store.close().await;
    let name = world.url().rsplit_once('/').unwrap().1;
    let elsewhere = world.url().replace(name, "postgres");
    Cluster::shared().psql(&elsewhere, &format!("ALTER DATABASE {name} RESET ALL"));
}

/// What `concord migrate up` says of the database at this URL; it must not be content.
fn refused(url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("kek");
    crate::world::key_file(&key, &("5a".repeat(31) + "7e"));
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["migrate", "up", "--keyring-beside-data"])
        .args(["--database-url", url, "--key-file"])
        .arg(&key)
        .arg("--data")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    // The error is wrapped at the terminal's width.
    said.replace('│', " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_database_that_forgets_what_it_acknowledged_is_refused() {
    let cluster = Cluster::of_its_own();
    let url = cluster.fresh_database();
    for setting in ["fsync", "full_page_writes"] {
        let set = |value: &str| {
            cluster.psql(&url, &format!("ALTER SYSTEM SET {setting} = {value}"));
            cluster.psql(&url, "SELECT pg_reload_conf()");
            let deadline = std::time::Instant::now() + Duration::from_secs(5);
            while cluster.psql(&url, &format!("SHOW {setting}")) != value {
                assert!(std::time::Instant::now() < deadline, "{setting}");
                thread::sleep(Duration::from_millis(10));
            }
        };
        set("off");
        let said = refused(&url);
        assert!(said.contains(&format!("`{setting} = off`")), "{said}");
        set("on");
    }
}

#[test]
fn a_database_that_does_not_keep_unicode_is_refused() {
    let url = Cluster::shared().fresh_database();
    let create =
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    Cluster::shared().psql(&url, create);
    let latin = format!("{}/latin", url.rsplit_once('/').unwrap().0);
    let said = refused(&latin);
    assert!(said.contains("the database's encoding is LATIN1"), "{said}");
}

#[tokio::test]
async fn what_a_database_refuses_is_told_without_the_values() {
    let world = World::on(Database::Postgres).await;
    let store = Store::open(&world.service.settings).await.unwrap();
    store
        .write
        .execute_unprepared(
            "CREATE TABLE box (note text UNIQUE, CONSTRAINT short CHECK (length(note) < 9)); \
             INSERT INTO box VALUES ('heron')",
        )
        .await
        .unwrap();
    for (statement, told) in [
        (
            "INSERT INTO box VALUES ('heron')",
            "the database refused with code 23505, table box, constraint box_note_key",
        ),
        (
            "INSERT INTO box VALUES ('heron-heron')",
            "the database refused with code 23514, table box, constraint short",
        ),
        (
            "SELECT 'heron'::int",
            "the database refused with code 22P02",
        ),
    ] {
        let fault = store.write.execute_unprepared(statement).await.unwrap_err();
        let refusal = Refusal::from(fault);
        let cause = refusal.cause().unwrap();
        assert_eq!(cause.to_string(), told);
        assert!(!format!("{refusal:?}").contains("heron"), "{refusal:?}");
    }
    store
        .write
        .execute_unprepared("DROP TABLE box")
        .await
        .unwrap();
}
