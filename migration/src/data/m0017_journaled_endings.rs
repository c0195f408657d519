//! An index by which a server finds what ended since it last looked, to remember it apart from the data.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct IndexEndings;

#[async_trait::async_trait]
impl MigrationTrait for IndexEndings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Endings are few among the events, so that reads and their events do not feel it.
        let index = "CREATE INDEX audit_event_ending ON audit_event (recorded_at, id) \
             WHERE kind IN ('AGENCY_SUSPENDED', 'AGENCY_REINSTATED', 'APPLICATION_SUSPENDED', \
             'ISSUER_SUSPENDED', 'SIGNING_KEY_RETIRED', 'TOKEN_REVOKED', 'CONSENT_REVOKED', 'CONSENT_SUPERSEDED', \
             'CONSENT_ENTERED_IN_ERROR', 'SURVIVOR_ERASED', 'LEDGER_REOPENED')";
        manager
            .get_connection()
            .execute_unprepared(index)
            .await
            .map(|_| ())
    }
}
