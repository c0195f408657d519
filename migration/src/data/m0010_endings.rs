//! What an ending must account for and tell: who was told under which consent, notices to those who were, and survivors
//! who were erased.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, uuid, uuid_null};
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};

#[derive(DeriveMigrationName)]
pub(crate) struct AddEndings;

#[async_trait::async_trait]
impl MigrationTrait for AddEndings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("audit_event", uuid_null("disclosed_under")),
            ("survivor", big_integer_null("erased_at")),
        ] {
            let statement = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        manager.create_table(notice()).await?;
        copy_from_leaves(manager.get_connection()).await?;
        for statement in [
            "CREATE INDEX audit_event_disclosed ON audit_event (disclosed_under, id DESC) WHERE disclosed_under IS NOT NULL",
            "CREATE INDEX notice_of_agency ON notice (agency_id, id DESC)",
            "CREATE INDEX notice_of_object ON notice (object)",
            "CREATE INDEX idempotency_object ON idempotency (object_id)",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}

fn notice() -> TableCreateStatement {
    Table::create()
        .table("notice")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string("kind"))
        .col(string("object"))
        .col(big_integer("created_at"))
        .col(big_integer_null("seen_at"))
        .foreign_key(
            ForeignKey::create()
                .from("notice", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}

/// Fills the new column of the events that are there already, a thousand at a time.
async fn copy_from_leaves(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    let mut after = Uuid::nil();
    loop {
        let page = "SELECT id, leaf FROM audit_event WHERE kind = 'PACKAGE_READ' AND id > $1 ORDER BY id LIMIT 1000";
        let page = Statement::from_sql_and_values(backend, page, [after.into()]);
        let rows = database.query_all_raw(page).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            after = row.try_get("", "id")?;
            let leaf: String = row.try_get("", "leaf")?;
            let Some(consent) = disclosed_under(&leaf) else {
                continue;
            };
            let update = "UPDATE audit_event SET disclosed_under = $1 WHERE id = $2";
            let values = [consent.into(), after.into()];
            database
                .execute_raw(Statement::from_sql_and_values(backend, update, values))
                .await?;
        }
    }
}

/// Returns the consent in a leaf that records that something was told.
fn disclosed_under(leaf: &str) -> Option<Uuid> {
    if leaf.contains("\"categories\":[]") {
        return None;
    }
    let (_, rest) = leaf.split_once("\"consent\":\"consent_")?;
    let (letters, _) = rest.split_once('"')?;
    super::type_id(letters)
}
