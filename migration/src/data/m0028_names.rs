//! What names are compared by: an agency's within each of its task forces, a pseudonym within its agency.
//!
//! Until now names could look the same and differ in case, width or spaces. Those that do stay, each with a number of its
//! own beside the key; new ones have the number zero, so none joins them.

use std::collections::HashMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, string_null};
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use unicode_normalization::UnicodeNormalization;

#[derive(DeriveMigrationName)]
pub(crate) struct CompareNames;

#[async_trait::async_trait]
impl MigrationTrait for CompareNames {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, key) in [("survivor", "pseudonym_key"), ("membership", "name_key")] {
            for column in [string_null(key), integer("lookalike").default(0).take()] {
                let added = Table::alter().table(table).add_column(column).to_owned();
                manager.alter_table(added).await?;
            }
        }
        // Whoever has the same key has the same name, and more.
        let same = Index::drop()
            .name("survivor_pseudonym")
            .table("survivor")
            .to_owned();
        manager.drop_index(same).await?;
        let database = manager.get_connection();
        fill(database, &PSEUDONYMS).await?;
        fill(database, &NAMES).await?;
        for (table, within, key) in [
            ("survivor", "agency_id", "pseudonym_key"),
            ("membership", "task_force_id", "name_key"),
        ] {
            let index = Index::create()
                .name(format!("{table}_{key}"))
                .table(table)
                .col(within)
                .col(key)
                .col("lookalike")
                .unique()
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Names, each within something: how their rows are read, the oldest first within each, and written.
struct NamesWithin {
    read: &'static str,
    write: &'static str,
}

const PSEUDONYMS: NamesWithin = NamesWithin {
    read: "SELECT agency_id AS within, id AS named, pseudonym AS name FROM survivor ORDER BY agency_id, created_at, id",
    write: "UPDATE survivor SET pseudonym_key = $1, lookalike = $2 WHERE agency_id = $3 AND id = $4",
};

const NAMES: NamesWithin = NamesWithin {
    read: "SELECT task_force_id AS within, agency_id AS named, name FROM membership \
        JOIN agency ON agency.id = membership.agency_id ORDER BY task_force_id, since, agency_id",
    write: "UPDATE membership SET name_key = $1, lookalike = $2 WHERE task_force_id = $3 AND agency_id = $4",
};

async fn fill(database: &impl ConnectionTrait, names: &NamesWithin) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    let read = Statement::from_string(backend, names.read);
    let mut numbers: HashMap<(Uuid, String), i32> = HashMap::new();
    for row in database.query_all_raw(read).await? {
        let within: Uuid = row.try_get("", "within")?;
        let holder: Uuid = row.try_get("", "named")?;
        let key = key(&row.try_get::<String>("", "name")?);
        let next = numbers.entry((within, key.clone())).or_default();
        let values = [key.into(), (*next).into(), within.into(), holder.into()];
        let write = Statement::from_sql_and_values(backend, names.write, values);
        database.execute_raw(write).await?;
        *next += 1;
    }
    Ok(())
}

/// Returns the key of a name as of this step: without width, case and spaces (RFC 8266, 2.4).
fn key(name: &str) -> String {
    (0..4).fold(name.to_owned(), |name, _| mapped(&name))
}

fn mapped(name: &str) -> String {
    let visible: String = name
        .chars()
        .filter(|one| !matches!(one, '\u{200c}' | '\u{200d}'))
        .collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    let lower = words.join(" ").to_lowercase();
    lower.replace('\u{3c2}', "\u{3c3}").nfkc().collect()
}
