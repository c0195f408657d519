//! How old a copy of an identity provider's keys may be, and how often it may be asked for a new one.

use std::time::Duration;

use concord_entities::instant::Instant;

/// A copy that is older than this is fetched again before it is used.
pub const FRESH: Duration = Duration::from_hours(1);
/// A copy that is older than this is never used, whatever keeps us from a new one.
pub const LAST: Duration = Duration::from_hours(24);
/// A provider is asked at most once in this time, by all replicas together.
pub const PAUSE: Duration = Duration::from_mins(1);
/// A replica looks at most once in this time at what the others have fetched.
pub const LOOK: Duration = Duration::from_secs(1);

/// Returns whether a copy fetched then is as good as new.
#[must_use]
pub fn is_fresh(fetched: Option<Instant>, now: Instant) -> bool {
    is_within(fetched, FRESH, now)
}

/// Returns whether a copy fetched then may still be used where there is no newer one.
#[must_use]
pub fn is_usable(fetched: Option<Instant>, now: Instant) -> bool {
    is_within(fetched, LAST, now)
}

fn is_within(fetched: Option<Instant>, span: Duration, now: Instant) -> bool {
    fetched.is_some_and(|fetched| now.since(fetched) < span)
}

/// Returns whether a provider that was last asked then may be asked again. A time that lies ahead by more than a pause
/// is no clock's of ours, and holds nobody up.
#[must_use]
pub fn may_ask(attempted: Option<Instant>, now: Instant) -> bool {
    attempted.is_none_or(|attempted| now.since(attempted) >= PAUSE || attempted.since(now) > PAUSE)
}
