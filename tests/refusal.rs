//! What cannot be kept is refused: a part of the service that fails releases nothing and changes nothing.

mod database;

use std::process::Command;
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::{PACKAGE, Told};
use crate::world::limits::{fill_disk_of, free_disk_of};
use crate::world::postgres::Cluster;
use crate::world::{Agency, Answer, Database, World, on_both, sqlite};

/// A world with a referral that was sent and can be read.
struct Sent {
    world: World,
    north: Agency,
    south: Agency,
    ada: Told,
}

impl Sent {
    async fn on(database: Database) -> Self {
        let world = World::on(database).await;
        let (north, south) = world.agencies("north", "south").await;
        let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
        let sent = Self {
            world,
            north,
            south,
            ada,
        };
        sent.everything_works().await;
        sent
    }

    async fn package(&self) -> Answer {
        let variables = json!({ "id": self.ada.referral, "p": "SERVICE_DELIVERY" });
        self.south.asks(PACKAGE, variables).await
    }

    async fn everything_works(&self) {
        assert!(
            self.south
                .reads(&self.ada)
                .await
                .starts_with("identity: Ada")
        );
        assert_eq!(self.south.sees(&self.ada).await, "REQUESTED");
    }

    /// Connections that the obstacle broke are noticed by the requests that meet them: a few may still be refused.
    async fn everything_works_soon(&self) {
        let deadline = Instant::now() + Duration::from_secs(15);
        while !self.package().await.codes().is_empty() {
            assert!(Instant::now() < deadline, "it does not recover");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.everything_works().await;
    }

    async fn everything_is_unavailable(&self) {
        self.everything_is_refused("UNAVAILABLE").await;
    }

    /// Reading, listing, changing and ending are all refused, in turn and more than once.
    async fn everything_is_refused(&self, code: &str) {
        let before = self.state();
        for _ in 0..2 {
            let list = "{ referrals(box: INBOX, first: 5) { edges { node { id status } } } }";
            let register = "mutation { registerSurvivor(survivor: { pseudonym: \"heron\", ageGroup: ADULT }) { id } }";
            for answer in [
                self.package().await,
                self.south.asks(list, Value::Null).await,
                self.south.does("acceptReferral", &self.ada).await,
                self.north.asks(register, Value::Null).await,
                self.north.revokes_consent(&self.ada).await,
            ] {
                assert_eq!(answer.codes(), code, "{}", answer.text);
                assert!(!answer.text.contains("Ada"), "{}", answer.text);
                assert!(!answer.text.contains(&self.ada.referral), "{}", answer.text);
            }
        }
        assert_eq!(self.state(), before);
    }

    /// What a refused mutation would have changed.
    fn state(&self) -> String {
        [
            "survivor",
            "audit_event",
            "consent WHERE revoked_at IS NOT NULL",
            "referral WHERE status = 'REQUESTED'",
        ]
        .map(|table| self.world.tampers(&format!("SELECT count(*) FROM {table}")))
        .join(" ")
    }

    fn terminates_connections(&self) {
        let url = self.world.url();
        let name = url.rsplit_once('/').unwrap().1;
        let terminate = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        );
        self.world.tampers(&terminate);
    }

    fn database_name(&self) -> &str {
        self.world.url().rsplit_once('/').unwrap().1
    }
}

/// What `/readyz` and `/healthz` say.
async fn probe(world: &World, path: &str) -> (u16, String) {
    let url = format!("http://{}{path}", world.server.address);
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn an_audit_log_on_a_full_disk_releases_nothing() {
    let sent = Sent::on(Database::Sqlite).await;
    fill_disk_of(sent.world.server.pid(), 4096);
    sent.everything_is_unavailable().await;
    assert_eq!(probe(&sent.world, "/healthz").await.0, 200);

    free_disk_of(sent.world.server.pid());
    sent.everything_works().await;
    // Durable means: another connection sees it.
    sent.south.does("acceptReferral", &sent.ada).await.data();
    assert_eq!(
        sent.world.tampers("SELECT status FROM referral"),
        "ACCEPTED"
    );
}

on_both!(an_audit_log_that_takes_no_entry_releases_nothing: Sent);
async fn an_audit_log_that_takes_no_entry_releases_nothing(sent: Sent) {
    let (obstruct, clear) = match sent.world.database {
        Database::Sqlite => (
            "CREATE TRIGGER obstacle BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER obstacle",
        ),
        Database::Postgres => (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
             CREATE TRIGGER obstacle BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse()",
            "DROP TRIGGER obstacle ON audit_event",
        ),
    };
    sent.world.tampers(obstruct);
    sent.everything_is_unavailable().await;
    sent.world.tampers(clear);
    sent.everything_works().await;
}

#[tokio::test]
async fn a_database_that_became_read_only_releases_nothing() {
    let sent = Sent::on(Database::Postgres).await;
    let name = sent.database_name();
    sent.world.tampers(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ));
    sent.terminates_connections();
    sent.everything_is_unavailable().await;

    // The operator's own session is read-only now, too.
    sent.world.tampers(&format!(
        "SET TRANSACTION READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only"
    ));
    sent.terminates_connections();
    sent.everything_works_soon().await;
}

#[tokio::test]
async fn a_database_whose_clock_is_off_releases_nothing() {
    let sent = Sent::on(Database::Postgres).await;
    let name = sent.database_name();
    sent.world.tampers(&format!(
        "CREATE SCHEMA shadow; \
         CREATE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         $$ SELECT pg_catalog.clock_timestamp() - interval '1 hour' $$; \
         ALTER DATABASE {name} SET search_path = shadow, pg_catalog, public"
    ));
    sent.terminates_connections();
    sent.everything_is_unavailable().await;
    let (status, said) = probe(&sent.world, "/readyz").await;
    assert_eq!(status, 503);
    assert!(
        said.contains(r#""clock":"differs from this machine's""#),
        "{said}"
    );

    sent.world
        .tampers(&format!("ALTER DATABASE {name} RESET search_path"));
    sent.terminates_connections();
    sent.everything_works_soon().await;
}

on_both!(a_keyring_that_is_gone_opens_no_package: Sent);
async fn a_keyring_that_is_gone_opens_no_package(sent: Sent) {
    let rename = |from, to| match sent.world.database {
        Database::Sqlite => sent
            .world
            .tampers_with_keyring(&format!("ALTER TABLE {from} RENAME TO {to}")),
        Database::Postgres => sent.world.tampers(&format!(
            "ALTER SCHEMA concord_{from} RENAME TO concord_{to}"
        )),
    };
    let (there, away) = match sent.world.database {
        Database::Sqlite => ("package_key", "lost"),
        Database::Postgres => ("keyring", "lost"),
    };
    rename(there, away);
    for _ in 0..3 {
        let answer = sent.package().await;
        assert_eq!(answer.codes(), "UNAVAILABLE", "{}", answer.text);
        assert!(!answer.text.contains("Ada"), "{}", answer.text);
        assert_eq!(sent.south.sees(&sent.ada).await, "REQUESTED");
    }
    let (status, said) = probe(&sent.world, "/readyz").await;
    assert_eq!(status, 503);
    assert!(said.contains(r#""keyring":"unavailable""#), "{said}");

    rename(away, there);
    sent.everything_works_soon().await;
}

on_both!(requests_under_way_end_before_the_server_does: Sent);
async fn requests_under_way_end_before_the_server_does(mut sent: Sent) {
    let held = hold_writers(&sent.world);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let reading: Vec<_> = (0..20)
        .map(|_| {
            let (south, ada) = (sent.south.clone(), sent.ada.clone());
            tokio::spawn(async move { south.reads(&ada).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    sent.world.server.is_told_to_end();
    for answer in reading {
        assert!(answer.await.unwrap().starts_with("identity: Ada"));
    }
    held.await.unwrap();
    let ended = sent.world.server.ended_within(Duration::from_secs(11));
    assert_eq!(ended.unwrap().code(), Some(0));
}

/// Keeps everybody from recording for two seconds, as a revocation under way does.
fn hold_writers(world: &World) -> tokio::task::JoinHandle<()> {
    let (database, file) = (world.database, world.file());
    let url = (database == Database::Postgres).then(|| world.url().to_owned());
    tokio::task::spawn_blocking(move || {
        let Some(url) = url else {
            return sqlite::holds(&file, Duration::from_secs(2));
        };
        let sleep = "SELECT pg_advisory_xact_lock(12602381); SELECT pg_sleep(2)";
        Cluster::shared().psql(&url, sleep);
    })
}

on_both!(a_wrong_key_encryption_key_does_not_start);
async fn a_wrong_key_encryption_key_does_not_start(mut world: World) {
    world.server.ends();
    let key = match world.database {
        Database::Sqlite => world.folder.path().join("key-encryption-key"),
        Database::Postgres => world.folder.path().join("kek"),
    };
    let right = std::fs::read(&key).unwrap();
    for (wrong, why) in [
        (
            "3c".repeat(31) + "91",
            "this keyring needs the key-encryption key",
        ),
        ("11".repeat(31), "is not a key-encryption key"),
    ] {
        std::fs::write(&key, &wrong).unwrap();
        let (content, said) = world.commands(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(!content);
        assert!(unwrapped(&said).contains(why), "{said}");
        assert!(!said.contains(&wrong), "{said}");
    }
    std::fs::write(&key, right).unwrap();
}

#[tokio::test]
async fn a_store_that_is_behind_is_not_served() {
    let mut world = World::on(Database::Postgres).await;
    world.server.ends();
    let last = "(SELECT max(version) FROM seaql_migrations)";
    let steps = "concord_keyring.seaql_migrations";
    for (store, table, max) in [
        ("data store", "seaql_migrations", last.to_owned()),
        (
            "keyring",
            steps,
            format!("(SELECT max(version) FROM {steps})"),
        ),
    ] {
        let undo =
            format!("DELETE FROM {table} WHERE version = {max} RETURNING version, applied_at");
        let row = world.tampers(&undo);
        let (version, at) = row.split_once('|').unwrap();
        let (content, said) = world.commands(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(!content);
        let said = unwrapped(&said);
        assert!(
            said.contains(&format!("the {store} is 1 migration(s) behind")),
            "{said}"
        );
        assert!(said.contains("run `concord migrate up`"), "{said}");
        world.tampers(&format!(
            "INSERT INTO {table} (version, applied_at) VALUES ('{version}', {at})"
        ));
    }

    let empty = Cluster::shared().fresh_database();
    let serving = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database-url", &empty])
        .args(["--keyring-beside-data", "--key-file"])
        .arg(world.folder.path().join("kek"))
        .output()
        .unwrap();
    assert!(!serving.status.success());
    let said = unwrapped(&String::from_utf8(serving.stderr).unwrap());
    assert!(said.contains("run `concord migrate up`"), "{said}");
}

/// A message as it was before it was broken into lines.
fn unwrapped(said: &str) -> String {
    let words = said.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}
