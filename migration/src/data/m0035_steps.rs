//! Which side did to a referral what was done to it last, where both may; and which earlier one a referral takes up again.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_null, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct AddSteps;

#[async_trait::async_trait]
impl MigrationTrait for AddSteps {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [string_null("last_action_side"), uuid_null("reopens")] {
            let add = Table::alter()
                .table("referral")
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
