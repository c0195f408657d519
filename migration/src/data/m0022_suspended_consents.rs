//! From when a consent is suspended for what it lacks: the day that the operator set.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(crate) struct AddSuspensions;

#[async_trait::async_trait]
impl MigrationTrait for AddSuspensions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statement = Table::alter()
            .table("consent")
            .add_column(big_integer_null("suspends_at"))
            .to_owned();
        manager.alter_table(statement).await
    }
}
