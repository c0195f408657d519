//! The register as a table for a spreadsheet: CSV as RFC 4180 has it, in UTF-8, with the mark by which spreadsheets know that.
//!
//! A spreadsheet takes what begins with certain characters for a formula, and may run it. What people wrote stands behind an
//! apostrophe where it begins so (OWASP, CSV injection).

use std::borrow::Cow;

use concord_entities::vocabulary::{Code, MouStatus};
use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::graphql::{Mou, MouParty};
use super::query::read_list;
use super::register::{MouPlace, MouRegister};
use crate::error::{Refusal, Result};
use crate::request::Request;
use crate::store::page::{LARGEST_SIZE, PageRequest, Towards};

/// The table's columns.
pub const COLUMNS: [&str; 13] = [
    "id",
    "version",
    "title",
    "kind",
    "status",
    "parties",
    "lackingSignatures",
    "effectiveOn",
    "reviewOn",
    "expiresOn",
    "daysLeft",
    "timeZone",
    "taskForce",
];

/// What stands between the agencies of one cell: no spreadsheet takes it for the end of the cell.
const BETWEEN: &str = " | ";

/// With what a spreadsheet takes a cell for a formula, also where it is written wide.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Some rows of the table, and where it goes on.
#[derive(Debug)]
pub(crate) struct ExportedPart {
    /// The rows; before the first of them the columns' names.
    pub(crate) csv: Vec<u8>,
    /// The place after which it goes on; none where this was the last part.
    pub(crate) next: Option<MouPlace>,
}

/// Returns a part of the table, its reading on record as that of a page of the list is.
///
/// # Errors
/// `UNAUTHENTICATED`; `UNAVAILABLE`.
pub(crate) async fn part(
    request: &Request,
    register: &MouRegister,
    after: Option<MouPlace>,
) -> Result<ExportedPart> {
    let wanted = PageRequest {
        size: LARGEST_SIZE,
        from: Towards::Older(after),
    };
    let page = read_list(request, register, wanted).await?;
    let last = page.entries.last().filter(|_| page.has_next);
    let next = last.map(|mou| register.place(&mou.model));
    let csv = rows(&page.entries, after.is_none()).map_err(Refusal::internal)?;
    Ok(ExportedPart { csv, next })
}

fn rows(mous: &[Mou], with_names: bool) -> std::io::Result<Vec<u8>> {
    let mark: &[u8] = if with_names { b"\xef\xbb\xbf" } else { b"" };
    let mut table = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(mark.to_vec());
    if with_names {
        table.write_record(COLUMNS)?;
    }
    for mou in mous {
        table.write_record(row(mou).iter().map(|cell| inert(cell).into_owned()))?;
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn row(mou: &Mou) -> [String; COLUMNS.len()] {
    let model = &mou.model;
    let awaits = matches!(mou.status, MouStatus::Offered | MouStatus::PartiallySigned);
    let lacks = |party: &&MouParty| awaits && party.signed_at.is_none();
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    [
        model.id.to_string(),
        model.version.to_string(),
        model.title.clone(),
        model.kind.code().to_owned(),
        mou.status.code().to_owned(),
        names(mou.parties.iter()),
        names(mou.parties.iter().filter(lacks)),
        model.effective_on.to_string(),
        or_empty(model.review_on.map(|day| day.to_string())),
        model.last_day().to_string(),
        or_empty(mou.days_left.map(|days| days.to_string())),
        model.time_zone.to_string(),
        or_empty(model.task_force_id.map(|id| id.to_string())),
    ]
}

fn names<'m>(parties: impl Iterator<Item = &'m MouParty>) -> String {
    let names: Vec<&str> = parties
        .map(|party| party.agency.known().name.as_str())
        .collect();
    names.join(BETWEEN)
}

/// Returns a cell that no spreadsheet takes for a formula.
#[must_use]
pub fn inert(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
