//! What was published of a month's referrals; and the index of who took which referral on.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, json, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddStatistics;

#[async_trait::async_trait]
impl MigrationTrait for AddStatistics {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let published = Table::create()
            .table("referral_statistics")
            .col(uuid("task_force_id"))
            .col(integer("month"))
            .col(big_integer("begins_at"))
            .col(big_integer("ends_at"))
            .col(big_integer("computed_at"))
            .col(json("tables"))
            .primary_key(Index::create().col("task_force_id").col("month"))
            .foreign_key(
                ForeignKey::create()
                    .from("referral_statistics", "task_force_id")
                    .to("task_force", "id"),
            )
            .to_owned();
        manager.create_table(published).await?;
        // What nobody has taken on is in none of it.
        let assigned = "CREATE INDEX referral_inbox_assignee ON referral \
             (recipient_id, assignee, settled_status, sent_at DESC, id DESC) \
             WHERE sent_at IS NOT NULL AND assignee IS NOT NULL";
        let connection = manager.get_connection();
        connection.execute_unprepared(assigned).await?;
        Ok(())
    }
}
