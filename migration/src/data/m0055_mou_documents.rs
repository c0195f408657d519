//! The texts that the parties of MOUs sign, as files: what is told of one stands on its MOU.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, json_null, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateMouDocuments;

#[async_trait::async_trait]
impl MigrationTrait for CreateMouDocuments {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let told = Table::alter()
            .table("mou")
            .add_column(json_null("document"))
            .to_owned();
        manager.alter_table(told).await?;
        let documents = Table::create()
            .table("mou_document")
            .col(uuid("mou_id").primary_key())
            .col(blob("sealed"))
            .col(big_integer("created_at"))
            .col(string("created_by"))
            .foreign_key(
                ForeignKey::create()
                    .from("mou_document", "mou_id")
                    .to("mou", "id"),
            )
            .to_owned();
        manager.create_table(documents).await
    }
}
