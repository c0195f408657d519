//! Survivors' pseudonyms, their consents, and the MOUs between agencies.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, json, string, string_null, uuid,
    uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateConsentsAndMous;

#[async_trait::async_trait]
impl MigrationTrait for CreateConsentsAndMous {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            survivor(),
            consent(),
            consent_signature(),
            mou(),
            mou_party(),
        ] {
            manager.create_table(table).await?;
        }
        for index in [
            Index::create()
                .name("survivor_pseudonym")
                .table("survivor")
                .col("agency_id")
                .col("pseudonym")
                .unique()
                .to_owned(),
            newest_first("survivor_of_agency", "survivor", "agency_id", "created_at"),
            newest_first("consent_of_discloser", "consent", "discloser_id", "id"),
            newest_first("consent_of_recipient", "consent", "recipient_id", "id"),
            newest_first("consent_of_survivor", "consent", "survivor_id", "id"),
            newest_first(
                "signature_of_consent",
                "consent_signature",
                "consent_id",
                "id",
            ),
            newest_first("mou_of_drafter", "mou", "drafted_by", "id"),
            newest_first("mou_of_task_force", "mou", "task_force_id", "id"),
            newest_first("mou_of_party", "mou_party", "agency_id", "mou_id"),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn newest_first(
    name: &'static str,
    table: &'static str,
    of: &'static str,
    by: &'static str,
) -> IndexCreateStatement {
    Index::create()
        .name(name)
        .table(table)
        .col(of)
        .col((by, IndexOrder::Desc))
        .to_owned()
}

fn survivor() -> TableCreateStatement {
    Table::create()
        .table("survivor")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string("pseudonym"))
        .col(boolean("minor"))
        .col(string_null("language"))
        .col(uuid("audit_id"))
        .col(big_integer("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("survivor", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}

fn consent() -> TableCreateStatement {
    Table::create()
        .table("consent")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(uuid_null("supersedes"))
        .col(uuid("survivor_id"))
        .col(uuid("discloser_id"))
        .col(uuid("recipient_id"))
        .col(integer("categories"))
        .col(integer("purposes"))
        .col(string("language"))
        .col(big_integer("effective_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("signed_at"))
        .col(big_integer_null("revoked_at"))
        .col(string_null("revocation_channel"))
        .col(big_integer_null("superseded_at"))
        .col(big_integer_null("entered_in_error_at"))
        .col(big_integer("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("consent", "survivor_id")
                .to("survivor", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("consent", "discloser_id")
                .to("agency", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("consent", "recipient_id")
                .to("agency", "id"),
        )
        .to_owned()
}

fn consent_signature() -> TableCreateStatement {
    Table::create()
        .table("consent_signature")
        .col(uuid("id").primary_key())
        .col(uuid("consent_id"))
        .col(string("role"))
        .col(string("method"))
        .col(integer("signed_on"))
        .col(string_null("document_sha256"))
        .col(big_integer("recorded_at"))
        .foreign_key(
            ForeignKey::create()
                .from("consent_signature", "consent_id")
                .to("consent", "id"),
        )
        .to_owned()
}

fn mou() -> TableCreateStatement {
    Table::create()
        .table("mou")
        .col(uuid("id").primary_key())
        .col(integer("version"))
        .col(uuid_null("supersedes"))
        .col(string("kind"))
        .col(string("title"))
        .col(uuid_null("task_force_id"))
        .col(uuid("drafted_by"))
        .col(integer("categories"))
        .col(integer("purposes"))
        .col(json("terms"))
        .col(integer("effective_on"))
        .col(integer_null("review_on"))
        .col(integer("expires_on"))
        .col(big_integer_null("offered_at"))
        .col(big_integer_null("signed_at"))
        .col(big_integer_null("suspended_at"))
        .col(big_integer_null("terminated_at"))
        .col(big_integer_null("declined_at"))
        .col(big_integer_null("superseded_at"))
        .col(big_integer("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("mou", "task_force_id")
                .to("task_force", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("mou", "drafted_by")
                .to("agency", "id"),
        )
        .to_owned()
}

fn mou_party() -> TableCreateStatement {
    Table::create()
        .table("mou_party")
        .col(uuid("mou_id"))
        .col(uuid("agency_id"))
        .col(string("responsibilities"))
        .col(string_null("signatory"))
        .col(string_null("title"))
        .col(string_null("document_sha256"))
        .col(big_integer_null("signed_at"))
        .primary_key(Index::create().col("mou_id").col("agency_id"))
        .foreign_key(
            ForeignKey::create()
                .from("mou_party", "mou_id")
                .to("mou", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("mou_party", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
