//! How old a person is, as far as it decides who signs, and from when a minor is an adult.
//!
//! Until now an agency had to say whether a person was a minor: whoever it said was none is an adult.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer_null, string};

#[derive(DeriveMigrationName)]
pub(crate) struct AddAgeGroups;

#[async_trait::async_trait]
impl MigrationTrait for AddAgeGroups {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            string("age_group").default("UNKNOWN").take(),
            integer_null("minor_until"),
        ] {
            let statement = Table::alter()
                .table("survivor")
                .add_column(column)
                .to_owned();
            manager.alter_table(statement).await?;
        }
        let said = "UPDATE survivor SET age_group = CASE WHEN minor THEN 'MINOR' ELSE 'ADULT' END";
        manager.get_connection().execute_unprepared(said).await?;
        let drop = Table::alter()
            .table("survivor")
            .drop_column("minor")
            .to_owned();
        manager.alter_table(drop).await
    }
}
