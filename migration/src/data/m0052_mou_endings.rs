//! What ends by an MOU is found with all that ends sharing: in a copy from before it is ended once more.

use sea_orm_migration::prelude::*;

/// The index of the events by which the sharing epoch moves on, of an MOU too.
const ENDINGS: &str = "CREATE INDEX audit_event_ending ON audit_event (recorded_at, id) \
     WHERE kind IN ('AGENCY_SUSPENDED', 'AGENCY_REINSTATED', 'APPLICATION_SUSPENDED', \
     'ISSUER_SUSPENDED', 'ISSUER_REINSTATED', 'SUBJECT_ENDED', 'SUBJECT_REINSTATED', 'SIGNING_KEY_RETIRED', 'TOKEN_REVOKED', 'CONSENT_REVOKED', 'CONSENT_SUPERSEDED', \
     'CONSENT_ENTERED_IN_ERROR', 'SURVIVOR_ERASED', 'MOU_SUSPENDED', 'MOU_REINSTATED', 'MOU_TERMINATED', 'MOU_LEFT', 'MOU_SUPERSEDED', \
     'LEDGER_REOPENED')";

#[derive(DeriveMigrationName)]
pub(crate) struct JournalMouEndings;

#[async_trait::async_trait]
impl MigrationTrait for JournalMouEndings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in ["DROP INDEX audit_event_ending", ENDINGS] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
