//! How far the ledger had come when it was last signed, kept apart from the ledger.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateWitness;

#[async_trait::async_trait]
impl MigrationTrait for CreateWitness {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let witness = Table::create()
            .table("ledger_witness")
            .col(integer("id").primary_key())
            .col(big_integer("size"))
            .col(blob("root"))
            .to_owned();
        manager.create_table(witness).await
    }
}
