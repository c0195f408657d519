//! When the parties of an MOU were reminded last of its review or its end.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(crate) struct RemindOfMous;

#[async_trait::async_trait]
impl MigrationTrait for RemindOfMous {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("mou")
            .add_column(big_integer_null("reminded_at"))
            .to_owned();
        manager.alter_table(add).await
    }
}
