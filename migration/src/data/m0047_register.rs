//! The register of MOUs, in the order of their ends as well as newest first: whoever follows many of them finds those of one
//! state, kind or end along an index, without reading what each says.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct OrderRegister;

/// What says where an MOU stands, and what else a list of them is looked through by.
const FACTS: &str = "offered_at, signed_at, suspended_at, terminated_at, declined_at, superseded_at, begins_at, review_at, \
    expires_on, terminates_on, kind";

#[async_trait::async_trait]
impl MigrationTrait for OrderRegister {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let review = Table::alter()
            .table("mou")
            .add_column(big_integer_null("review_at"))
            .to_owned();
        manager.alter_table(review).await?;
        let connection = manager.get_connection();
        // Every released store counts its days in UTC; elsewhere the day of review begins as long after the first day as here.
        let begins =
            "UPDATE mou SET review_at = begins_at + (review_on - effective_on) * 86400000000";
        connection.execute_unprepared(begins).await?;
        for statement in indexes(manager.get_database_backend()) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

fn indexes(backend: DbBackend) -> Vec<String> {
    let mut statements: Vec<String> = [
        "DROP INDEX mou_of_drafter",
        "DROP INDEX mou_of_task_force",
        "CREATE INDEX mou_party_lacking ON mou_party (agency_id, mou_id) WHERE signed_at IS NULL",
    ]
    .map(str::to_owned)
    .into();
    for (name, column) in [("drafter", "drafted_by"), ("task_force", "task_force_id")] {
        for (order, key, beside) in [("", "id DESC", "ends_at, "), ("_by_end", "ends_at, id", "")] {
            let key = format!("CREATE INDEX mou_of_{name}{order} ON mou ({column}, {key}");
            // SQLite has no INCLUDE: the columns ride behind the key.
            statements.push(if backend == DbBackend::Postgres {
                format!("{key}) INCLUDE ({beside}{FACTS})")
            } else {
                format!("{key}, {beside}{FACTS})")
            });
        }
    }
    statements
}
