//! The keys that seal the signed papers behind consents.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateDocumentKeys;

#[async_trait::async_trait]
impl MigrationTrait for CreateDocumentKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let keys = Table::create()
            .table("document_key")
            .col(uuid("consent_id").primary_key())
            .col(integer("version"))
            .col(blob("wrapped"))
            .col(big_integer("created_at"))
            .to_owned();
        manager.create_table(keys).await
    }
}
