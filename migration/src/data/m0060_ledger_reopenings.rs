//! Each time that an operator went on from an older copy: from then on the log has another name, which quotes what had been
//! signed under the one before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateLedgerReopenings;

#[async_trait::async_trait]
impl MigrationTrait for CreateLedgerReopenings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("ledger_reopening")
            .col(uuid("event_id").primary_key())
            .col(big_integer("reopened_at"))
            .col(big_integer("size"))
            .col(blob("root"))
            .to_owned();
        manager.create_table(table).await
    }
}
