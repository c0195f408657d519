//! Notes on referrals, and the files attached to them, sealed under the key of the referral's package.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer, string, string_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateNotes;

#[async_trait::async_trait]
impl MigrationTrait for CreateNotes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [notes(), attachments()] {
            manager.create_table(table).await?;
        }
        let of_referral = "CREATE INDEX note_of_referral ON referral_note (referral_id)";
        let connection = manager.get_connection();
        connection.execute_unprepared(of_referral).await?;
        Ok(())
    }
}

fn notes() -> TableCreateStatement {
    let to = |column: &'static str, table: &'static str| {
        ForeignKey::create()
            .from("referral_note", column)
            .to(table, "id")
            .to_owned()
    };
    Table::create()
        .table("referral_note")
        .col(uuid("id").primary_key())
        .col(uuid("referral_id"))
        .col(uuid("author_id"))
        .col(string("audience"))
        .col(string("category"))
        .col(integer("key_version"))
        .col(blob("sealed"))
        .col(big_integer("created_at"))
        .col(string_null("attachment_type"))
        .col(big_integer_null("attachment_bytes"))
        .col(string_null("attachment_sha256"))
        .foreign_key(&mut to("referral_id", "referral"))
        .foreign_key(&mut to("author_id", "agency"))
        .to_owned()
}

fn attachments() -> TableCreateStatement {
    Table::create()
        .table("note_attachment")
        .col(uuid("note_id").primary_key())
        .col(blob("sealed"))
        .col(big_integer("created_at"))
        .col(string("created_by"))
        .foreign_key(
            ForeignKey::create()
                .from("note_attachment", "note_id")
                .to("referral_note", "id"),
        )
        .to_owned()
}
