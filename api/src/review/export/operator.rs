//! The whole log for the operator, a span of it at a time.

use concord_entities::audit_event::{self, reviewed};
use concord_entities::ids::AuditEventId;
use sea_orm::{Condition, QueryFilter};
use uuid::Uuid;

use super::event::ExportedEvent;
use super::{ExportFormat, horizon};
use crate::audit::change::{ByOperator, Change};
use crate::audit::event::Event;
use crate::audit::stored;
use crate::error::Result;
use crate::review::filter::AuditFilter;
use crate::store::Store;

/// How many events are looked at at a time.
const SPAN: u64 = 2_000;

/// An export on its way: it goes on record when it begins, before the first event leaves.
#[derive(Debug)]
pub struct OperatorExport<'s> {
    store: &'s Store,
    /// The range of ids that the period has.
    range: Condition,
    only: Condition,
    after: AuditEventId,
    end: AuditEventId,
    /// The first event that was looked at.
    first: Option<AuditEventId>,
}

/// Some events, and how far the export is with them.
#[derive(Debug)]
pub struct ExportedSpan {
    /// The events.
    pub events: Vec<ExportedEvent>,
    /// The last event that was looked at for them.
    pub last: AuditEventId,
    /// How much of the time between the first event and the end has been looked at, in milliseconds, and how much it is.
    pub way: (u64, u64),
}

impl<'s> OperatorExport<'s> {
    /// Begins after an event.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: what is wrong with the filter. `UNAVAILABLE`.
    pub async fn begin(
        store: &'s Store,
        format: ExportFormat,
        filter: &AuditFilter,
        after: Option<AuditEventId>,
    ) -> Result<Self> {
        let wanted = filter.wanted_by_operator()?;
        let change = Change::at_command_line(store, ByOperator::default()).await?;
        let end = horizon(change.now());
        change.commit(Event::AuditExported(format.code())).await?;
        Ok(Self {
            store,
            range: reviewed::ids_within(wanted.period.since, wanted.period.until),
            only: wanted.only(store.backend),
            after: after.unwrap_or(AuditEventId(Uuid::nil())),
            end,
            first: None,
        })
    }

    /// Returns the next events; none where there are no more.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn next(&mut self) -> Result<Option<ExportedSpan>> {
        let read = &self.store.read;
        let ids: Vec<AuditEventId> = audit_event::Entity::ids_between(self.after, self.end, SPAN)
            .filter(self.range.clone())
            .into_tuple()
            .all(read)
            .await?;
        let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
            return Ok(None);
        };
        let first = *self.first.get_or_insert(first);
        let rows = audit_event::Entity::up_to(self.after, last)
            .filter(self.range.clone())
            .filter(self.only.clone())
            .all(read)
            .await?;
        let places = stored::places(read, rows.iter().map(|row| row.id)).await?;
        let events = rows
            .iter()
            .map(|row| ExportedEvent::of(row, places.get(&row.id).copied(), None))
            .collect::<Result<Vec<_>>>()?;
        self.after = last;
        Ok(Some(ExportedSpan {
            events,
            last,
            way: (between(first, last), between(first, self.end)),
        }))
    }
}

/// Returns the milliseconds between the making of two ids.
fn between(one: AuditEventId, other: AuditEventId) -> u64 {
    let millis = |id: AuditEventId| u64::try_from(id.0.as_u128() >> 80).unwrap_or(0);
    millis(other).saturating_sub(millis(one))
}
