//! The tables that the migrations make are the tables that the entities describe, on both databases.

use std::collections::BTreeSet;
use std::fmt::Write;

use concord::settings::{RawSettings, Settings};
use concord::store::Store;
use concord_entities as entities;
use sea_orm::{
    ConnectionTrait, Database as Databases, DatabaseConnection, DbBackend, EntityTrait,
    QueryResult, Schema, Statement,
};

use crate::world::postgres::Cluster;
use crate::world::{BOTH, Database};

/// Each column, a line each: its table and name, its type's family, whether it may be null, its place in the primary
/// key.
type Columns = BTreeSet<String>;

#[tokio::test]
async fn a_migrated_database_is_one_made_of_the_entities() {
    for database in BOTH {
        let folder = tempfile::tempdir().unwrap();
        let fresh = || (database == Database::Postgres).then(|| Cluster::shared().fresh_database());
        let settings = Settings::read(
            None,
            &RawSettings {
                data: Some(folder.path().to_owned()),
                database_url: fresh(),
                key_file: Some(folder.path().join("kek")),
                ..RawSettings::default()
            },
        )
        .unwrap();
        let store = Store::connect(&settings).await.unwrap();
        store.migrate().await.unwrap();
        let mut migrated = columns(&store.write).await;
        migrated.append(&mut columns(&store.keyring).await);
        migrated.retain(|column| !column.starts_with("seaql_migrations."));

        let url = fresh().unwrap_or_else(|| "sqlite::memory:".to_owned());
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1);
        let made = Databases::connect(options).await.unwrap();
        make_every_entity(&made).await;
        let made = columns(&made).await;
        assert!(
            made.len() > 100,
            "only {} columns were looked at",
            made.len()
        );
        let odd: Vec<_> = migrated.symmetric_difference(&made).collect();
        assert!(
            odd.is_empty(),
            "on {database:?}, in one of the two alone: {odd:#?}"
        );
    }
}

#[tokio::test]
async fn a_changed_column_is_noticed() {
    let make = |written: &'static str| async move {
        let database = Databases::connect("sqlite::memory:").await.unwrap();
        let statement = format!("CREATE TABLE t ({written})");
        database.execute_unprepared(&statement).await.unwrap();
        columns(&database).await
    };
    let good = make("a bigint NOT NULL PRIMARY KEY, b varchar(20)").await;
    assert_eq!(make("a bigint NOT NULL PRIMARY KEY, b text").await, good);
    for other in [
        "a bigint NOT NULL PRIMARY KEY",
        "a bigint NOT NULL PRIMARY KEY, b varchar NOT NULL",
        "a bigint NOT NULL PRIMARY KEY, b blob",
        "a bigint NOT NULL, b varchar",
        "a bigint NOT NULL, b varchar, PRIMARY KEY (b, a)",
    ] {
        assert_ne!(make(other).await, good, "{other}");
    }
}

async fn make_every_entity(database: &DatabaseConnection) {
    macro_rules! make {
        ($($entity:ident)*) => {
            $(make(database, entities::$entity::Entity).await;)*
            let named = [$(stringify!($entity)),*];
            assert_every_entity_is_among(&named);
        };
    }
    make! {
        task_force agency membership application application_secret token_state spent_proof idempotency
        trusted_issuer
        survivor safe_contact mandated_disclosure consent consent_document consent_signature rule_pack
        mou mou_party
        referral sealed_part
        audit_event audit_tile audit_tree audit_checkpoint sharing_epoch
        package_key document_key record_key signing_key token_key notice ledger_witness
    }
}

async fn make(database: &DatabaseConnection, entity: impl EntityTrait) {
    let table = Schema::new(database.get_database_backend()).create_table_from_entity(entity);
    database.execute(&table).await.unwrap();
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
    FROM information_schema.columns c WHERE c.table_schema = current_schema()";

async fn columns(database: &DatabaseConnection) -> Columns {
    let backend = database.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        POSTGRES
    } else {
        SQLITE
    };
    let statement = Statement::from_string(backend, sql);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.iter().map(told).collect()
}

fn told(row: &QueryResult) -> String {
    let text = |name: &str| row.try_get::<String>("", name).unwrap();
    let mut column = format!(
        "{}.{} {}",
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
