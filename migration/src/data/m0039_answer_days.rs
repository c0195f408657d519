//! Within how many days each agency answers, and when both sides of a referral are told next that it is not answered.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer};

#[derive(DeriveMigrationName)]
pub(crate) struct AddAnswerDays;

#[async_trait::async_trait]
impl MigrationTrait for AddAnswerDays {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("agency", integer("answer_days").default(30).take()),
            ("referral", big_integer_null("tell_at")),
        ] {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        let database = manager.get_connection();
        for statement in [
            // What waits for an answer now: both sides are told of it, also where it is late for that.
            "UPDATE referral SET tell_at = expires_at - (expires_at - sent_at) / 4 WHERE status = 'REQUESTED'",
            "CREATE INDEX referral_to_tell ON referral (tell_at) WHERE tell_at IS NOT NULL",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
