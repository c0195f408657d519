//! The log for other programs: line by line as FHIR R4 `AuditEvent`, or as a table. Oldest first, and resumable: whoever reads goes
//! on after the last event that they have.
//!
//! [`event`] is what is told of one event, [`fhir`] and [`table`] are how it is written, [`part`] reads some of them for a reader,
//! and [`operator`] for the operator.

pub mod event;
pub mod fhir;
pub mod operator;
pub mod part;
pub mod table;

use std::time::Duration;

use concord_entities::ids::{AuditEventId, lowest_at};
use concord_entities::instant::Instant;
use uuid::Uuid;

use crate::error::{Refusal, Result};

use event::ExportedEvent;

/// How far an export stays behind now. Events are in the order of their ids, which servers make by their clocks and commit some
/// seconds later: before this, none can come to lie any more, so that whoever goes on after the last one misses nothing. Clocks
/// that differ by more than 30 seconds serve nobody.
pub const BEHIND: Duration = Duration::from_mins(2);

/// In what form events leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Lines of JSON, each a FHIR R4 `AuditEvent`.
    Fhir,
    /// A table for a spreadsheet.
    Csv,
}

impl ExportFormat {
    /// Every form.
    pub const ALL: &[Self] = &[Self::Fhir, Self::Csv];

    /// Returns the word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fhir => "fhir",
            Self::Csv => "csv",
        }
    }

    /// Returns the code under which an export goes on record.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Fhir => "FHIR",
            Self::Csv => "CSV",
        }
    }

    /// Returns what stands before the first event.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn head(self) -> Result<Vec<u8>> {
        match self {
            Self::Fhir => Ok(Vec::new()),
            Self::Csv => table::head().map_err(Refusal::internal),
        }
    }

    /// Writes some events of the log with this name.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn write(self, events: &[ExportedEvent], origin: &str) -> Result<Vec<u8>> {
        match self {
            Self::Fhir => fhir::lines(events, origin).map_err(Refusal::internal),
            Self::Csv => table::rows(events).map_err(Refusal::internal),
        }
    }
}

/// Reads an event's id, as the log or as FHIR writes it.
#[must_use]
pub fn event_id(text: &str) -> Option<AuditEventId> {
    let written = text.parse().ok();
    written.or_else(|| Some(AuditEventId(Uuid::try_parse(text).ok()?)))
}

/// Returns the id before which no event can come to lie any more.
#[must_use]
pub fn horizon(now: Instant) -> AuditEventId {
    AuditEventId(lowest_at(now.minus(BEHIND)))
}
