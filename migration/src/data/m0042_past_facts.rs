//! What each decision stood on before it changed, so that it can be explained as it was.
//!
//! Beside each table that a decision reads lies one with the versions that are over: the columns that decide, and until when they
//! said so. What is so now stays where it is, and a record that never changed has no row here. The database writes them by
//! itself, whoever changes what and however. It keeps nothing about a person.
//!
//! A version is over when the row that follows it is written, by the same clock by which reads tell the time. Those of one
//! record follow one another: where two are written within one tick of the clock, the later is dated a microsecond after.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct KeepPastFacts;

/// A table that a decision reads.
pub(super) struct Decisive {
    pub(super) table: &'static str,
    pub(super) key: Vec<&'static str>,
    /// What decides.
    pub(super) columns: Vec<ColumnDef>,
}

#[async_trait::async_trait]
impl MigrationTrait for KeepPastFacts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let database = manager.get_connection();
        let kept = Table::create()
            .table("past_facts")
            .col(integer("id").primary_key())
            .col(big_integer("kept_since"))
            .to_owned();
        manager.create_table(kept).await?;
        for decisive in decisive() {
            manager.create_table(decisive.past()).await?;
            for statement in decisive.triggers(backend) {
                database.execute_unprepared(&statement).await?;
            }
        }
        let now = clock(backend);
        let since = format!("INSERT INTO past_facts (id, kept_since) VALUES (1, {now})");
        database.execute_unprepared(&since).await?;
        Ok(())
    }
}

/// Returns the time by the database's clock, in microseconds since the Unix epoch: of this moment, and not of the transaction's
/// beginning, which may lie before that of a read for which the sharing lock was waited.
fn clock(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres {
        "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
    } else {
        "cast(unixepoch('subsec') * 1000000 as integer)"
    }
}

fn decisive() -> [Decisive; 6] {
    [
        Decisive {
            table: "agency",
            key: vec!["id"],
            columns: vec![string("status")],
        },
        Decisive {
            table: "membership",
            key: vec!["agency_id", "task_force_id"],
            columns: vec![big_integer_null("suspended_at")],
        },
        Decisive {
            table: "mou",
            key: vec!["id"],
            columns: vec![
                integer("version"),
                uuid_null("task_force_id"),
                string("grants"),
                big_integer("begins_at"),
                big_integer("ends_at"),
                big_integer_null("signed_at"),
                big_integer_null("suspended_at"),
                big_integer_null("terminated_at"),
                big_integer_null("declined_at"),
                big_integer_null("superseded_at"),
            ],
        },
        Decisive {
            table: "mou_party",
            key: vec!["mou_id", "agency_id"],
            columns: vec![big_integer_null("signed_at")],
        },
        Decisive {
            table: "consent",
            key: vec!["id"],
            columns: vec![
                integer("version"),
                uuid("discloser_id"),
                uuid("recipient_id"),
                string("grants"),
                big_integer("effective_at"),
                big_integer("expires_at"),
                big_integer_null("signed_at"),
                big_integer_null("revoked_at"),
                big_integer_null("superseded_at"),
                big_integer_null("entered_in_error_at"),
                big_integer_null("suspends_at"),
            ],
        },
        Decisive {
            table: "referral",
            key: vec!["id"],
            columns: vec![
                uuid("sender_id"),
                uuid("recipient_id"),
                uuid("consent_id"),
                uuid_null("mou_id"),
                string("status"),
                big_integer_null("expires_at"),
                big_integer_null("consent_until"),
                big_integer_null("mou_until"),
                boolean("halted"),
            ],
        },
    ]
}

impl Decisive {
    /// Returns the table of its versions that are over. They go with the record.
    fn past(&self) -> TableCreateStatement {
        let past = format!("{}_past", self.table);
        let (mut table, mut primary) = (Table::create(), Index::create());
        let mut record = ForeignKey::create();
        record.from_tbl(past.clone()).to_tbl(self.table);
        table.table(past);
        for key in &self.key {
            table.col(uuid(*key));
            primary.col(*key);
            record.from_col(*key).to_col(*key);
        }
        table.col(big_integer("until"));
        for column in &self.columns {
            table.col(column.clone());
        }
        table
            .primary_key(primary.col("until"))
            .foreign_key(record.on_delete(ForeignKeyAction::Cascade))
            .to_owned()
    }

    /// Returns the statements that have the database keep what a row said, where that changes.
    pub(super) fn triggers(&self, backend: DbBackend) -> Vec<String> {
        let table = self.table;
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(ColumnDef::get_column_name)
            .collect();
        let named = columns.join(", ");
        let each = |of: &dyn Fn(&str) -> String, between: &str| {
            let each: Vec<_> = columns.iter().map(|column| of(column)).collect();
            each.join(between)
        };
        let key = self.key.join(", ");
        let old_key: Vec<_> = self.key.iter().map(|key| format!("OLD.{key}")).collect();
        let of_record: Vec<_> = self
            .key
            .iter()
            .map(|key| format!("{key} = OLD.{key}"))
            .collect();
        let greatest = if backend == DbBackend::Postgres {
            "greatest"
        } else {
            "max"
        };
        let keeps = format!(
            "INSERT INTO {table}_past ({key}, until, {named}) VALUES ({}, \
             {greatest}({}, coalesce((SELECT max(until) + 1 FROM {table}_past WHERE {}), 0)), {})",
            old_key.join(", "),
            clock(backend),
            of_record.join(" AND "),
            each(&|column| format!("OLD.{column}"), ", "),
        );
        let changes = format!("AFTER UPDATE OF {named} ON {table} FOR EACH ROW");
        if backend == DbBackend::Postgres {
            let differs = |column: &str| format!("OLD.{column} IS DISTINCT FROM NEW.{column}");
            vec![
                format!(
                    "CREATE OR REPLACE FUNCTION concord_keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ \
                     BEGIN {keeps}; RETURN NULL; END $$"
                ),
                format!(
                    "CREATE TRIGGER {table}_past_kept {changes} WHEN ({}) \
                     EXECUTE FUNCTION concord_keep_{table}()",
                    each(&differs, " OR "),
                ),
            ]
        } else {
            let differs = |column: &str| format!("OLD.{column} IS NOT NEW.{column}");
            vec![format!(
                "CREATE TRIGGER {table}_past_kept {changes} WHEN {} BEGIN {keeps}; END",
                each(&differs, " OR "),
            )]
        }
    }
}
