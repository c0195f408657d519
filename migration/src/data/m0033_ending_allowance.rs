//! What an agency has used of its allowance to end tokens and programs, so that all servers count together.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddEndingAllowance;

#[async_trait::async_trait]
impl MigrationTrait for AddEndingAllowance {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let allowance = Table::create()
            .table("ending_allowance")
            .col(uuid("agency_id").primary_key())
            .col(big_integer("full_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("ending_allowance", "agency_id")
                    .to("agency", "id"),
            )
            .to_owned();
        manager.create_table(allowance).await
    }
}
