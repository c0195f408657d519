//! Beside the epoch and the time, it is witnessed which of PostgreSQL's histories the data store is.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(crate) struct AddWitnessedHistory;

#[async_trait::async_trait]
impl MigrationTrait for AddWitnessedHistory {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in ["system_identifier", "timeline"] {
            let add = Table::alter()
                .table("ledger_witness")
                .add_column(big_integer_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
