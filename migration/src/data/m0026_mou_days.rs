//! In which time zone an MOU's days are counted, and the moments at which they begin and end there. Until now that was UTC
//! for all.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

#[derive(DeriveMigrationName)]
pub(crate) struct AddMouDays;

#[async_trait::async_trait]
impl MigrationTrait for AddMouDays {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            string("time_zone").default("UTC").take(),
            big_integer("begins_at").default(0).take(),
            big_integer("ends_at").default(0).take(),
        ] {
            let statement = Table::alter().table("mou").add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        let days = "UPDATE mou SET begins_at = effective_on * 86400000000, ends_at = (expires_on + 1) * 86400000000";
        manager.get_connection().execute_unprepared(days).await?;
        Ok(())
    }
}
