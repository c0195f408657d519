//! When a referral was completed, when its outcome was said last, and what was said of it before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, json_null};

#[derive(DeriveMigrationName)]
pub(crate) struct AddOutcomes;

#[async_trait::async_trait]
impl MigrationTrait for AddOutcomes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null("outcome_at"),
            big_integer_null("completed_at"),
            json_null("earlier_outcomes"),
        ] {
            let add = Table::alter()
                .table("referral")
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        // Until now an outcome was said once, when the referral was completed.
        let completed = "UPDATE referral SET outcome_at = updated_at, completed_at = updated_at WHERE status = 'COMPLETED'";
        manager
            .get_connection()
            .execute_unprepared(completed)
            .await?;
        Ok(())
    }
}
