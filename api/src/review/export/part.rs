//! Reading some of the log for an agency, as its list of events is read: each part on record before it leaves.

use concord_entities::ids::AuditEventId;

use super::event::ExportedEvent;
use super::{ExportFormat, horizon};
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::audit::stored;
use crate::error::Result;
use crate::request::Request;
use crate::review::filter::WantedEvents;
use crate::review::search::{AuditPlace, AuditSearch};
use crate::store::page::{LARGEST_SIZE, PageRequest, Towards};

/// What an agency asks of the log, and in what form.
pub(crate) struct AskedExport {
    /// The filter.
    pub(crate) wanted: WantedEvents,
    /// The form.
    pub(crate) format: ExportFormat,
}

/// Some events, and where it goes on.
#[derive(Debug)]
pub(crate) struct ExportedEvents {
    /// The events, in the form that was asked for.
    pub(crate) bytes: Vec<u8>,
    /// The event after which it goes on; none where this was the last part.
    pub(crate) next: Option<AuditEventId>,
}

/// Returns the events after this one, oldest first, and that they were exported on record.
///
/// # Errors
/// `BAD_USER_INPUT`, where a period is too long; `UNAUTHENTICATED`; `UNAVAILABLE`.
pub(crate) async fn part(
    request: &Request,
    asked: &AskedExport,
    after: Option<AuditEventId>,
) -> Result<ExportedEvents> {
    let store = &request.worker.store;
    let reader = request.caller.agency();
    let place = after.map(|id| AuditPlace::of(&asked.wanted, id));
    let page = PageRequest {
        size: LARGEST_SIZE,
        from: Towards::Newer(place),
    };
    let released = request
        .disclose(|| async {
            let search = AuditSearch {
                store,
                reader,
                wanted: &asked.wanted,
                page,
                place: "filter",
            };
            let found = search.find().await?;
            let end = horizon(found.now);
            Ok(Decided {
                events: vec![Event::AuditExported(asked.format.code())],
                ..found
            }
            .map(|found| (found, end)))
        })
        .await?;
    let (found, end) = released.content();
    let goes_on = found.page.has_previous;
    let reached = found.reached;
    let mut rows = found.page.entries;
    // A page is the newest first, whichever way it was walked.
    rows.reverse();
    let all = rows.len();
    rows.retain(|row| row.id < end);
    let last = reached.or_else(|| rows.last().map(|row| row.id));
    let next = last.filter(|last| goes_on && rows.len() == all && *last < end);
    let places = stored::places(&store.read, rows.iter().map(|row| row.id)).await?;
    let events = rows
        .iter()
        .map(|row| ExportedEvent::of(row, places.get(&row.id).copied(), Some(reader)))
        .collect::<Result<Vec<_>>>()?;
    let origin = request.worker.ledger_key.public().origin().to_owned();
    Ok(ExportedEvents {
        bytes: asked.format.write(&events, &origin)?,
        next,
    })
}
