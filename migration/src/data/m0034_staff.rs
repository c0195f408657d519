//! People of an agency's whose tokens it ended, with an index of what each of them did; and the endings that are new.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, uuid};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct AddStaff;

/// The events by which the sharing epoch moves on.
const ENDINGS: &str = "CREATE INDEX audit_event_ending ON audit_event (recorded_at, id) \
     WHERE kind IN ('AGENCY_SUSPENDED', 'AGENCY_REINSTATED', 'APPLICATION_SUSPENDED', 'ISSUER_SUSPENDED', \
     'ISSUER_REINSTATED', 'SUBJECT_ENDED', 'SUBJECT_REINSTATED', 'SIGNING_KEY_RETIRED', 'TOKEN_REVOKED', \
     'CONSENT_REVOKED', 'CONSENT_SUPERSEDED', 'CONSENT_ENTERED_IN_ERROR', 'SURVIVOR_ERASED', 'LEDGER_REOPENED')";

#[async_trait::async_trait]
impl MigrationTrait for AddStaff {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let ended = Table::create()
            .table("ended_subject")
            .col(uuid("agency_id"))
            .col(string("subject"))
            .col(big_integer("ended_at"))
            .col(big_integer_null("reinstated_at"))
            .primary_key(Index::create().col("agency_id").col("subject"))
            .foreign_key(
                ForeignKey::create()
                    .from("ended_subject", "agency_id")
                    .to("agency", "id"),
            )
            .to_owned();
        manager.create_table(ended).await?;
        // The leaf's `subject` up to its first quotation mark: cheap to cut out, also of a leaf that is damaged.
        let subject = if manager.get_database_backend() == DbBackend::Postgres {
            r#"split_part(split_part(leaf, '"subject":"', 2), '"', 1) COLLATE "C""#
        } else {
            r#"substr(leaf, instr(leaf, '"subject":"') + 11, instr(substr(leaf, instr(leaf, '"subject":"') + 11), '"') - 1)"#
        };
        let of_subject = format!(
            "CREATE INDEX audit_event_of_subject ON audit_event (agency_id, ({subject}), id DESC) WHERE agency_id IS NOT NULL"
        );
        for statement in ["DROP INDEX audit_event_ending", ENDINGS, &of_subject] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}
