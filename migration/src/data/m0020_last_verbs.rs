//! What was done last to a referral, and by whom to an agency's standing: by it, a verb that is repeated is known.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_null, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct AddLastVerbs;

#[async_trait::async_trait]
impl MigrationTrait for AddLastVerbs {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("referral", string_null("last_action")),
            ("agency", uuid_null("standing_set_by")),
        ] {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        // What was continued cannot be told from what was sent: it is taken as sent.
        let told = "UPDATE referral SET last_action = CASE status WHEN 'REQUESTED' THEN 'SEND' \
             WHEN 'ACCEPTED' THEN 'ACCEPT' WHEN 'REJECTED' THEN 'REJECT' WHEN 'COMPLETED' THEN 'COMPLETE' END";
        manager.get_connection().execute_unprepared(told).await?;
        Ok(())
    }
}
