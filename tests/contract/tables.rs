//! The tables that the migrations make are the tables that the entities describe, on both databases: their columns, primary
//! keys, unique keys and foreign keys. What an entity cannot describe, an index, is written down in `tables/indexes.snap`,
//! the same for both; after a change, `INSTA_UPDATE=always cargo test -p concord --test concord contract::tables`.

use std::collections::BTreeSet;
use std::fmt::Write;

use concord::settings::{RawSettings, Settings};
use concord::store::Store;
use concord_entities as entities;
use sea_orm::{
    ConnectionTrait, Database as Databases, DbBackend, EntityTrait, QueryResult, Schema, Statement,
};

use crate::world::Database;
use crate::world::postgres::Cluster;

/// A line for each column (its type's family, whether it may be null, its place in the primary key), unique key and foreign
/// key.
type Shape = BTreeSet<String>;

#[tokio::test]
async fn a_migrated_database_is_one_made_of_the_entities_on_sqlite() {
    assert_migrated_as_described(Database::Sqlite).await;
}

#[tokio::test]
async fn a_migrated_database_is_one_made_of_the_entities_on_postgres() {
    assert_migrated_as_described(Database::Postgres).await;
}

#[tokio::test]
async fn the_indexes_are_as_written_down_on_sqlite() {
    assert_indexes_as_written_down(Database::Sqlite).await;
}

#[tokio::test]
async fn the_indexes_are_as_written_down_on_postgres() {
    assert_indexes_as_written_down(Database::Postgres).await;
}

async fn assert_migrated_as_described(database: Database) {
    let (_folder, store) = migrated(database).await;
    let mut migrated = shape(&store.write).await;
    migrated.append(&mut shape(&store.keyring).await);
    migrated.retain(|line| !line.contains("seaql_migrations"));

    let url = fresh(database).unwrap_or_else(|| "sqlite::memory:".to_owned());
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1);
    let made = Databases::connect(options).await.unwrap();
    make_every_entity(&made).await;
    let made = shape(&made).await;
    for (kind, least) in [("column", 100), ("unique", 3), ("foreign key", 20)] {
        let some = made.iter().filter(|line| line.starts_with(kind)).count();
        assert!(
            some >= least,
            "only {some} lines of a {kind} were looked at"
        );
    }
    let migrated_alone: Vec<_> = migrated.difference(&made).collect();
    let described_alone: Vec<_> = made.difference(&migrated).collect();
    assert!(
        migrated_alone.is_empty() && described_alone.is_empty(),
        "migrated alone: {migrated_alone:#?}\ndescribed alone: {described_alone:#?}"
    );
}

async fn assert_indexes_as_written_down(database: Database) {
    let (_folder, store) = migrated(database).await;
    let mut indexes = indexes(&store.write).await;
    indexes.extend(self::indexes(&store.keyring).await);
    let lines: BTreeSet<_> = indexes
        .into_iter()
        .filter(|index| !index.unique)
        .map(|index| index.to_string())
        .collect();
    let text = lines.into_iter().collect::<Vec<_>>().join("\n");
    insta::with_settings!({
        snapshot_path => "tables",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("indexes", text);
    });
}

fn fresh(database: Database) -> Option<String> {
    (database == Database::Postgres).then(|| Cluster::shared().fresh_database())
}

async fn migrated(database: Database) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::read(
        None,
        &RawSettings {
            data: Some(folder.path().to_owned()),
            database_url: fresh(database),
            keyring_beside_data: (database == Database::Postgres).then_some(true),
            key_file: Some(folder.path().join("kek")),
            ..RawSettings::default()
        },
    )
    .unwrap();
    let store = Store::migrate_up(&settings).await.unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_changed_table_is_noticed() {
    let make = |written: &'static str| async move {
        let database = Databases::connect("sqlite::memory:").await.unwrap();
        let statement =
            format!("CREATE TABLE u (c bigint PRIMARY KEY); CREATE TABLE t ({written})");
        database.execute_unprepared(&statement).await.unwrap();
        shape(&database).await
    };
    let good = make("a bigint NOT NULL PRIMARY KEY, b varchar(20)").await;
    assert_eq!(make("a bigint NOT NULL PRIMARY KEY, b text").await, good);
    for other in [
        "a bigint NOT NULL PRIMARY KEY",
        "a bigint NOT NULL PRIMARY KEY, b varchar NOT NULL",
        "a bigint NOT NULL PRIMARY KEY, b blob",
        "a bigint NOT NULL, b varchar",
        "a bigint NOT NULL, b varchar, PRIMARY KEY (b, a)",
        "a bigint NOT NULL PRIMARY KEY, b varchar UNIQUE",
        "a bigint NOT NULL PRIMARY KEY, b varchar, UNIQUE (a, b)",
        "a bigint NOT NULL PRIMARY KEY REFERENCES u (c), b varchar",
        "a bigint NOT NULL PRIMARY KEY REFERENCES u (c) ON DELETE CASCADE, b varchar",
    ] {
        assert_ne!(make(other).await, good, "{other}");
    }
    let plain = make("a bigint NOT NULL PRIMARY KEY REFERENCES u (c)").await;
    let cascading = make("a bigint NOT NULL PRIMARY KEY REFERENCES u (c) ON DELETE CASCADE").await;
    assert_ne!(plain, cascading);
}

async fn make_every_entity(database: &impl ConnectionTrait) {
    macro_rules! make {
        ($($entity:ident)*) => {
            $(make(database, entities::$entity::Entity).await;)*
            let named = [$(stringify!($entity)),*];
            assert_every_entity_is_among(&named);
        };
    }
    make! {
        task_force agency agency_name agency_vetting membership application application_registrar application_secret ended_subject token_state spent_proof idempotency
        trusted_issuer trusted_document ending_allowance
        survivor safe_contact mandated_disclosure legal_hold consent consent_document consent_objection consent_signature rule_pack
        mou mou_calendar mou_document mou_import mou_party partnership partnership_place partnership_answers staff_training
        referral sealed_part referral_note note_attachment referral_statistics
        past_facts agency_past membership_past mou_past mou_party_past consent_past referral_past
        agency_change audit_event audit_review audit_flag address_sweep audit_tile audit_tree audit_checkpoint sharing_epoch
        package_key document_key record_key signing_key token_key notice ledger_reopening ledger_witness audit_cosignature audit_place audit_waiting
        store_identity keyring_identity
    }
}

async fn make(database: &impl ConnectionTrait, entity: impl EntityTrait) {
    let schema = Schema::new(database.get_database_backend());
    let table = schema.create_table_from_entity(entity);
    database.execute(&table).await.unwrap();
    for index in schema.create_index_from_entity(entity) {
        database.execute(&index).await.unwrap();
    }
}

/// An entity that nobody compares would pass unseen.
fn assert_every_entity_is_among(named: &[&str]) {
    let mut files: Vec<String> = super::rust_files("entities/src")
        .iter()
        .filter(|file| super::code(file).contains("DeriveEntityModel)]"))
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
    files.sort();
    named.sort();
    assert_eq!(files, named);
}

const SQLITE: &str = "SELECT m.name AS \"table\", c.name AS \"column\", c.type AS family, \
    c.\"notnull\" = 0 AND c.pk = 0 AS \"null\", c.pk AS \"key\" \
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";

const POSTGRES: &str = "SELECT c.table_name::text AS \"table\", c.column_name::text AS \"column\", \
    c.data_type::text AS family, c.is_nullable = 'YES' AS \"null\", \
    COALESCE((SELECT k.ordinal_position::bigint FROM information_schema.table_constraints t \
        JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name) \
        WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = c.table_schema \
        AND t.table_name = c.table_name AND k.column_name = c.column_name), 0) AS \"key\" \
    FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.is_generated = 'NEVER'";

const SQLITE_FOREIGN_KEYS: &str = "SELECT m.name AS \"table\", f.\"from\" AS \"column\", f.\"table\" AS other, \
    f.\"to\" AS referenced, f.on_delete AS ending \
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";

const POSTGRES_FOREIGN_KEYS: &str = "SELECT t.relname::text AS \"table\", a.attname::text AS \"column\", \
    o.relname::text AS other, b.attname::text AS referenced, \
    CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'c' THEN 'CASCADE' ELSE c.confdeltype::text END AS ending \
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class o ON o.oid = c.confrelid \
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] \
    JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = c.confkey[1] \
    JOIN pg_namespace n ON n.oid = t.relnamespace WHERE c.contype = 'f' AND n.nspname = current_schema()";

const SQLITE_INDEXES: &str = "SELECT m.name AS \"table\", l.name AS \"index\", l.\"unique\" = 1 AS \"unique\", \
    (SELECT group_concat(COALESCE(x.name, 'an expression') || CASE x.\"desc\" WHEN 1 THEN ' desc' ELSE '' END, ', ' ORDER BY x.seqno) \
        FROM pragma_index_xinfo(l.name) x WHERE x.key = 1) AS columns, \
    (SELECT CASE WHEN instr(i.sql, ' WHERE ') > 0 THEN substr(i.sql, instr(i.sql, ' WHERE ') + 7) END \
        FROM sqlite_master i WHERE i.name = l.name) AS predicate \
    FROM sqlite_master m JOIN pragma_index_list(m.name) l WHERE m.type = 'table' AND l.origin <> 'pk'";

/// The columns that are included for covering come behind the key's: SQLite has no other place for them.
const POSTGRES_INDEXES: &str = "SELECT t.relname::text AS \"table\", i.relname::text AS \"index\", \
    x.indisunique AS \"unique\", \
    (SELECT string_agg(COALESCE(a.attname, 'an expression') || CASE WHEN k.n <= x.indnkeyatts AND x.indoption[(k.n - 1)::int] & 1 = 1 \
            THEN ' desc' ELSE '' END, ', ' ORDER BY k.n) \
        FROM unnest(x.indkey) WITH ORDINALITY AS k(number, n) \
        LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number) AS columns, \
    pg_get_expr(x.indpred, x.indrelid) AS predicate \
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
    JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = current_schema() AND NOT x.indisprimary";

/// Asks the first of each database's own tables on SQLite, the second on PostgreSQL.
async fn ask(database: &impl ConnectionTrait, [sqlite, postgres]: [&str; 2]) -> Vec<QueryResult> {
    let backend = database.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        postgres
    } else {
        sqlite
    };
    let statement = Statement::from_string(backend, sql);
    database.query_all_raw(statement).await.unwrap()
}

async fn shape(database: &impl ConnectionTrait) -> Shape {
    let columns = ask(database, [SQLITE, POSTGRES]).await;
    let foreign_keys = ask(database, [SQLITE_FOREIGN_KEYS, POSTGRES_FOREIGN_KEYS]).await;
    let mut shape: Shape = columns.iter().map(told).collect();
    shape.extend(foreign_keys.iter().map(foreign_key));
    let unique = indexes(database)
        .await
        .into_iter()
        .filter(|index| index.unique);
    // Its name is nobody's concern.
    shape.extend(unique.map(|index| format!("unique {} ({})", index.table, index.columns)));
    shape
}

fn foreign_key(row: &QueryResult) -> String {
    let text = |name: &str| row.try_get::<String>("", name).unwrap();
    format!(
        "foreign key {}.{} to {}.{} on delete {}",
        text("table"),
        text("column"),
        text("other"),
        text("referenced"),
        text("ending").to_lowercase()
    )
}

/// A condition as a migration writes it, without its brackets: PostgreSQL keeps a list as an array of texts.
fn as_written(predicate: &str) -> String {
    let list = predicate
        .replace(['(', ')'], "")
        .replace("::character varying", "");
    let list = list.replace("::text[]", "").replace("::text", "");
    list.replace("= ANY ARRAY[", "IN ")
        .replace(" !~~ ", " NOT LIKE ")
        .replace(" ~~ ", " LIKE ")
        .replace(']', "")
}

/// An index, but for a primary key's.
struct Index {
    table: String,
    name: String,
    unique: bool,
    columns: String,
    predicate: Option<String>,
}

impl std::fmt::Display for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}) as {}", self.table, self.columns, self.name)?;
        match &self.predicate {
            Some(predicate) => write!(f, " where {predicate}"),
            None => Ok(()),
        }
    }
}

async fn indexes(database: &impl ConnectionTrait) -> Vec<Index> {
    let rows = ask(database, [SQLITE_INDEXES, POSTGRES_INDEXES]).await;
    let read = |row: &QueryResult| {
        let predicate: Option<String> = row.try_get("", "predicate").unwrap();
        Index {
            table: row.try_get("", "table").unwrap(),
            name: row.try_get("", "index").unwrap(),
            unique: row.try_get("", "unique").unwrap(),
            columns: row.try_get("", "columns").unwrap(),
            // PostgreSQL adds brackets.
            predicate: predicate.map(|text| as_written(&text)),
        }
    };
    rows.iter().map(read).collect()
}

fn told(row: &QueryResult) -> String {
    let text = |name: &str| row.try_get::<String>("", name).unwrap();
    let mut column = format!(
        "column {}.{} {}",
        text("table"),
        text("column"),
        family(&text("family"))
    );
    if row.try_get("", "null").unwrap() {
        column += " null";
    }
    let key: i64 = row.try_get("", "key").unwrap();
    if key > 0 {
        write!(column, " key {key}").unwrap();
    }
    column
}

/// A type without its length. Every kind of text is one, and every kind of bytes.
fn family(declared: &str) -> String {
    let plain = declared.split('(').next().unwrap().trim().to_lowercase();
    match plain.as_str() {
        "varchar" | "character varying" | "text" => "text".to_owned(),
        "blob" | "varbinary_blob" | "bytea" => "bytes".to_owned(),
        _ => plain,
    }
}
