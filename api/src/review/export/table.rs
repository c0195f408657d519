//! Events as a table: CSV as RFC 4180 has it, in UTF-8, with the mark by which spreadsheets know that.

use concord_entities::vocabulary::Code;
use csv::{QuoteStyle, Terminator, Writer, WriterBuilder};

use super::event::ExportedEvent;
use crate::spreadsheet::inert;

/// The table's columns. New ones are added at its end.
pub const COLUMNS: [&str; 32] = [
    "id",
    "index",
    "recordedAt",
    "type",
    "action",
    "outcome",
    "reason",
    "count",
    "agency",
    "subject",
    "client",
    "program",
    "operator",
    "tokenId",
    "taskForce",
    "recipient",
    "discloser",
    "object",
    "objects",
    "survivor",
    "consent",
    "consentVersion",
    "mou",
    "mouVersion",
    "purpose",
    "categories",
    "requestId",
    "clientRequestId",
    "traceId",
    "operation",
    "document",
    "leafHash",
];

/// The mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

fn table(begun: Vec<u8>) -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(begun)
}

/// Returns the columns' names.
///
/// # Errors
/// What the writer says.
pub(super) fn head() -> std::io::Result<Vec<u8>> {
    let mut table = table(MARK.to_vec());
    table.write_record(COLUMNS)?;
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// Returns a row for each event.
///
/// # Errors
/// What the writer says.
pub(super) fn rows(events: &[ExportedEvent]) -> std::io::Result<Vec<u8>> {
    let mut table = table(Vec::new());
    for event in events {
        table.write_record(row(event).iter().map(|cell| inert(cell).into_owned()))?;
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn row(event: &ExportedEvent) -> [String; COLUMNS.len()] {
    let leaf = &event.leaf;
    let categories = leaf.categories.iter().flat_map(|some| some.iter());
    let categories: Vec<_> = categories.map(Code::code).collect();
    [
        leaf.id.to_string(),
        or_empty(event.index.as_ref()),
        leaf.recorded_at.in_full().to_string(),
        leaf.kind.code().to_owned(),
        leaf.action.code().to_owned(),
        leaf.outcome.code().to_owned(),
        or_empty(leaf.reason.as_ref()),
        or_empty(leaf.count.as_ref()),
        or_empty(leaf.agency.as_ref()),
        leaf.subject.clone(),
        leaf.client.clone(),
        or_empty(leaf.program.as_ref()),
        or_empty(leaf.operator.as_ref()),
        or_empty(leaf.token.as_ref()),
        or_empty(leaf.task_force.as_ref()),
        or_empty(leaf.recipient.as_ref()),
        or_empty(leaf.discloser.as_ref()),
        or_empty(leaf.object.as_ref()),
        leaf.objects.join(" "),
        or_empty(leaf.survivor.as_ref()),
        or_empty(leaf.consent.as_ref()),
        or_empty(leaf.consent_version.as_ref()),
        or_empty(leaf.mou.as_ref()),
        or_empty(leaf.mou_version.as_ref()),
        or_empty(leaf.purpose.as_ref()),
        categories.join(" "),
        leaf.request.clone(),
        or_empty(leaf.client_request.as_ref()),
        or_empty(leaf.trace.as_ref()),
        or_empty(leaf.operation.as_ref()),
        or_empty(leaf.document.as_ref()),
        event.leaf_hash.clone(),
    ]
}

fn or_empty(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
