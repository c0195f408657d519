//! What is registered of an application that is called from a browser: the origins of its pages, and the documents that it may
//! execute, where it may execute no others.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, string, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddBrowsers;

#[async_trait::async_trait]
impl MigrationTrait for AddBrowsers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            text("allowed_origins").default("").take(),
            boolean("trusted_documents_only").default(false).take(),
        ] {
            let added = Table::alter()
                .table("application")
                .add_column(column)
                .to_owned();
            manager.alter_table(added).await?;
        }
        let documents = Table::create()
            .table("trusted_document")
            .col(uuid("application_id"))
            .col(string("sha256"))
            .col(text("text"))
            .col(big_integer("created_at"))
            .primary_key(Index::create().col("application_id").col("sha256"))
            .foreign_key(
                ForeignKey::create()
                    .from("trusted_document", "application_id")
                    .to("application", "id"),
            )
            .to_owned();
        manager.create_table(documents).await
    }
}
