//! The register as a table for a spreadsheet: CSV as RFC 4180 has it, in UTF-8, with the mark by which spreadsheets know that.
//!
//! [`super::import`] takes such a table in again, whole: another store then has the same put before the same parties.

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, MouStatus};
use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::cells::{self, BETWEEN};
use super::graphql::{Mou, MouParty};
use super::query::read_list;
use super::register::{MouPlace, MouRegister};
use crate::clock;
use crate::error::{Refusal, Result};
use crate::request::Request;
use crate::spreadsheet::inert;
use crate::store::page::{LARGEST_SIZE, PageRequest, Towards};

/// The table's columns. New ones are added at its end.
pub const COLUMNS: [&str; 25] = [
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
    "openEnded",
    "grants",
    "qsoa",
    "promises",
    "breachNoticeHours",
    "terminationNoticeDays",
    "purpose",
    "responsibilities",
    "services",
    "confidentiality",
    "training",
    "conflictResolution",
];

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
    let csv = rows(&page.entries, after.is_none(), clock::now()).map_err(Refusal::internal)?;
    Ok(ExportedPart { csv, next })
}

fn rows(mous: &[Mou], with_names: bool, now: Instant) -> std::io::Result<Vec<u8>> {
    let mark: &[u8] = if with_names { b"\xef\xbb\xbf" } else { b"" };
    let mut table = WriterBuilder::new()
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .from_writer(mark.to_vec());
    if with_names {
        table.write_record(COLUMNS)?;
    }
    for mou in mous {
        table.write_record(row(mou, now).iter().map(|cell| inert(cell).into_owned()))?;
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn row(mou: &Mou, now: Instant) -> [String; COLUMNS.len()] {
    let (model, terms) = (&mou.model, &mou.model.terms);
    let awaits = matches!(mou.status, MouStatus::Offered | MouStatus::PartiallySigned);
    let lacks = |party: &&MouParty| awaits && party.signed_at.is_none();
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    let named: Vec<_> = mou.parties.iter().map(|one| (called(one), one)).collect();
    let promises: Vec<_> = named
        .iter()
        .map(|(name, party)| (name.as_str(), party.promises.as_slice()))
        .collect();
    let responsibilities: Vec<_> = named
        .iter()
        .map(|(name, party)| (name.as_str(), party.responsibilities.as_str()))
        .collect();
    // Its last day is one that no review moves any more, where a notice ends it or its review was due.
    let is_due = model.review_at.is_some_and(|due| due <= now);
    let open_ended = model.open_ended && model.terminates_on.is_none() && !is_due;
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
        cells::flag(open_ended),
        cells::grants(&model.grants),
        cells::flag(terms.qsoa),
        cells::promises(&promises),
        terms.breach_notice_hours.to_string(),
        terms.termination_notice_days.to_string(),
        terms.purpose.clone(),
        cells::responsibilities(&responsibilities),
        terms.services.clone(),
        terms.confidentiality.clone(),
        terms.training.clone(),
        terms.conflict_resolution.clone(),
    ]
}

fn names<'m>(parties: impl Iterator<Item = &'m MouParty>) -> String {
    let names: Vec<String> = parties.map(called).collect();
    names.join(BETWEEN)
}

fn called(party: &MouParty) -> String {
    let agency = party.agency.known();
    cells::called(&agency.name, agency.id)
}
