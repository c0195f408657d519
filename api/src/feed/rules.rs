//! From where a reader goes on in the feed, and what of a page is named. Pure.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::ChangedKind;
use uuid::Uuid;

use crate::error::Error;

/// For how long after the event that a cursor stands at it can be gone on from.
pub const RESUMABLE: Duration = Duration::from_hours(30 * 24);

/// Where a reader stands: behind this record, at this place of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The place; -1 before the first.
    pub place: i64,
    /// The record.
    pub object: Uuid,
}

impl Position {
    /// Before everything.
    pub const START: Self = Self {
        place: -1,
        object: Uuid::nil(),
    };

    /// Returns the end of a log of this size.
    #[must_use]
    pub fn end_of(size: i64) -> Self {
        Self {
            place: size.saturating_sub(1),
            object: Uuid::max(),
        }
    }
}

/// A place in the feed of one agency, and what the log has there: so that another history is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The agency.
    pub agency: AgencyId,
    /// The place.
    pub position: Position,
    /// The event that the log has there.
    pub event: Fingerprint,
}

/// By what an event is known again: of its id, which is random, and which it does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 8]);

impl Fingerprint {
    /// Returns the fingerprint of an event; of none before the first.
    #[must_use]
    pub fn of(event: Option<AuditEventId>) -> Self {
        let hash = event.map(|event| digest(&SHA256, event.0.as_bytes()));
        let first = hash.as_ref().and_then(|hash| hash.as_ref().first_chunk());
        Self(first.copied().unwrap_or_default())
    }
}

/// An event that has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventInPlace {
    /// The event.
    pub id: AuditEventId,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// Checks that nothing is lost to whoever goes on from a cursor. `there` is what the log has at its place, or at its first
/// place where the cursor is from before it; `size` is the log's.
///
/// # Errors
/// `CURSOR_EXPIRED`: another event has the place, or none, since an older copy of the data store was put back; or it is
/// longer ago than changes are sure to be kept. At the end of the log nothing came after it, however long ago that was.
pub fn go_on(
    cursor: &Cursor,
    there: Option<EventInPlace>,
    size: i64,
    now: Instant,
) -> Result<(), Error> {
    let Some(there) = there else {
        let nothing_yet = size == 0 && cursor.position == Position::START;
        return nothing_yet.then_some(()).ok_or(Error::CursorExpired);
    };
    let at_start = cursor.position.place < 0;
    let is_same = at_start || cursor.event == Fingerprint::of(Some(there.id));
    let is_kept = now < there.recorded_at.plus(RESUMABLE);
    let is_at_end = cursor.position.place == size.saturating_sub(1);
    if is_same && (is_kept || is_at_end) {
        Ok(())
    } else {
        Err(Error::CursorExpired)
    }
}

/// A record that changed, as the feed has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedRecordRow {
    /// Where it stands.
    pub position: Position,
    /// The event at that place.
    pub event: AuditEventId,
    /// Its kind.
    pub kind: ChangedKind,
    /// When the event was recorded.
    pub at: Instant,
}

/// Returns what of a page is named, each with its state: each record once, where it changed last, and none that its reader
/// does not see now or whose kind its token does not list.
#[must_use]
pub fn named<S: BuildHasher>(
    rows: &[ChangedRecordRow],
    states: &HashMap<Uuid, &'static str, S>,
) -> Vec<(ChangedRecordRow, &'static str)> {
    let mut met = HashSet::new();
    let newest_first = rows.iter().rev();
    let mut named: Vec<_> = newest_first
        .filter(|row| met.insert(row.position.object))
        .filter_map(|row| Some((*row, *states.get(&row.position.object)?)))
        .collect();
    named.reverse();
    named
}
