//! Which keyring this is, and which data store it belongs to.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateKeyringIdentity;

#[async_trait::async_trait]
impl MigrationTrait for CreateKeyringIdentity {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identity = Table::create()
            .table("keyring_identity")
            .col(integer("id").primary_key())
            .col(uuid("keyring_id"))
            .col(uuid("store_id"))
            .col(string("state"))
            .to_owned();
        manager.create_table(identity).await
    }
}
