//! How long rows live: what `docs/OPERATING.md` says of each table is what the sweep does to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use concord::audit::fork::Fork;
use concord::seal::{Vault, kek};
use concord::settings::{RawSettings, Settings};
use concord::store::Store;
use concord::store::connections::Connections;
use concord::{clock, demo, sweep};
use concord_entities::ids::{ConsentId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::{consent_document, document_key, record_key, safe_contact};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, IntoActiveModel, Statement};
use uuid::Uuid;

use crate::world::postgres::Cluster;
use crate::world::{Database, on_both};

const OPERATING: &str = include_str!("../docs/OPERATING.md");
const DAY: Duration = Duration::from_hours(24);

/// What the document says of one table.
#[derive(Debug)]
struct Documented {
    store: String,
    table: String,
    lives: String,
}

/// How long a row of a table lives, and from which of its moments.
#[derive(Debug)]
struct Limit {
    table: String,
    life: Duration,
    column: String,
}

fn documented() -> Vec<Documented> {
    let (_, rest) = OPERATING
        .split_once("## How long each table's rows live")
        .unwrap();
    let section = rest.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let rows = rows.flat_map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{row}");
        let tables = cells[1].split(", ").map(move |table| Documented {
            store: cells[0].to_owned(),
            table: table.trim_matches('`').to_owned(),
            lives: cells[2].to_owned(),
        });
        tables.collect::<Vec<_>>()
    });
    rows.collect()
}

/// The tables whose rows end by their age: "30 days from `created_at`".
fn limits() -> Vec<Limit> {
    let limits = documented().into_iter().filter_map(|one| {
        let (days, rest) = one.lives.split_once(' ')?;
        let days: u32 = days.parse().ok()?;
        let (_, rest) = rest.split_once(" from `").unwrap();
        let (column, _) = rest.split_once('`').unwrap();
        Some(Limit {
            life: DAY * days,
            column: column.to_owned(),
            table: one.table,
        })
    });
    limits.collect()
}

/// A store that the demo filled, and nobody serves.
struct Filled {
    _folder: tempfile::TempDir,
    store: Store,
    vault: Vault,
    now: Instant,
}

impl Filled {
    async fn on(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flags = RawSettings {
            data: Some(folder.path().to_owned()),
            database_url: (database == Database::Postgres)
                .then(|| Cluster::shared().fresh_database()),
            keyring_beside_data: (database == Database::Postgres).then_some(true),
            key_file: (database == Database::Postgres).then(|| folder.path().join("kek")),
            ..RawSettings::default()
        };
        crate::world::key_file(&folder.path().join("kek"), &("5a".repeat(31) + "7e"));
        let settings = Settings::read(None, &flags).unwrap();
        let store = Store::migrate_up(&settings).await.unwrap();
        let vault = Vault::new(&store, Arc::new(kek::read(&settings).await.unwrap()));
        let now = clock::now();
        assert!(demo::fill(&store, &vault, now).await.unwrap());
        Self {
            _folder: folder,
            store,
            vault,
            now,
        }
    }

    fn of(&self, store: &str) -> &Connections {
        match store {
            "data" => &self.store.write,
            "keyring" => &self.store.keyring,
            other => panic!("no store is called {other}"),
        }
    }

    async fn runs(&self, sql: &str) -> u64 {
        let done = self.store.write.execute_unprepared(sql).await;
        done.unwrap_or_else(|why| panic!("{sql}: {why}"))
            .rows_affected()
    }

    async fn counts(&self, store: &str, table: &str, which: &str) -> i64 {
        let database = self.of(store);
        let sql = format!("SELECT count(*) AS rows FROM {table} WHERE {which}");
        let sql = Statement::from_string(database.get_database_backend(), sql);
        let row = database.query_one_raw(sql).await.unwrap().unwrap();
        row.try_get("", "rows").unwrap()
    }

    /// How many rows every documented table has.
    async fn every_count(&self) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for one in documented() {
            let count = self.counts(&one.store, &one.table, "1 = 1").await;
            counts.insert(one.table, count);
        }
        counts
    }

    async fn tables(&self, store: &str) -> BTreeSet<String> {
        let database = self.of(store);
        let sql = match database.get_database_backend() {
            DbBackend::Postgres => {
                "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
            }
            _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        };
        let sql = Statement::from_string(database.get_database_backend(), sql);
        let rows = database.query_all_raw(sql).await.unwrap();
        let names = rows.iter().map(|row| row.try_get("", "name").unwrap());
        names
            .filter(|name: &String| name != "seaql_migrations")
            .collect()
    }
}

on_both!(the_document_names_each_table_of_both_stores: Filled);
async fn the_document_names_each_table_of_both_stores(filled: Filled) {
    for store in ["data", "keyring"] {
        let named = documented().into_iter().filter(|one| one.store == store);
        let named: BTreeSet<_> = named.map(|one| one.table).collect();
        assert_eq!(named, filled.tables(store).await, "{store}");
    }
    let aged: BTreeSet<_> = limits().into_iter().map(|one| one.table).collect();
    assert_eq!(aged.len(), 6, "{aged:?}");
}

/// Rows of each table that ages, more than one batch of them, that reach this age when the clock says `now`; and some
/// that never do.
async fn fill_with_aged(filled: &Filled, limit: &Limit, from: Instant) {
    let agency = "(SELECT id FROM agency LIMIT 1)";
    let (numbers, id) = match filled.store.backend {
        DbBackend::Postgres => ("generate_series(1, 1200) AS each (n)", "gen_random_uuid()"),
        _ => (
            "(WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < 1200) SELECT n FROM each)",
            "randomblob(16)",
        ),
    };
    let at = from.0;
    let rows = match limit.table.as_str() {
        "spent_proof" => format!("(digest, expires_at) SELECT {id}, {at} FROM {numbers}")
            .replace("gen_random_uuid()", "decode(md5(n::text), 'hex')"),
        "token_state" => format!(
            "(jti, agency_id, expires_at) SELECT 'token ' || n, {agency}, {at} FROM {numbers}"
        ),
        "idempotency" => format!(
            "(agency_id, client_id, key, request_hash, object_id, created_at) \
             SELECT {agency}, 'test', 'key ' || n, '', {id}, {at} FROM {numbers}"
        ),
        "notice" => format!(
            "(id, agency_id, kind, object, created_at, seen_at) \
             SELECT {id}, {agency}, 'CONSENT_REVOKED', 'one', 1, CASE WHEN n > 1 THEN {at} END FROM {numbers}"
        ),
        "agency_change" => format!(
            "(agency_id, place, object_id, kind, changed_at) SELECT {agency}, n, {id}, 'MOU', {at} FROM {numbers}"
        ),
        "application_secret" => format!(
            "(id, application_id, hash, created_at, ends_at) SELECT {id}, (SELECT id FROM application LIMIT 1), \
             'hash', 1, CASE WHEN n > 1 THEN {at} END FROM {numbers}"
        ),
        other => panic!("make rows of {other} that age"),
    };
    let made = filled
        .runs(&format!("INSERT INTO {} {rows}", limit.table))
        .await;
    assert_eq!(made, 1200, "{}", limit.table);
}

on_both!(a_row_lives_as_long_as_is_documented: Filled);
async fn a_row_lives_as_long_as_is_documented(filled: Filled) {
    let Filled { store, now, .. } = &filled;
    sweep::forget_old_rows(store, *now).await.unwrap();
    for limit in limits() {
        let Limit {
            table,
            life,
            column,
        } = &limit;
        let which = format!("{column} = {}", now.0);
        fill_with_aged(&filled, &limit, *now).await;
        let made = filled.counts("data", table, &which).await;
        assert!(made >= 1199, "{table}");
        let before = filled.every_count().await;

        let last_moment = now.plus(*life);
        sweep::forget_old_rows(store, last_moment).await.unwrap();
        assert_eq!(
            filled.counts("data", table, &which).await,
            made,
            "{table} went early"
        );
        sweep::forget_old_rows(store, last_moment.plus(Duration::from_secs(1)))
            .await
            .unwrap();
        assert_eq!(
            filled.counts("data", table, &which).await,
            0,
            "{table} stayed"
        );
        let mut after = filled.every_count().await;
        // Whatever else the demo made that ages has its own turn.
        for other in limits() {
            after.remove(&other.table);
        }
        for (kept, count) in after {
            assert_eq!(count, before[&kept], "{kept} lost rows with {table}");
        }
    }
}

/// A paper and a plan with their keys, and two keys whose record is gone.
async fn seal_records(filled: &Filled) {
    let Filled { store, now, .. } = filled;
    let first = async |table: &str| -> Uuid {
        let sql = format!("SELECT id FROM {table} LIMIT 1");
        let sql = Statement::from_string(store.backend, sql);
        let row = store.read.query_one_raw(sql).await.unwrap().unwrap();
        row.try_get("", "id").unwrap()
    };
    let (paper, person) = (first("consent").await, first("survivor").await);
    let paper = consent_document::Model {
        consent_id: ConsentId(paper),
        content_type: "application/pdf".to_owned(),
        bytes: 1,
        sha256: String::new(),
        key_version: 1,
        sealed: vec![1],
        created_at: *now,
        created_by: "{}".to_owned(),
    };
    let plan = safe_contact::Model {
        survivor_id: SurvivorId(person),
        key_version: 1,
        sealed: vec![1],
        set_at: *now,
    };
    let papers = [paper.consent_id, ConsentId::new()].map(|consent_id| document_key::Model {
        consent_id,
        version: 1,
        wrapped: vec![1],
        kek_id: None,
        created_at: *now,
    });
    let plans = [person, Uuid::new_v4()].map(|owner| record_key::Model {
        kind: "safe-contact".to_owned(),
        owner,
        version: 1,
        wrapped: vec![1],
        kek_id: None,
        created_at: *now,
    });
    paper
        .into_active_model()
        .insert(&store.write)
        .await
        .unwrap();
    plan.into_active_model().insert(&store.write).await.unwrap();
    for key in papers {
        key.into_active_model()
            .insert(&store.keyring)
            .await
            .unwrap();
    }
    for key in plans {
        key.into_active_model()
            .insert(&store.keyring)
            .await
            .unwrap();
    }
}

on_both!(what_is_kept_is_kept_for_ever_and_what_time_ended_loses_its_key: Filled);
async fn what_is_kept_is_kept_for_ever_and_what_time_ended_loses_its_key(filled: Filled) {
    let Filled {
        store, vault, now, ..
    } = &filled;
    filled.runs("UPDATE notice SET seen_at = NULL").await;
    seal_records(&filled).await;
    let before = filled.every_count().await;
    let later = now.plus(DAY * 4000);
    vault.sweep(store, later).await.unwrap();
    vault.sweep_documents(store, later).await.unwrap();
    vault.sweep_records(store, later).await.unwrap();
    sweep::forget_old_rows(store, later).await.unwrap();
    let after = filled.every_count().await;
    let counted = |table: &str| (before[table], after[table]);
    // By now, every consent has lapsed.
    assert!(before["package_key"] > 0);
    assert_eq!(after["package_key"], 0);
    assert_eq!(counted("document_key"), (2, 1), "its paper is gone");
    assert_eq!(counted("record_key"), (2, 1), "its plan is gone");
    assert!(before["notice"] > 0, "unread");
    let goes = |table: &str| table.ends_with("_key") || table == "agency_change";
    let kept = before.iter().filter(|(table, _)| !goes(table));
    for (table, count) in kept {
        assert_eq!(after[table], *count, "{table}");
    }
}

/// One server at a time, and the next one when that is over; one that does not end properly lets go of it too.
#[tokio::test]
async fn one_server_sweeps_at_a_time() {
    let filled = Filled::on(Database::Postgres).await;
    let Filled { store, vault, .. } = &filled;
    let fork = Fork::default();
    let another = store.write.begin().await.unwrap();
    another
        .execute_unprepared("SELECT pg_advisory_xact_lock(12602383)")
        .await
        .unwrap();
    assert!(!sweep::once(vault, store, &fork).await.unwrap());
    another.rollback().await.unwrap();
    assert!(sweep::once(vault, store, &fork).await.unwrap());
    assert!(sweep::once(vault, store, &fork).await.unwrap());
}
