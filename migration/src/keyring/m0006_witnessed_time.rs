//! Beside how far the ledger had come, the highest epoch and time of the data store are witnessed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

#[derive(DeriveMigrationName)]
pub(crate) struct AddWitnessedTime;

#[async_trait::async_trait]
impl MigrationTrait for AddWitnessedTime {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in ["epoch", "latest_at"] {
            let add = Table::alter()
                .table("ledger_witness")
                .add_column(big_integer_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
