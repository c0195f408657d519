//! Which store this is, which keyring is its own, and by which event an operator last went on from an older copy.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateStoreIdentity;

#[async_trait::async_trait]
impl MigrationTrait for CreateStoreIdentity {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identity = Table::create()
            .table("store_identity")
            .col(integer("id").primary_key())
            .col(uuid("store_id"))
            .col(uuid("keyring_id"))
            .col(uuid_null("reopened_by"))
            .col(big_integer_null("reopened_at"))
            .to_owned();
        manager.create_table(identity).await
    }
}
