//! The origins of the pages that may call with an application's tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text;

#[derive(DeriveMigrationName)]
pub(crate) struct AddBrowsers;

#[async_trait::async_trait]
impl MigrationTrait for AddBrowsers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let origins = text("allowed_origins").default("").take();
        let added = Table::alter()
            .table("application")
            .add_column(origins)
            .to_owned();
        manager.alter_table(added).await
    }
}
