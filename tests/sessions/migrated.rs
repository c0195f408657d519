//! Migrating beside others: not while a server of another version is connected, and never back.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::refused;
use crate::world::postgres::Cluster;
use crate::world::{Server, World, on_both};

/// A session that calls itself this.
async fn session(url: &str, name: Option<&str>) -> PgConnection {
    let mut options = PgConnectOptions::from_str(url).unwrap();
    if let Some(name) = name {
        options = options.application_name(name);
    }
    options.connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_migrated_beside_a_server_of_another_version() {
    let url = Cluster::shared().fresh_database();
    for name in [None, Some("concord/0.0.9"), Some("concord/99.0.0")] {
        let server = session(&url, name).await;
        let said = refused(&url);
        assert!(said.contains("a server of another version"), "{said}");
        assert!(said.contains("role concord, from 127.0.0.1"), "{said}");
        let shown = name.unwrap_or("no name, as concord 0.1");
        assert!(said.contains(&format!("({shown})")), "{said}");
        server.close().await.unwrap();
    }
    let made = "SELECT to_regclass('agency') IS NOT NULL";
    assert_eq!(Cluster::shared().psql(&url, made), "f");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_another_version_and_a_stranger_are_in_nobodys_way() {
    let world = World::on(crate::world::Database::Postgres).await;
    let _dump = session(world.url(), Some("pg_dump")).await;
    let _command = session(world.url(), Some("concord/0.0.9 audit verify")).await;
    let mut server = session(world.url(), Some("concord/0.0.9")).await;
    // Nor is a sweep, nor an integrator.
    for lock in [12_602_382_i64, 12_602_383] {
        let held = sqlx::query("SELECT pg_advisory_lock($1)").bind(lock);
        held.execute(&mut server).await.unwrap();
    }
    // Nothing is left to do, so nobody is asked to stop.
    let (content, said) = world.commands(&["migrate", "up"]);
    assert!(content, "{said}");

    let fresh = Cluster::shared().fresh_database();
    let _dump = session(&fresh, Some("pg_dump")).await;
    let _command = session(&fresh, Some("concord/0.0.9 audit verify")).await;
    let mut server = session(&fresh, Some("concord/0.0.9")).await;
    let said = refused(&fresh);
    assert_eq!(
        said.matches("PID").count(),
        2,
        "one, and what to do: {said}"
    );
    server.ping().await.unwrap();
}

on_both!(a_store_that_a_newer_program_migrated_is_refused);
async fn a_store_that_a_newer_program_migrated_is_refused(mut world: World) {
    world.server.ends();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0999_later', 1)";
    let older = "DELETE FROM seaql_migrations WHERE version = 'm0999_later'";
    for (store, in_keyring) in [("data store", false), ("keyring", true)] {
        let tampers = |sql: &str| {
            if in_keyring {
                world.tampers_with_keyring(sql)
            } else {
                world.tampers(sql)
            }
        };
        tampers(newer);
        for command in [["migrate", "up"], ["audit", "verify"]] {
            let (content, said) = world.commands(&command);
            let said = said.replace('│', " ");
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!content, "{said}");
            let told = format!(
                "the {store} is newer than this program: it has been through `m0999_later`"
            );
            assert!(said.contains(&told), "{said}");
        }
        tampers(older);
    }
    world.server = Server::start(&world.flags());
}
