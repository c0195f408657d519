//! When the demo's happenings were, told back from now.

use std::time::Duration;

use concord_entities::instant::{Day, Instant};

/// The time before `now`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    /// The end of it.
    pub(super) now: Instant,
}

impl Past {
    /// Returns the moment so many days ago.
    pub(super) fn days_ago(self, days: u64) -> Instant {
        self.now.minus(Duration::from_hours(24 * days))
    }

    /// Returns a moment a little more than so many hours ago: `nth` happenings do not fall on the same minute.
    pub(super) fn about(self, hours: u64, nth: usize) -> Instant {
        let minutes = u64::try_from(nth).unwrap_or(0) * 17 % 41 + 5;
        self.now
            .minus(Duration::from_hours(hours))
            .minus(Duration::from_mins(minutes))
    }

    /// Returns the day so many days from today.
    pub(super) fn in_days(self, days: i32) -> Day {
        self.now.day().plus_days(days)
    }
}
