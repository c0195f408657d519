//! What a selection is charged, in units of about a microsecond of the service's processor time.
//!
//! `tests/authority/charged.rs` measures what each operation takes beside what it is charged. A new operation needs no price
//! of its own unless it does more than others of its kind.

use apollo_compiler::executable::{Field, OperationType};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

use super::records::record_kind;

/// What every request is charged, whatever comes of it: its token, its document and its answer.
pub const REQUEST: u64 = 100;
/// A field of the root of a query: a statement or two, and an audit event.
const QUERY: u64 = 150;
/// A field of the root of a mutation: what it judges, writes and records.
const MUTATION: u64 = 1_000;
/// A record that a field leads to: what is found for it beside its row.
const RECORD: u64 = 10;
/// A value of the answer.
const VALUE: u64 = 1;

/// What is dearer than its kind.
pub const DEARER: [(&str, &str, u64); 2] = [
    // The decision, what is unsealed, and an audit event that names each category.
    ("Referral", "package", 600),
    // The hashes beside the path from a leaf to the root.
    ("AuditEvent", "proof", 200),
];

/// The fields under which a page has its entries.
pub const PAGE_ENTRIES: [&str; 2] = ["edges", "nodes"];
/// How many entries a list is taken to have that is no page.
const LIST: u64 = 4;
/// The lists that usually have more.
const LONGER: [(&str, &str, u64); 2] = [
    ("TaskForce", "members", 20),
    ("InclusionProof", "hashes", 20),
];

/// Returns what a field is charged by itself.
pub(super) fn of_field(root: Option<OperationType>, parent: &Name, field: &Field) -> u64 {
    let kind = match root {
        // The schema about itself, and the name of the root's type.
        Some(_) if field.name.starts_with("__") => VALUE,
        Some(OperationType::Mutation) => MUTATION,
        Some(OperationType::Query | OperationType::Subscription) => QUERY,
        None => VALUE,
    };
    let mut dearer = DEARER.iter();
    let dearer = dearer.find(|(ty, name, _)| (*parent == **ty) && (field.name == **name));
    dearer.map_or(kind, |(_, _, price)| *price)
}

/// Returns what is charged for an object of this type beside its values.
pub(super) fn of_object(schema: &Schema, ty: &Name) -> u64 {
    let is_record = record_kind(ty).is_some()
        || matches!(
            schema.types.get(ty),
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_))
        );
    if is_record { RECORD } else { 0 }
}

/// Returns how many entries a list of the service's own is taken to have that is no page.
pub(super) fn list_size(parent: &Name, field: &Field) -> u64 {
    let mut longer = LONGER.iter();
    let longer = longer.find(|(ty, name, _)| (*parent == **ty) && (field.name == **name));
    longer.map_or(LIST, |(_, _, size)| *size)
}
