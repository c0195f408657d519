//! Several signers of one role, and that one of them objects.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, boolean_null, integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddSeveralSigners;

#[async_trait::async_trait]
impl MigrationTrait for AddSeveralSigners {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Until now each role had one signer.
        for (table, column) in [
            ("consent_signature", integer("signer").default(1).take()),
            ("consent", boolean_null("sole_guardian")),
            ("rule_pack", boolean("both_guardians").default(false).take()),
        ] {
            let statement = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        let objections = Table::create()
            .table("consent_objection")
            .col(uuid("consent_id"))
            .col(integer("signer"))
            .col(integer("objected_on"))
            .col(big_integer("recorded_at"))
            .primary_key(Index::create().col("consent_id").col("signer"))
            .foreign_key(
                ForeignKey::create()
                    .from("consent_objection", "consent_id")
                    .to("consent", "id"),
            )
            .to_owned();
        manager.create_table(objections).await
    }
}
