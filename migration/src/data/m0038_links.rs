//! Consents that nobody ended, apart from those that were: what is looked for by a status that dates decide.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct IndexStandingConsents;

const STANDING: &str =
    "revoked_at IS NULL AND superseded_at IS NULL AND entered_in_error_at IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for IndexStandingConsents {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in [
            format!(
                "CREATE INDEX consent_given_standing ON consent (discloser_id, id DESC) WHERE {STANDING}"
            ),
            format!(
                "CREATE INDEX consent_received_standing ON consent (recipient_id, id DESC) \
                 WHERE signed_at IS NOT NULL AND {STANDING}"
            ),
        ] {
            manager
                .get_connection()
                .execute_unprepared(&statement)
                .await?;
        }
        Ok(())
    }
}
