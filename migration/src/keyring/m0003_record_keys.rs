//! The keys that seal single records, such as a plan for safe contact.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateRecordKeys;

#[async_trait::async_trait]
impl MigrationTrait for CreateRecordKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let record_keys = Table::create()
            .table("record_key")
            .col(string("kind"))
            .col(uuid("owner"))
            .col(integer("version"))
            .col(blob("wrapped"))
            .col(big_integer("created_at"))
            .primary_key(Index::create().col("kind").col("owner").col("version"))
            .to_owned();
        manager.create_table(record_keys).await
    }
}
