//! Which version of its key a referral's package is sealed under: a read opens what it decided on, and nothing else.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::integer;

#[derive(DeriveMigrationName)]
pub(crate) struct AddKeyVersions;

#[async_trait::async_trait]
impl MigrationTrait for AddKeyVersions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statement = Table::alter()
            .table("referral")
            .add_column(integer("key_version").default(1))
            .to_owned();
        manager.alter_table(statement).await?;
        manager
            .get_connection()
            .execute_unprepared(
                "UPDATE referral SET key_version = \
                 (SELECT max(part.key_version) FROM sealed_part part WHERE part.referral_id = referral.id) \
                 WHERE EXISTS (SELECT 1 FROM sealed_part part WHERE part.referral_id = referral.id)",
            )
            .await?;
        Ok(())
    }
}
