//! Calendars of MOUs' days, each opened by a secret; one that was revoked is revoked once more in an older copy.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateMouCalendars;

/// The index of the events by which the sharing epoch moves on, of a calendar that was revoked too.
const ENDINGS: &str = "CREATE INDEX audit_event_ending ON audit_event (recorded_at, id) \
     WHERE kind IN ('AGENCY_SUSPENDED', 'AGENCY_REINSTATED', 'APPLICATION_SUSPENDED', \
     'ISSUER_SUSPENDED', 'ISSUER_REINSTATED', 'SUBJECT_ENDED', 'SUBJECT_REINSTATED', 'SIGNING_KEY_RETIRED', 'TOKEN_REVOKED', 'CONSENT_REVOKED', 'CONSENT_SUPERSEDED', \
     'CONSENT_ENTERED_IN_ERROR', 'SURVIVOR_ERASED', 'MOU_SUSPENDED', 'MOU_REINSTATED', 'MOU_TERMINATED', 'MOU_LEFT', 'MOU_SUPERSEDED', \
     'TASK_FORCE_LEFT', 'MOU_CALENDAR_REVOKED', 'LEDGER_REOPENED')";

#[async_trait::async_trait]
impl MigrationTrait for CreateMouCalendars {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(calendars()).await?;
        let connection = manager.get_connection();
        for statement in [
            "CREATE UNIQUE INDEX mou_calendar_hash ON mou_calendar (hash)",
            "CREATE INDEX mou_calendar_of_agency ON mou_calendar (agency_id, id)",
            "DROP INDEX audit_event_ending",
            ENDINGS,
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

fn calendars() -> TableCreateStatement {
    let to = |column: &'static str, table: &'static str| {
        ForeignKey::create()
            .from("mou_calendar", column)
            .to(table, "id")
            .to_owned()
    };
    Table::create()
        .table("mou_calendar")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string("subject"))
        .col(uuid_null("task_force_id"))
        .col(string("hash"))
        .col(uuid_null("application_id"))
        .col(uuid_null("issuer_id"))
        .col(big_integer("created_at"))
        .col(big_integer_null("revoked_at"))
        .foreign_key(&mut to("agency_id", "agency"))
        .foreign_key(&mut to("task_force_id", "task_force"))
        .to_owned()
}
