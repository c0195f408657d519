//! Where the log ended a moment ago. Most polls find that nothing came: those that stand at an end that was read just now are
//! told so without a statement of their own.
//!
//! Nothing is released by that. What such an answer may lack is what got its place since, for no longer than the integrator
//! gathers events before it gives them places; and none is given once this server knows of sharing that ended since.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use moka::sync::Cache;

/// For how long an end that was read is taken for the end.
pub const JUST_NOW: Duration = Duration::from_millis(100);
/// Of how many agencies it is remembered whether they have changes before the end.
const REMEMBERED: u64 = 10_000;

/// The end of the log as all workers read it last. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct SeenLogEnd {
    last: Arc<Mutex<Option<EndSeen>>>,
    /// By agency: the size of the log, and whether it has changes up to there.
    before: Cache<AgencyId, (i64, bool)>,
}

impl Default for SeenLogEnd {
    fn default() -> Self {
        Self {
            last: Arc::default(),
            before: Cache::new(REMEMBERED),
        }
    }
}

/// What a statement said about the log.
#[derive(Clone, Copy, Debug)]
pub struct EndSeen {
    /// When it was asked.
    pub asked: tokio::time::Instant,
    /// The sharing epoch.
    pub epoch: i64,
    /// The database's time.
    pub now: Instant,
    /// The end of the log.
    pub end: LogEnd,
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// How many events have a place.
    pub size: i64,
    /// The last of them.
    pub newest: Option<AuditEventId>,
}

impl SeenLogEnd {
    /// Remembers what a statement said, and whether an agency has changes up to that end.
    pub fn remember(&self, seen: EndSeen, agency: AgencyId, has_previous: bool) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.asked <= seen.asked) {
            *last = Some(seen);
        }
        drop(last);
        self.before.insert(agency, (seen.end.size, has_previous));
    }

    /// Returns what was read just now under this epoch, the highest that this server knows, and whether the agency has changes
    /// up to that end.
    #[must_use]
    pub fn just_now(&self, agency: AgencyId, epoch: i64) -> Option<(EndSeen, bool)> {
        let seen = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.filter(|seen| seen.asked.elapsed() < JUST_NOW && seen.epoch == epoch)?;
        let (size, has_previous) = self.before.get(&agency)?;
        (size == seen.end.size).then_some((seen, has_previous))
    }
}
