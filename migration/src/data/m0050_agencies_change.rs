//! Agencies that change: vetted by the coordinators of their task forces, renamed, leaving, and handing coordination over.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct ChangeAgencies;

#[async_trait::async_trait]
impl MigrationTrait for ChangeAgencies {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [vettings(), names()] {
            manager.create_table(table).await?;
        }
        // No operation ever wrote it.
        let unused = Table::alter()
            .table("agency")
            .drop_column("vetting")
            .to_owned();
        manager.alter_table(unused).await?;
        for column in [big_integer_null("left_at"), uuid_null("coordination_from")] {
            let added = Table::alter()
                .table("membership")
                .add_column(column)
                .to_owned();
            manager.alter_table(added).await?;
        }
        let alike = "CREATE INDEX agency_name_alike ON agency_name (name_key)";
        let database = manager.get_connection();
        database.execute_unprepared(alike).await?;
        Ok(())
    }
}

fn vettings() -> TableCreateStatement {
    let to = |column: &'static str, table: &'static str| {
        ForeignKey::create()
            .from("agency_vetting", column)
            .to(table, "id")
            .to_owned()
    };
    Table::create()
        .table("agency_vetting")
        .col(uuid("agency_id"))
        .col(uuid("task_force_id"))
        .col(string("attribute"))
        .col(string("evidence"))
        .col(integer("checked_on"))
        .col(integer("lapses_on"))
        .col(uuid("checked_by"))
        .col(big_integer("recorded_at"))
        .primary_key(
            Index::create()
                .col("agency_id")
                .col("task_force_id")
                .col("attribute"),
        )
        .foreign_key(&mut to("agency_id", "agency"))
        .foreign_key(&mut to("task_force_id", "task_force"))
        .foreign_key(&mut to("checked_by", "agency"))
        .to_owned()
}

fn names() -> TableCreateStatement {
    Table::create()
        .table("agency_name")
        .col(uuid("agency_id"))
        .col(big_integer("until"))
        .col(string("name"))
        .col(string("name_key"))
        .primary_key(Index::create().col("agency_id").col("until"))
        .foreign_key(
            ForeignKey::create()
                .from("agency_name", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
