//! What the parties of an MOU say of it once it is signed: that they halt it, end it, leave it, reviewed it; each for itself.
//! An MOU may be open-ended, and a notice may end it before its last day.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, boolean, integer_null, string_null, text_null};
use sea_orm_migration::sea_orm::DbBackend;

use super::m0042_past_facts::Decisive;

#[derive(DeriveMigrationName)]
pub(crate) struct LiveMous;

#[async_trait::async_trait]
impl MigrationTrait for LiveMous {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("mou", boolean("open_ended").default(false).take()),
            ("mou", integer_null("terminates_on")),
            ("mou_party", string_null("authority")),
            ("mou_party", big_integer_null("suspended_at")),
            ("mou_party", text_null("suspension_reason")),
            ("mou_party", big_integer_null("reinstated_at")),
            ("mou_party", big_integer_null("ended_at")),
            ("mou_party", text_null("end_reason")),
            ("mou_party", boolean("breach").default(false).take()),
            ("mou_party", big_integer_null("leaves_at")),
            ("mou_party", integer_null("reviewed_for")),
            ("mou_party_past", big_integer_null("leaves_at")),
        ] {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        self.keep_when_parties_leave(manager).await
    }
}

impl LiveMous {
    /// Has the database keep from when a party was to be none, beside whether it had signed.
    async fn keep_when_parties_leave(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let before = if backend == DbBackend::Postgres {
            "DROP TRIGGER mou_party_past_kept ON mou_party"
        } else {
            "DROP TRIGGER mou_party_past_kept"
        };
        let database = manager.get_connection();
        database.execute_unprepared(before).await?;
        let parties = Decisive {
            table: "mou_party",
            key: vec!["mou_id", "agency_id"],
            columns: vec![big_integer_null("signed_at"), big_integer_null("leaves_at")],
        };
        for statement in parties.triggers(backend) {
            database.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}
