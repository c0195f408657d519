//! Indexes by which an ending touches what it ends and nothing else, and by which the sweeps find what is over.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct BoundEndings;

#[async_trait::async_trait]
impl MigrationTrait for BoundEndings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in [
            "CREATE INDEX consent_following ON consent (supersedes, discloser_id) WHERE supersedes IS NOT NULL",
            // Two columns each: without statistics, SQLite takes the index that more of the conditions fit.
            "DROP INDEX consent_of_survivor",
            "CREATE INDEX consent_of_survivor ON consent (survivor_id, discloser_id, id DESC)",
            "DROP INDEX referral_of_survivor",
            "CREATE INDEX referral_of_survivor ON referral (survivor_id, sender_id)",
            "CREATE INDEX mandated_disclosure_of_survivor ON mandated_disclosure (survivor_id, agency_id, id)",
            "CREATE INDEX token_state_of_application ON token_state (application_id, expires_at) WHERE application_id IS NOT NULL",
            "CREATE INDEX token_state_exchanged ON token_state (agency_id) WHERE parent IS NOT NULL",
            "CREATE INDEX idempotency_age ON idempotency (created_at)",
            "CREATE INDEX notice_seen ON notice (seen_at) WHERE seen_at IS NOT NULL",
            "CREATE INDEX application_secret_ended ON application_secret (ends_at) WHERE ends_at IS NOT NULL",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
