//! The keys that seal packages, and the keys that sign.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateKeys;

#[async_trait::async_trait]
impl MigrationTrait for CreateKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let package_keys = Table::create()
            .table("package_key")
            .col(uuid("referral_id").primary_key())
            .col(integer("version"))
            .col(blob("wrapped"))
            .col(big_integer("created_at"))
            .to_owned();
        let signing_keys = Table::create()
            .table("signing_key")
            .col(string("kid").primary_key())
            .col(string("signs"))
            .col(blob("wrapped"))
            .col(big_integer("created_at"))
            .to_owned();
        manager.create_table(package_keys).await?;
        manager.create_table(signing_keys).await
    }
}
