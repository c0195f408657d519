//! What a database refuses is told apart: what may pass by itself is `UNAVAILABLE`, and a fault of ours is `INTERNAL`.

use std::time::Duration;

use concord::error::{Error, Refusal, may_pass};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait};
use tempfile::TempDir;

use super::Sent;
use crate::world::postgres::Cluster;
use crate::world::{Database, on_both, sqlite};

on_both!(a_table_that_is_gone_is_a_fault_of_ours: Sent);
async fn a_table_that_is_gone_is_a_fault_of_ours(sent: Sent) {
    let rename = |from, to| {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        sent.world.tampers(&statement)
    };
    rename("membership", "lost");
    let list = "{ agencies(first: 5) { edges { node { id } } } }";
    for _ in 0..2 {
        let answer = sent.south.asks(list, serde_json::Value::Null).await;
        assert_eq!(answer.codes(), "INTERNAL", "{}", answer.text);
        assert!(!answer.text.contains("membership"), "{}", answer.text);
    }
    rename("lost", "membership");

    let count = "SELECT count(*) FROM referral WHERE status = 'ACCEPTED'";
    rename("audit_event", "lost");
    for _ in 0..2 {
        for answer in [
            sent.package().await,
            sent.south.does("acceptReferral", &sent.ada).await,
        ] {
            assert_eq!(answer.codes(), "INTERNAL", "{}", answer.text);
            assert!(!answer.text.contains("Ada"), "{}", answer.text);
            assert!(!answer.text.contains("audit_event"), "{}", answer.text);
        }
        assert_eq!(sent.world.tampers(count), "0");
    }
    rename("lost", "audit_event");
    sent.everything_works_soon().await;
}

#[tokio::test]
async fn a_locked_file_is_unavailable() {
    let sent = Sent::on(Database::Sqlite).await;
    let file = sent.world.file();
    let held = tokio::task::spawn_blocking(move || sqlite::holds(&file, Duration::from_secs(8)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = sent.south.does("acceptReferral", &sent.ada).await;
    assert_eq!(answer.codes(), "UNAVAILABLE", "{}", answer.text);
    held.await.unwrap();
    sent.everything_works_soon().await;
}

#[tokio::test]
async fn a_database_that_takes_no_connection_is_unavailable() {
    let sent = Sent::on(Database::Postgres).await;
    let name = sent.database_name().to_owned();
    let elsewhere = sent.world.url().replace(&name, "postgres");
    let asks = |sql: &str| Cluster::shared().psql(&elsewhere, sql);
    asks(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    asks(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
    for _ in 0..3 {
        for answer in [
            sent.package().await,
            sent.south.does("acceptReferral", &sent.ada).await,
        ] {
            assert_eq!(answer.codes(), "UNAVAILABLE", "{}", answer.text);
        }
    }
    asks(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    sent.everything_works_soon().await;
}

/// Has a database refuse each statement, and says of which it may pass.
async fn refuses(database: &DatabaseConnection, statements: &[(&str, bool)]) {
    for (statement, passes) in statements {
        let fault = refused(database, statement).await;
        assert_eq!(may_pass(&fault), *passes, "{statement}: {fault}");
        let code = Refusal::from(fault).error;
        let expected = if *passes {
            Error::Unavailable
        } else {
            Error::Internal
        };
        assert_eq!(code, expected, "{statement}");
    }
}

/// What stands before `THEN` is done, in a transaction of its own, and what stands behind it is refused.
async fn refused(database: &DatabaseConnection, statements: &str) -> DbErr {
    let transaction = database.begin().await.unwrap();
    let (before, last) = statements.rsplit_once(" THEN ").unwrap_or(("", statements));
    if !before.is_empty() {
        transaction.execute_unprepared(before).await.unwrap();
    }
    let fault = transaction.execute_unprepared(last).await.unwrap_err();
    // A transaction whose connection is gone cannot be rolled back.
    let _ = transaction.rollback().await;
    fault
}

#[tokio::test]
async fn what_postgresql_refuses_is_told_apart() {
    let url = tokio::task::spawn_blocking(|| Cluster::shared().fresh_database());
    let database = sea_orm::Database::connect(url.await.unwrap())
        .await
        .unwrap();
    let table =
        "CREATE TABLE one (id int PRIMARY KEY, of int NOT NULL REFERENCES one, CHECK (id > 0))";
    database.execute_unprepared(table).await.unwrap();
    let told = [
        ("SELEC 1", false),
        ("SELECT * FROM lost", false),
        ("SELECT lost FROM one", false),
        ("SELECT lost(1)", false),
        ("SELECT 1 / 0", false),
        ("SELECT 'x'::int", false),
        (
            "INSERT INTO one VALUES (1, 1) THEN INSERT INTO one VALUES (1, 1)",
            false,
        ),
        ("INSERT INTO one VALUES (1, 2)", false),
        ("INSERT INTO one VALUES (1, NULL)", false),
        ("INSERT INTO one VALUES (0, 0)", false),
        (
            "SET LOCAL statement_timeout = 50 THEN SELECT pg_sleep(5)",
            true,
        ),
        (
            "SET TRANSACTION READ ONLY THEN INSERT INTO one VALUES (1, 1)",
            true,
        ),
        ("DO $$ BEGIN RAISE EXCEPTION 'full'; END $$", true),
        ("SELECT pg_terminate_backend(pg_backend_pid())", true),
    ];
    refuses(&database, &told).await;

    let holder = database.begin().await.unwrap();
    let lock = "LOCK TABLE one";
    holder.execute_unprepared(lock).await.unwrap();
    let late = format!("SET LOCAL lock_timeout = 50 THEN {lock}");
    refuses(&database, &[(&late, true)]).await;
    holder.rollback().await.unwrap();

    let older = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM one; INSERT INTO one VALUES (1, 1)";
    let (one, other) = (
        database.begin().await.unwrap(),
        database.begin().await.unwrap(),
    );
    one.execute_unprepared(older).await.unwrap();
    other
        .execute_unprepared(&older.replace("(1, 1)", "(2, 2)"))
        .await
        .unwrap();
    one.commit().await.unwrap();
    let overtaken = other.commit().await.unwrap_err();
    assert!(may_pass(&overtaken), "{overtaken}");
}

#[tokio::test]
async fn what_sqlite_refuses_is_told_apart() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("data").display());
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1);
    options.map_sqlx_sqlite_opts(|options| options.busy_timeout(Duration::from_millis(50)));
    let connect = || sea_orm::Database::connect(options.clone());
    let database = connect().await.unwrap();
    let made = "CREATE TABLE one (id INTEGER PRIMARY KEY, of INTEGER NOT NULL, text TEXT, CHECK (id > 0)); \
        CREATE TABLE full (id INTEGER); \
        CREATE TRIGGER full BEFORE INSERT ON full BEGIN SELECT RAISE(ABORT, 'full'); END";
    database.execute_unprepared(made).await.unwrap();
    let told = [
        ("SELEC 1", false),
        ("SELECT * FROM lost", false),
        ("SELECT lost FROM one", false),
        ("SELECT lost(1)", false),
        (
            "INSERT INTO one VALUES (1, 1, '') THEN INSERT INTO one VALUES (1, 1, '')",
            false,
        ),
        ("INSERT INTO one VALUES (1, NULL, '')", false),
        ("INSERT INTO one VALUES (0, 0, '')", false),
        ("INSERT INTO full VALUES (1)", true),
    ];
    refuses(&database, &told).await;

    let other = connect().await.unwrap();
    let holder = other.begin().await.unwrap();
    let write = "INSERT INTO one VALUES (7, 7, '')";
    holder.execute_unprepared(write).await.unwrap();
    refuses(&database, &[("INSERT INTO one VALUES (8, 8, '')", true)]).await;
    holder.rollback().await.unwrap();

    database
        .execute_unprepared("PRAGMA max_page_count = 8")
        .await
        .unwrap();
    let much = "INSERT INTO one VALUES (9, 9, hex(randomblob(100000)))";
    refuses(&database, &[(much, true)]).await;
    database
        .execute_unprepared("PRAGMA query_only = on")
        .await
        .unwrap();
    refuses(&database, &[(write, true)]).await;
}
