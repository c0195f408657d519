//! When the parties of an MOU, and whoever coordinates it, are told that its review or its end comes nearer. Pure.

use concord_entities::instant::{Day, Instant};
use concord_entities::mou;
use concord_entities::vocabulary::NoticeKind;

/// So many days before, once each.
pub const DAYS_BEFORE: [i32; 4] = [90, 60, 30, 7];

/// Returns what is to be told of an MOU at `now`, the review first: of each day that comes nearer once, however many of its
/// reminders are due since the last one was told. An MOU that is not in force reminds nobody; what was past when it was signed
/// its parties knew.
#[must_use]
pub fn due(mou: &mou::Model, now: Instant) -> Vec<NoticeKind> {
    let Some(signed_at) = mou.signed_at else {
        return Vec::new();
    };
    if mou.dates().halted_at.is_some() || mou.ends_at <= now {
        return Vec::new();
    }
    let told = mou.reminded_at.unwrap_or(signed_at);
    let is_due = |day: Day| {
        let mut moments = DAYS_BEFORE.into_iter().map(|days| {
            let first = day.plus_days(days.saturating_neg());
            mou.time_zone.start(first)
        });
        moments.any(|moment| told < moment && moment <= now)
    };
    let nears = [
        (mou.review_on, NoticeKind::MouReviewNears),
        (Some(mou.last_day()), NoticeKind::MouEndNears),
    ];
    let due = nears.into_iter().filter(|(day, _)| day.is_some_and(is_due));
    due.map(|(_, kind)| kind).collect()
}
