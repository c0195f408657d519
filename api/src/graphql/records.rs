//! The kinds of record that have a scope of their own, and what each operation asks for.
//!
//! A record is read by the scope of its kind wherever an operation reaches it: at the root, through another record, a page
//! or an answer. What only names a record asks for nothing: an agency's name, a program's, and the id of what a mutation
//! answers.

use concord_entities::ids::{
    AgencyId, ApplicationId, AuditEventId, AuditReviewId, ConsentId, LegalHoldId, MandateId,
    MouCalendarId, MouId, NoticeId, PartnershipId, ReferralId, ReferralNoteId, RulePackId,
    SurvivorId, TaskForceId,
};

use crate::access::grant::{RequiredScope, Resource};

/// A kind of record.
#[derive(Clone, Copy, Debug)]
pub struct RecordKindScope {
    /// Its type in the schema.
    pub name: &'static str,
    /// The prefix of its ids.
    pub prefix: &'static str,
    /// What its scopes speak of.
    pub resource: Resource,
    /// The fields by which another record names it.
    pub naming: &'static [&'static str],
}

const fn kind(
    name: &'static str,
    prefix: &'static str,
    resource: Resource,
    naming: &'static [&'static str],
) -> RecordKindScope {
    RecordKindScope {
        name,
        prefix,
        resource,
        naming,
    }
}

/// Every type of the schema that has an id of its own.
pub const RECORD_KINDS: [RecordKindScope; 16] = [
    kind(
        "Agency",
        AgencyId::PREFIX,
        Resource::Directory,
        &["id", "name", "kind"],
    ),
    kind(
        "Application",
        ApplicationId::PREFIX,
        Resource::Agency,
        &["id", "name"],
    ),
    kind("AuditEvent", AuditEventId::PREFIX, Resource::Audit, &[]),
    kind("AuditReview", AuditReviewId::PREFIX, Resource::Audit, &[]),
    kind("Consent", ConsentId::PREFIX, Resource::Consent, &[]),
    kind("LegalHold", LegalHoldId::PREFIX, Resource::Survivor, &[]),
    kind(
        "MandatedDisclosure",
        MandateId::PREFIX,
        Resource::Survivor,
        &[],
    ),
    kind("Mou", MouId::PREFIX, Resource::Mou, &[]),
    kind("MouCalendar", MouCalendarId::PREFIX, Resource::Mou, &[]),
    kind("Notice", NoticeId::PREFIX, Resource::Consent, &[]),
    kind("Partnership", PartnershipId::PREFIX, Resource::Mou, &[]),
    kind("Referral", ReferralId::PREFIX, Resource::Referral, &[]),
    kind(
        "ReferralNote",
        ReferralNoteId::PREFIX,
        Resource::Referral,
        &[],
    ),
    kind("RulePack", RulePackId::PREFIX, Resource::Agency, &[]),
    kind("Survivor", SurvivorId::PREFIX, Resource::Survivor, &[]),
    kind("TaskForce", TaskForceId::PREFIX, Resource::Directory, &[]),
];

/// What leads to no record and tells as much of a person as one.
const GUARDED_FIELDS: [(&str, &str, RequiredScope); 4] = [
    ("Survivor", "accounting", Resource::Survivor.read()),
    ("Survivor", "accountingStatement", Resource::Survivor.read()),
    ("Survivor", "safeContact", Resource::Survivor.read()),
    ("Revocation", "disclosed", Resource::Survivor.read()),
];

/// What each field of the root asks for. A query that leads to a record or to a page of records asks for the scope of
/// their kind and is not named here, and `viewer` asks for none.
const OPERATIONS: [(&str, RequiredScope); 80] = [
    ("auditCheckpoint", Resource::Audit.read()),
    ("contactNow", Resource::Survivor.read()),
    ("coverage", Resource::Mou.search()),
    ("lintConsent", Resource::Consent.read()),
    ("consentEffects", Resource::Consent.read()),
    ("mailbox", Resource::Referral.search()),
    ("mouTemplates", Resource::Mou.create()),
    ("referralStatistics", Resource::Mou.search()),
    ("acceptReferral", Resource::Referral.update()),
    ("addReferralNote", Resource::Referral.update()),
    ("addTrustedDocuments", Resource::Agency.update()),
    ("amendMou", Resource::Mou.create()),
    ("assignReferral", Resource::Referral.update()),
    ("bindRulePack", Resource::Agency.update()),
    ("cancelReferral", Resource::Referral.update()),
    ("completeReferral", Resource::Referral.update()),
    ("concludeAuditReview", Resource::Audit.update()),
    ("confirmMouReview", Resource::Mou.update()),
    ("continueReferral", Resource::Referral.update()),
    ("correctReferralOutcome", Resource::Referral.update()),
    ("correctSurvivor", Resource::Survivor.update()),
    ("createMouCalendar", Resource::Mou.search()),
    ("declineMou", Resource::Mou.update()),
    ("discardConsentDraft", Resource::Consent.update()),
    ("discardReferralDraft", Resource::Referral.update()),
    ("draftConsent", Resource::Consent.create()),
    ("draftConsentFrom", Resource::Consent.create()),
    ("draftMou", Resource::Mou.create()),
    ("draftReferral", Resource::Referral.create()),
    ("editConsentDraft", Resource::Consent.update()),
    ("editReferralDraft", Resource::Referral.update()),
    ("endSubject", Resource::Agency.delete()),
    ("eraseSurvivor", Resource::Survivor.delete()),
    ("failReferral", Resource::Referral.update()),
    ("flagAuditEvent", Resource::Audit.update()),
    ("handOverCoordination", Resource::Agency.update()),
    ("holdReferral", Resource::Referral.update()),
    ("leaveMou", Resource::Mou.update()),
    ("leaveTaskForce", Resource::Agency.delete()),
    ("markConsentEnteredInError", Resource::Consent.update()),
    ("markNoticeSeen", Resource::Consent.read()),
    ("markReferralEnteredInError", Resource::Referral.update()),
    ("objectToConsent", Resource::Consent.update()),
    ("offerMou", Resource::Mou.update()),
    ("openAuditReview", Resource::Audit.create()),
    ("recordLegalHold", Resource::Survivor.update()),
    ("recordMandatedDisclosure", Resource::Survivor.update()),
    ("recordPartnershipStep", Resource::Mou.update()),
    ("recordStaffTraining", Resource::Agency.update()),
    ("registerAgency", Resource::Agency.create()),
    ("registerApplication", Resource::Agency.create()),
    ("registerSurvivor", Resource::Survivor.create()),
    ("reinstateMembership", Resource::Agency.update()),
    ("reinstateMou", Resource::Mou.update()),
    ("reinstateSubject", Resource::Agency.update()),
    ("rejectReferral", Resource::Referral.update()),
    ("releaseLegalHold", Resource::Survivor.update()),
    ("removeTrustedDocuments", Resource::Agency.update()),
    ("renameAgency", Resource::Agency.update()),
    ("renewConsent", Resource::Consent.create()),
    ("renewMou", Resource::Mou.create()),
    ("replaceApplicationKeys", Resource::Agency.update()),
    ("replaceApplicationOrigins", Resource::Agency.update()),
    ("resumeReferral", Resource::Referral.update()),
    ("revokeConsent", Resource::Consent.update()),
    ("revokeMouCalendar", Resource::Mou.search()),
    ("revokeToken", Resource::Agency.delete()),
    ("rotateApplicationSecret", Resource::Agency.update()),
    ("sendReferral", Resource::Referral.update()),
    ("setAnswerDays", Resource::Referral.update()),
    ("setSafeContact", Resource::Survivor.update()),
    ("signConsent", Resource::Consent.update()),
    ("signMou", Resource::Mou.update()),
    ("startReferral", Resource::Referral.update()),
    ("suspendApplication", Resource::Agency.update()),
    ("suspendMembership", Resource::Agency.update()),
    ("suspendMou", Resource::Mou.update()),
    ("terminateMou", Resource::Mou.update()),
    ("unbindRulePack", Resource::Agency.update()),
    ("vetAgency", Resource::Agency.update()),
];

/// Returns the kind of record that a type of the schema is.
#[must_use]
pub fn record_kind(ty: &str) -> Option<&'static RecordKindScope> {
    RECORD_KINDS.iter().find(|kind| kind.name == ty)
}

/// Returns what a field asks for that leads to no record.
pub(super) fn guarded_field(parent: &str, field: &str) -> Option<RequiredScope> {
    let mut fields = GUARDED_FIELDS.iter();
    let (_, _, scope) = fields.find(|(ty, name, _)| (*ty, *name) == (parent, field))?;
    Some(*scope)
}

/// Returns what an operation asks for, where [`OPERATIONS`] names it.
pub(super) fn operation_scope(field: &str) -> Option<RequiredScope> {
    let mut operations = OPERATIONS.iter();
    let (_, scope) = operations.find(|(name, _)| *name == field)?;
    Some(*scope)
}
