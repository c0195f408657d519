//! Who of the recipient's people took a referral on.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

#[derive(DeriveMigrationName)]
pub(crate) struct AddAssignees;

#[async_trait::async_trait]
impl MigrationTrait for AddAssignees {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("referral")
            .add_column(string_null("assignee"))
            .to_owned();
        manager.alter_table(add).await
    }
}
