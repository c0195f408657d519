//! How survivors may be reached safely, and what had to be disclosed without their consent.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob, integer, json, string, string_null, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateContactsAndMandates;

#[async_trait::async_trait]
impl MigrationTrait for CreateContactsAndMandates {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(safe_contact()).await?;
        manager.create_table(mandated_disclosure()).await?;
        manager
            .create_index(
                Index::create()
                    .name("mandated_disclosure_by_agency")
                    .table("mandated_disclosure")
                    .col("agency_id")
                    .col("id")
                    .to_owned(),
            )
            .await
    }
}

fn safe_contact() -> TableCreateStatement {
    Table::create()
        .table("safe_contact")
        .col(uuid("survivor_id").primary_key())
        .col(integer("key_version"))
        .col(blob("sealed"))
        .col(big_integer("set_at"))
        .foreign_key(
            ForeignKey::create()
                .from("safe_contact", "survivor_id")
                .to("survivor", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

/// Returns the survivor is no foreign key: what had to be disclosed stays on record when the pseudonym is erased.
fn mandated_disclosure() -> TableCreateStatement {
    Table::create()
        .table("mandated_disclosure")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(uuid("survivor_id"))
        .col(string("instrument"))
        .col(integer("dated_on"))
        .col(integer("disclosed_on"))
        .col(uuid_null("recipient_id"))
        .col(string_null("recipient_outside"))
        .col(integer("ordered"))
        .col(integer("categories"))
        .col(integer("purposes"))
        .col(json("attempts"))
        .col(string_null("no_notice"))
        .col(integer("steps"))
        .col(string_null("no_protection"))
        .col(blob("sealed"))
        .col(big_integer("recorded_at"))
        .foreign_key(
            ForeignKey::create()
                .from("mandated_disclosure", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
