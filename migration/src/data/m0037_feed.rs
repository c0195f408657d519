//! What changed for an agency, in the ledger's order, and the indexes that count what a mailbox shows.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddFeed;

#[async_trait::async_trait]
impl MigrationTrait for AddFeed {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(agency_change()).await?;
        let changed = Table::alter()
            .table("audit_waiting")
            .add_column(text_null("changed"))
            .to_owned();
        manager.alter_table(changed).await?;
        for statement in [
            "CREATE INDEX agency_change_age ON agency_change (changed_at)",
            // The status literally: the copied state alone decides what is in them, the moments what is counted.
            "CREATE INDEX referral_unanswered ON referral (recipient_id, expires_at, respond_by, consent_until, mou_until, halted) \
             WHERE status = 'REQUESTED' AND sent_at IS NOT NULL",
            "CREATE INDEX referral_answered ON referral (sender_id, updated_at, status, consent_until, mou_until, halted) \
             WHERE status IN ('ACCEPTED', 'REJECTED')",
            "CREATE INDEX notice_unseen ON notice (agency_id) WHERE seen_at IS NULL",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}

fn agency_change() -> TableCreateStatement {
    Table::create()
        .table("agency_change")
        .col(uuid("agency_id"))
        .col(big_integer("place"))
        .col(uuid("object_id"))
        .col(string("kind"))
        .col(big_integer("changed_at"))
        .primary_key(
            Index::create()
                .col("agency_id")
                .col("place")
                .col("object_id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("agency_change", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
