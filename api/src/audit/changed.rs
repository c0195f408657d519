//! Which records an event changed, so that whoever synchronises is told. Pure: from what its leaf names alone.
//!
//! Whom it is told to, the records themselves say when the event gets its place ([`change_feed`](super::change_feed)): the
//! parties of a referral, of a consent and of an MOU. With a consent, the referrals that stand on it are told of as well:
//! its end suspends them, and its signature lets them be sent; and so with an MOU, which halts those that are open. What time
//! alone does, no event records.

use std::str::FromStr;

use concord_entities::ids::{AgencyId, ConsentId, MouId, NoticeId, ReferralId};
use concord_entities::vocabulary::AuditType;
use serde::{Deserialize, Serialize};

/// A record that an event changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangedRecord {
    /// A referral.
    Referral(ReferralId),
    /// A consent, and with it the referrals that stand on it.
    Consent(ConsentId),
    /// A consent, in what its discloser alone is told.
    ConsentOfDiscloser(ConsentId),
    /// An MOU.
    Mou(MouId),
    /// An MOU, and with it the open referrals that stand on it.
    MouAndReferrals(MouId),
    /// A notice.
    Notice(NoticeId),
    /// An agency, of which notices alone tell.
    Agency(AgencyId),
}

/// Lists the records that an event of this kind changed, whose leaf names this `object`, or these many. A new kind of event
/// says here which.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "a table of every kind of event, which a new kind does not get past"
)]
pub fn by(kind: AuditType, object: Option<&str>, objects: &[String]) -> Vec<ChangedRecord> {
    match kind {
        AuditType::ReferralDrafted
        | AuditType::ReferralDraftEdited
        | AuditType::ReferralDraftDiscarded
        | AuditType::ReferralSent
        | AuditType::ReferralAccepted
        | AuditType::ReferralRejected
        | AuditType::ReferralCompleted
        | AuditType::ReferralOutcomeCorrected
        | AuditType::ReferralContinued
        | AuditType::ReferralStarted
        | AuditType::ReferralHeld
        | AuditType::ReferralResumed
        | AuditType::ReferralFailed
        | AuditType::ReferralAssigned
        | AuditType::ReferralCancelled
        | AuditType::ReferralEnteredInError
        | AuditType::ReferralExpires
        | AuditType::ReferralExpired
        | AuditType::ReferralNoteAdded
        | AuditType::ReferralNoteAttached => one(object, ChangedRecord::Referral),
        AuditType::ConsentDrafted
        | AuditType::ConsentDraftEdited
        | AuditType::ConsentDraftDiscarded
        | AuditType::ConsentSigned
        | AuditType::ConsentRevoked
        | AuditType::ConsentSuperseded
        | AuditType::ConsentEnteredInError
        | AuditType::ConsentSuspensionSet
        | AuditType::ConsentSuspensionLifted => one(object, ChangedRecord::Consent),
        AuditType::ConsentObjectedTo | AuditType::ConsentDocumentStored => {
            one(object, ChangedRecord::ConsentOfDiscloser)
        }
        AuditType::SurvivorErased => many(objects, ChangedRecord::Consent),
        AuditType::MouDrafted
        | AuditType::MouOffered
        | AuditType::MouDeclined
        | AuditType::MouReviewConfirmed
        | AuditType::MouDocumentStored
        | AuditType::MouReviewNears
        | AuditType::MouEndNears
        | AuditType::MouSuperseded => one(object, ChangedRecord::Mou),
        // What was sent under the version before stands on a version that the last party signed.
        AuditType::MouSigned
        | AuditType::MouSuspended
        | AuditType::MouReinstated
        | AuditType::MouTerminated
        | AuditType::MouLeft => one(object, ChangedRecord::MouAndReferrals),
        AuditType::NoticeSeen => one(object, ChangedRecord::Notice),
        AuditType::AgencySuspended | AuditType::AgencyReinstated | AuditType::TaskForceLeft => {
            one(object, ChangedRecord::Agency)
        }
        AuditType::AgencyRegistered
        | AuditType::AgencyTimeZoneSet
        | AuditType::AgencyAnswerDaysSet
        | AuditType::AgencyVetted
        | AuditType::AgencyRenamed
        | AuditType::CoordinationHandedOver
        | AuditType::MouCalendarCreated
        | AuditType::MouCalendarRevoked
        | AuditType::PartnershipStepRecorded
        | AuditType::PartnershipAnswered
        | AuditType::StaffTrainingRecorded
        | AuditType::TaskForceTimeZoneSet
        | AuditType::ApplicationRegistered
        | AuditType::ApplicationSecretRotated
        | AuditType::ApplicationKeysReplaced
        | AuditType::ApplicationOriginsReplaced
        | AuditType::TrustedDocumentsAdded
        | AuditType::TrustedDocumentsRemoved
        | AuditType::TrustedDocumentsLifted
        | AuditType::ApplicationSuspended
        | AuditType::SurvivorRegistered
        | AuditType::SurvivorCorrected
        | AuditType::SafeContactSet
        | AuditType::SafeContactRead
        | AuditType::ContactAdvised
        | AuditType::MandatedDisclosureRecorded
        | AuditType::LegalHoldRecorded
        | AuditType::LegalHoldReleased
        | AuditType::LegalHoldOverridden
        | AuditType::RulePackBound
        | AuditType::RulePackUnbound
        | AuditType::ConsentDocumentRead
        | AuditType::MouDocumentRead
        | AuditType::RecordsListed
        | AuditType::PackageRead
        | AuditType::AuditExported
        | AuditType::AuditRead
        | AuditType::CommandGiven
        | AuditType::AuditReviewOpened
        | AuditType::AuditEventFlagged
        | AuditType::AuditReviewConcluded
        | AuditType::LedgerReopened
        | AuditType::KeyringMoved
        | AuditType::StoresAccepted
        | AuditType::TokenIssued
        | AuditType::TokenExchanged
        | AuditType::TokenRevoked
        | AuditType::SubjectEnded
        | AuditType::SubjectReinstated
        | AuditType::TokenRefused
        | AuditType::ClientRefused
        | AuditType::SigningKeyRotated
        | AuditType::SigningKeyRetired
        | AuditType::KekRotated
        | AuditType::IssuerTrusted
        | AuditType::IssuerRefreshed
        | AuditType::IssuerSuspended
        | AuditType::IssuerReinstated
        | AuditType::AccessDenied
        // What is one agency's alone: the feed tells both sides of a referral.
        | AuditType::ReferralNoteKept
        | AuditType::ReferralNoteAttachmentKept => Vec::new(),
    }
}

fn one<T: FromStr>(id: Option<&str>, kind: fn(T) -> ChangedRecord) -> Vec<ChangedRecord> {
    let id = id.and_then(|id| id.parse().ok());
    id.map(kind).into_iter().collect()
}

fn many<T: FromStr>(ids: &[String], kind: fn(T) -> ChangedRecord) -> Vec<ChangedRecord> {
    let ids = ids.iter().filter_map(|id| id.parse().ok());
    ids.map(kind).collect()
}

/// Returns how changed records wait beside their event; none where there are none.
///
/// # Errors
/// Where they cannot be written as JSON, which all can.
pub fn written(changed: &[ChangedRecord]) -> Result<Option<String>, serde_json::Error> {
    if changed.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(changed).map(Some)
}

/// Reads what waits beside an event.
///
/// # Errors
/// Where it is not what was written.
pub fn read(written: &str) -> Result<Vec<ChangedRecord>, serde_json::Error> {
    serde_json::from_str(written)
}
