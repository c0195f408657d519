//! Finding what the page of an accounting shows, to the survivor's own agency.

use super::sheet::{PaperWays, PrintedAccounting, PrintedLine, PrintedReason, PrintedRecipient};
use super::statement::{AccountingLine, AskedAccounting, statement};
use crate::agency::graphql::Agency;
use crate::agency::zone;
use crate::error::{Error, Refusal, Result};
use crate::request::Request;
use crate::survivor::contact;
use crate::survivor::graphql::find_survivor;

/// A page's accounting, and the language that the person understands best.
#[derive(Debug)]
pub(crate) struct FoundAccounting {
    /// What the page shows.
    pub(crate) accounting: PrintedAccounting,
    /// The language's tag (BCP 47).
    pub(crate) language: Option<String>,
}

/// Returns what the page shows; none where the caller's agency has no such survivor. That it was made goes on record, and that
/// the plan for safe contact was read.
///
/// # Errors
/// `BAD_USER_INPUT`: the period cannot be accounted for, or has too much in it. `UNAVAILABLE`.
pub(crate) async fn printed(
    request: &Request,
    asked: AskedAccounting,
) -> Result<Option<FoundAccounting>> {
    let Some(survivor) = find_survivor(request, asked.survivor).await? else {
        return Ok(None);
    };
    let statement = statement(request, asked).await?;
    let plan = contact::read::plan(request, asked.survivor).await?;
    let plan = plan.map(|plan| plan.followed()).transpose();
    let plan = plan.map_err(|mut defects| match defects.pop() {
        Some(defect) => Refusal::internal(defect),
        None => Error::Internal.into(),
    })?;
    let worker = &request.worker;
    let own = request.caller.agency();
    let agencies = worker.directory.among(&worker.store, [own]).await?;
    let accounting = PrintedAccounting {
        agency: called(&Agency::from_directory(&agencies, own)),
        zone: zone::of_agency(&worker.store.read, own).await?,
        days: (statement.since.0, statement.until.0),
        made_at: statement.made_at.0,
        request: request.meta.request.clone(),
        ways: PaperWays::by(plan.as_ref(), statement.made_at.0),
        lines: statement.lines.into_iter().map(line).collect(),
    };
    Ok(Some(FoundAccounting {
        accounting,
        language: survivor.language.map(|tag| tag.as_str().to_owned()),
    }))
}

fn called(agency: &Agency) -> String {
    agency.known().name.clone()
}

fn line(line: AccountingLine) -> PrintedLine {
    let (outside, named) = match line.recipient_outside {
        Some(outside) => (Some(outside.kind), outside.name),
        None => (None, None),
    };
    let reason = match line.instrument {
        Some(instrument) => PrintedReason::Mandate(instrument, line.issuing_authority),
        None => PrintedReason::Consent(line.purpose),
    };
    PrintedLine {
        recipient: PrintedRecipient {
            name: line.recipient.as_ref().map(called).or(named),
            outside,
        },
        reason,
        days: (line.first_on.0, line.last_on.0),
        count: line.count,
        first: line.first.categories.into_iter().collect(),
        categories: line.categories.into_iter().collect(),
    }
}
