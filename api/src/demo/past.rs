//! When the demo's happenings were, told back from now, and ids that sort as they do.

use std::time::Duration;

use concord_entities::instant::Instant;
use uuid::{NoContext, Timestamp, Uuid};

/// The time before `now`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    /// The end of it.
    pub(super) now: Instant,
}

impl Past {
    /// The moment so many days ago.
    pub(super) fn days_ago(self, days: u64) -> Instant {
        self.now.minus(Duration::from_hours(24 * days))
    }

    /// A moment a little more than so many hours ago: `nth` happenings do not fall on the same minute.
    pub(super) fn about(self, hours: u64, nth: usize) -> Instant {
        let minutes = u64::try_from(nth).unwrap_or(0) * 17 % 41 + 5;
        self.now
            .minus(Duration::from_hours(hours))
            .minus(Duration::from_mins(minutes))
    }
}

/// An id that says it was made at `at`, so that lists which run by id run by time.
pub(super) fn id_at(at: Instant) -> Uuid {
    let micros = u64::try_from(at.0).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
}
