//! What makes a consent lawful: what was explained, who interpreted and witnessed, and the rules that bind an agency.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, boolean_null, integer, integer_null, json_null, string, string_null,
    uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct AddLawfulConsents;

#[async_trait::async_trait]
impl MigrationTrait for AddLawfulConsents {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // What nobody said of an earlier consent stays unsaid: null, and never "explained".
        let added = [
            ("consent", integer_null("explained")),
            ("consent", boolean_null("voluntary")),
            ("consent", boolean_null("revocable")),
            ("consent", json_null("interpreter")),
            (
                "consent",
                boolean("through_intermediary").default(false).take(),
            ),
            ("consent", uuid_null("intermediary_id")),
            (
                "consent",
                boolean("names_substance_use").default(false).take(),
            ),
            ("consent", string_null("minor_alone")),
            ("consent", boolean("incapacitated").default(false).take()),
            ("consent_signature", string_null("relation")),
            ("consent_signature", string_null("language")),
            ("consent_signature", json_null("interpreter")),
            ("consent_signature", string_null("witness")),
        ];
        for (table, column) in added {
            let statement = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        manager.create_table(rule_pack()).await?;
        let database = manager.get_connection();
        database
            .execute_unprepared(
                "CREATE INDEX rule_pack_of_agency ON rule_pack (agency_id, id DESC)",
            )
            .await?;
        Ok(())
    }
}

fn rule_pack() -> TableCreateStatement {
    Table::create()
        .table("rule_pack")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string("pack"))
        .col(integer("from_on"))
        .col(integer_null("until_on"))
        .col(integer_null("max_days"))
        .col(string_null("citation"))
        .col(big_integer("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("rule_pack", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
