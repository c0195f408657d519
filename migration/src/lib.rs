//! Concord's database, one step a file, for SQLite and PostgreSQL alike. No sample data.
//!
//! Two stores have a migrator each: the data store ([`Data`]) and the keyring ([`Keyring`]), whose backups are
//! kept for a much shorter time and which is therefore never in the same file or schema.

mod data;
mod keyring;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// The steps of the data store.
pub struct Data;

impl MigratorTrait for Data {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        whole(vec![
            Box::new(data::m0001_agencies::CreateAgencies),
            Box::new(data::m0002_consents_and_mous::CreateConsentsAndMous),
            Box::new(data::m0003_referrals::CreateReferrals),
            Box::new(data::m0004_audit::CreateAudit),
            Box::new(data::m0005_access::CreateAccess),
            Box::new(data::m0006_token_keys::CreateTokenKeys),
            Box::new(data::m0007_trusted_issuers::CreateTrustedIssuers),
            Box::new(data::m0008_lawful_consents::AddLawfulConsents),
            Box::new(data::m0009_consent_documents::CreateConsentDocuments),
            Box::new(data::m0010_endings::AddEndings),
            Box::new(data::m0011_contacts_and_mandates::CreateContactsAndMandates),
            Box::new(data::m0012_key_versions::AddKeyVersions),
            Box::new(data::m0013_audit_places::CreateAuditPlaces),
            Box::new(data::m0014_bounded_endings::BoundEndings),
            Box::new(data::m0015_store_identity::CreateStoreIdentity),
            Box::new(data::m0016_legal_holds::CreateLegalHolds),
            Box::new(data::m0017_journaled_endings::IndexEndings),
            Box::new(data::m0018_grants::PairGrants),
            Box::new(data::m0019_idempotency::ForgetPlainHashes),
            Box::new(data::m0020_last_verbs::AddLastVerbs),
            Box::new(data::m0021_time_zones::AddTimeZones),
            Box::new(data::m0022_suspended_consents::AddSuspensions),
            Box::new(data::m0023_age_groups::AddAgeGroups),
            Box::new(data::m0024_several_signers::AddSeveralSigners),
            Box::new(data::m0025_memberships::SuspendMemberships),
            Box::new(data::m0026_mou_days::AddMouDays),
            Box::new(data::m0027_outcomes::AddOutcomes),
            Box::new(data::m0028_names::CompareNames),
            Box::new(data::m0030_browsers::AddBrowsers),
            Box::new(data::m0031_registrars::AddRegistrars),
            Box::new(data::m0032_issuer_terms::AddIssuerTerms),
            Box::new(data::m0033_ending_allowance::AddEndingAllowance),
            Box::new(data::m0034_staff::AddStaff),
            Box::new(data::m0035_steps::AddSteps),
            Box::new(data::m0036_listing::OrderBoxes),
            Box::new(data::m0037_feed::AddFeed),
            Box::new(data::m0038_links::IndexStandingConsents),
            Box::new(data::m0039_answer_days::AddAnswerDays),
            Box::new(data::m0040_assignees::AddAssignees),
            Box::new(data::m0041_timelines::IndexTimelines),
            Box::new(data::m0042_past_facts::KeepPastFacts),
            Box::new(data::m0043_statistics::AddStatistics),
            Box::new(data::m0044_notes::CreateNotes),
            Box::new(data::m0045_mou_life::LiveMous),
            Box::new(data::m0047_register::OrderRegister),
            Box::new(data::m0048_mou_imports::CreateMouImports),
            Box::new(data::m0049_partnerships::CreatePartnerships),
            Box::new(data::m0050_agencies_change::ChangeAgencies),
            Box::new(data::m0051_mou_reminders::RemindOfMous),
            Box::new(data::m0052_mou_endings::JournalMouEndings),
            Box::new(data::m0053_promises::PromiseServices),
            Box::new(data::m0055_mou_documents::CreateMouDocuments),
            Box::new(data::m0056_left_places::JournalLeaving),
            Box::new(data::m0057_mou_calendars::CreateMouCalendars),
            Box::new(data::m0058_complete_mous::CompleteMous),
            Box::new(data::m0059_cosignatures::CreateCosignatures),
            Box::new(data::m0060_ledger_reopenings::CreateLedgerReopenings),
            Box::new(data::m0061_audit_reviews::ReviewAudits),
        ])
    }
}

/// The steps of the keyring.
pub struct Keyring;

impl MigratorTrait for Keyring {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        whole(vec![
            Box::new(keyring::m0001_keys::CreateKeys),
            Box::new(keyring::m0002_document_keys::CreateDocumentKeys),
            Box::new(keyring::m0003_record_keys::CreateRecordKeys),
            Box::new(keyring::m0004_witness::CreateWitness),
            Box::new(keyring::m0005_versions::AddVersions),
            Box::new(keyring::m0006_witnessed_time::AddWitnessedTime),
            Box::new(keyring::m0007_keyring_identity::CreateKeyringIdentity),
            Box::new(keyring::m0008_witnessed_history::AddWitnessedHistory),
            Box::new(keyring::m0009_kek_ids::AddKekIds),
        ])
    }
}

/// Has each step made whole or not at all. PostgreSQL does so by itself; SQLite, interrupted, would otherwise be left with half
/// of a step, which no later start could finish.
fn whole(steps: Vec<Box<dyn MigrationTrait>>) -> Vec<Box<dyn MigrationTrait>> {
    let mut whole: Vec<Box<dyn MigrationTrait>> = Vec::new();
    for step in steps {
        whole.push(Box::new(WholeStep(step)));
    }
    whole
}

struct WholeStep(Box<dyn MigrationTrait>);

impl MigrationName for WholeStep {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WholeStep {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }
}
