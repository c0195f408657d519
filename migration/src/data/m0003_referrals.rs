//! Referrals, their sealed packages, and the indexes that answer the inbox and the outbox by themselves.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, integer, string, string_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct CreateReferrals;

/// What a header shows: a page of the inbox or outbox is read from the index alone.
const HEADER: &str = "status, status_reason, needs, urgency, created_at, sent_at, respond_by, updated_at, \
    consent_until, mou_until, halted";

#[async_trait::async_trait]
impl MigrationTrait for CreateReferrals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(referral()).await?;
        manager.create_table(sealed_part()).await?;

        let covering = |name: &str, side: &str, other: &str, rows: &str| {
            let key = format!("CREATE INDEX {name} ON referral ({side}, id DESC");
            if manager.get_database_backend() == DbBackend::Postgres {
                format!("{key}) INCLUDE ({other}, {HEADER}) {rows}")
            } else {
                // SQLite has no INCLUDE: the columns ride behind the key.
                format!("{key}, {other}, {HEADER}) {rows}")
            }
        };
        let database = manager.get_connection();
        for index in [
            covering(
                "referral_inbox",
                "recipient_id",
                "sender_id",
                "WHERE sent_at IS NOT NULL",
            ),
            covering("referral_outbox", "sender_id", "recipient_id", ""),
            "CREATE INDEX referral_of_consent ON referral (consent_id)".to_owned(),
            "CREATE INDEX referral_of_mou ON referral (mou_id)".to_owned(),
            "CREATE INDEX referral_of_survivor ON referral (survivor_id)".to_owned(),
        ] {
            database.execute_unprepared(&index).await?;
        }
        Ok(())
    }
}

fn referral() -> TableCreateStatement {
    let mut table = Table::create()
        .table("referral")
        .col(uuid("id").primary_key())
        .col(uuid("sender_id"))
        .col(uuid("recipient_id"))
        .col(uuid("survivor_id"))
        .col(uuid("consent_id"))
        .col(uuid_null("mou_id"))
        .col(string("status"))
        .col(string_null("status_reason"))
        .col(integer("needs"))
        .col(string("urgency"))
        .col(integer("contains"))
        .col(big_integer("created_at"))
        .col(big_integer_null("sent_at"))
        .col(big_integer_null("respond_by"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("consent_until"))
        .col(big_integer_null("mou_until"))
        .col(boolean("halted"))
        .col(string_null("outcome"))
        .col(integer("provided"))
        .to_owned();
    for (column, referenced) in [
        ("sender_id", "agency"),
        ("recipient_id", "agency"),
        ("survivor_id", "survivor"),
        ("consent_id", "consent"),
        ("mou_id", "mou"),
    ] {
        table.foreign_key(
            ForeignKey::create()
                .from("referral", column)
                .to(referenced, "id"),
        );
    }
    table
}

fn sealed_part() -> TableCreateStatement {
    Table::create()
        .table("sealed_part")
        .col(uuid("referral_id"))
        .col(string("category"))
        .col(integer("key_version"))
        .col(blob("sealed"))
        .primary_key(Index::create().col("referral_id").col("category"))
        .foreign_key(
            ForeignKey::create()
                .from("sealed_part", "referral_id")
                .to("referral", "id"),
        )
        .to_owned()
}
