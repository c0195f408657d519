//! A package that is sealed anew has a key of its own, beside the one before it until the change is durable.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddVersions;

#[async_trait::async_trait]
impl MigrationTrait for AddVersions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by_version = Table::create()
            .table("package_key_by_version")
            .col(uuid("referral_id"))
            .col(integer("version"))
            .col(blob("wrapped"))
            .col(big_integer("created_at"))
            .primary_key(Index::create().col("referral_id").col("version"))
            .to_owned();
        manager.create_table(by_version).await?;
        // SQLite changes no primary key of a table that is there.
        for statement in [
            "INSERT INTO package_key_by_version (referral_id, version, wrapped, created_at) \
             SELECT referral_id, version, wrapped, created_at FROM package_key",
            "DROP TABLE package_key",
            "ALTER TABLE package_key_by_version RENAME TO package_key",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
