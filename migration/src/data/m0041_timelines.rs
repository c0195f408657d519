//! What happened to a record is found in the audit log by the record: the timeline of a referral.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct IndexTimelines;

#[async_trait::async_trait]
impl MigrationTrait for IndexTimelines {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The leaf's `object` up to its closing quotation mark: cheap to cut out, also of a leaf that is damaged.
        let object = if manager.get_database_backend() == DbBackend::Postgres {
            r#"split_part(split_part(leaf, '"object":"', 2), '"', 1) COLLATE "C""#
        } else {
            r#"substr(leaf, instr(leaf, '"object":"') + 10, instr(substr(leaf, instr(leaf, '"object":"') + 10), '"') - 1)"#
        };
        // Reads of packages and lists, by far the most of the log, are not in it.
        let of_object = format!(
            "CREATE INDEX audit_event_of_object ON audit_event (({object}), id DESC) \
             WHERE kind LIKE 'REFERRAL%' OR kind LIKE 'CONSENT%' OR kind LIKE 'MOU%'"
        );
        let connection = manager.get_connection();
        connection.execute_unprepared(&of_object).await?;
        Ok(())
    }
}
