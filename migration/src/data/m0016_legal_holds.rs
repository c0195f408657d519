//! What obliges an agency to keep what it holds of a survivor.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer, integer_null, string, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateLegalHolds;

#[async_trait::async_trait]
impl MigrationTrait for CreateLegalHolds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The survivor is no foreign key: that there was a hold stays on record when the pseudonym is erased.
        let holds = Table::create()
            .table("legal_hold")
            .col(uuid("id").primary_key())
            .col(uuid("agency_id"))
            .col(uuid("survivor_id"))
            .col(string("ground"))
            .col(integer("issued_on"))
            .col(integer_null("ends_on"))
            .col(blob("sealed"))
            .col(big_integer("recorded_at"))
            .col(big_integer_null("released_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("legal_hold", "agency_id")
                    .to("agency", "id"),
            )
            .to_owned();
        manager.create_table(holds).await?;
        let index =
            "CREATE INDEX legal_hold_of_survivor ON legal_hold (survivor_id, agency_id, id DESC)";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}
