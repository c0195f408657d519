//! What a selection is charged, in units of about a microsecond of the service's processor time.
//!
//! `tests/authority/charged.rs` measures what each operation takes beside what it is charged. A new operation needs no price
//! of its own unless it does more than others of its kind.

use apollo_compiler::executable::{Field, OperationType};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::records::record_kind;

/// What every request is charged, whatever comes of it: its token, its document and its answer.
pub const REQUEST: u64 = 300;
/// A field of the root of a query: a statement or two, and an audit event.
pub const QUERY: u64 = 700;
/// A field of the root of a mutation: what it judges, writes and records.
const MUTATION: u64 = 900;
/// A record that a field leads to.
const RECORD: u64 = 1;
/// How many values of the answer come to one unit.
pub const VALUES_A_UNIT: u64 = 4;

/// A package: the decision, what is unsealed, and an audit event that names each category.
pub const PACKAGE: u64 = 80;
/// What is dearer than its kind: the fields of a type, and what each is charged.
const DEARER: [(&str, &[&str], u64); 19] = [
    ("Referral", &["package", "preview"], PACKAGE),
    // What is read beside the page, for all of its entries.
    ("Referral", &["actions", "consent", "mou"], 10),
    // All that it stands on, as it was at a moment.
    ("Referral", &["explainAccess"], 60),
    // A statement and an audit event of its own.
    ("Agency", &["formerNames", "staffTraining", "vetting"], 700),
    // A walk along an index for each box and status.
    ("Agency", &["leftBehind"], 1_500),
    // A statement and an audit event of its own.
    ("Referral", &["timeline"], 700),
    ("ReferralNote", &["content"], 700),
    ("Mou", &["changes", "history", "supersedes"], 700),
    // Every MOU of the task force is counted.
    ("Mou", &["impact"], 10_000),
    // A statement of its own.
    ("Mou", &["obligations"], 100),
    // Every disclosure of the person is read.
    ("Survivor", &["accountingStatement"], 3_000),
    // As many entries as are counted.
    ("ReferralConnection", &["totalCount"], 400),
    // Every MOU of the task force is counted.
    ("Query", &["coverage"], 10_000),
    // A month that nobody asked for yet is counted.
    ("Query", &["referralStatistics"], 2_000),
    // The hashes beside the path from a leaf to the root.
    ("AuditEvent", &["proof"], 60),
    // A statement or two and an audit event of its own.
    ("AuditReview", &["accessChanges", "events", "flags"], 700),
    // Thousands of events are looked at.
    ("AuditReview", &["signals"], 10_000),
    // What is judged, and sealed anew.
    ("Mutation", &["continueReferral"], 1_500),
    // What ends or begins again, after every read that is on its way; keys are destroyed for it.
    ("Mutation", ENDINGS, 2_700),
];
const ENDINGS: &[&str] = &[
    "confirmMouReview",
    "endSubject",
    "eraseSurvivor",
    "leaveMou",
    "leaveTaskForce",
    "markConsentEnteredInError",
    "reinstateMembership",
    "reinstateMou",
    "reinstateSubject",
    "revokeConsent",
    "revokeMouCalendar",
    "revokeToken",
    "suspendApplication",
    "suspendMembership",
    "suspendMou",
    "terminateMou",
];
/// The records that are dearer than others.
const DEARER_RECORDS: [(&str, u64); 1] = [
    // Its row is the widest.
    ("AuditEvent", 8),
];

/// The fields under which a page has its entries.
pub const PAGE_ENTRIES: [&str; 2] = ["edges", "nodes"];
/// How many entries a list is taken to have that is no page.
const LIST: u64 = 4;
/// The lists that usually have more.
const LONGER: [(&str, &str, u64); 8] = [
    ("AccountingStatement", "lines", 20),
    ("TaskForce", "members", 20),
    ("CoverageMap", "cells", 500),
    ("InclusionProof", "hashes", 20),
    ("ReferralStatistics", "months", 12),
    ("StatisticsTable", "byStatus", 9),
    ("StatisticsTable", "byNeed", 12),
    ("StatisticsTable", "byAgency", 20),
];

/// Returns what a field is charged by itself, beside its value.
pub(super) fn of_field(root: Option<OperationType>, parent: &Name, field: &Field) -> u64 {
    let kind = match root {
        // The schema about itself, and the name of the root's type.
        Some(_) if field.name.starts_with("__") => 0,
        Some(OperationType::Mutation) => MUTATION,
        Some(OperationType::Query | OperationType::Subscription) => QUERY,
        None => 0,
    };
    let mut dearer = DEARER.iter();
    let dearer =
        dearer.find(|(ty, names, _)| (*parent == **ty) && names.contains(&field.name.as_str()));
    dearer.map_or(kind, |(_, _, price)| *price)
}

/// Returns what is charged for an object of this type, beside its values.
pub(super) fn of_object(schema: &Schema, ty: &Name) -> u64 {
    let is_record = record_kind(ty).is_some()
        || matches!(
            schema.types.get(ty),
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_))
        );
    let mut dearer = DEARER_RECORDS.iter();
    let dearer = dearer.find(|(name, _)| *ty == **name);
    let usual = if is_record { RECORD } else { 0 };
    dearer.map_or(usual, |(_, price)| *price)
}

/// Returns how many entries a list of the service's own is taken to have that is no page.
pub(super) fn list_size(parent: &Name, field: &Field) -> u64 {
    let mut longer = LONGER.iter();
    let longer = longer.find(|(ty, name, _)| (*parent == **ty) && (field.name == **name));
    longer.map_or(LIST, |(_, _, size)| *size)
}
