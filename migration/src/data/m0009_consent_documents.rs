//! The signed papers behind consents.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateConsentDocuments;

#[async_trait::async_trait]
impl MigrationTrait for CreateConsentDocuments {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let documents = Table::create()
            .table("consent_document")
            .col(uuid("consent_id").primary_key())
            .col(string("content_type"))
            .col(big_integer("bytes"))
            .col(string("sha256"))
            .col(integer("key_version"))
            .col(blob("sealed"))
            .col(big_integer("created_at"))
            .col(text("created_by"))
            .foreign_key(
                ForeignKey::create()
                    .from("consent_document", "consent_id")
                    .to("consent", "id"),
            )
            .to_owned();
        manager.create_table(documents).await
    }
}
