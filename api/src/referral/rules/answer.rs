//! Within what time a referral is answered, when both sides are told that it was not, and when it expires. Pure.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{NoticeKind, ReferralStatus, Urgency};

const DAY: Duration = Duration::from_hours(24);

/// Returns by when an answer is wanted, of a referral that is sent now.
#[must_use]
pub fn response_time(urgency: Urgency) -> Duration {
    match urgency {
        Urgency::Emergency => Duration::from_hours(1),
        Urgency::Urgent => DAY,
        Urgency::Routine => 5 * DAY,
    }
}

/// Returns how long a referral may stay unanswered before it expires, by the days that its recipient gives itself: what is
/// urgent has a week at most, and an emergency two days.
#[must_use]
pub fn answer_term(days: i32, urgency: Urgency) -> Duration {
    let own = DAY * days.unsigned_abs();
    match urgency {
        Urgency::Emergency => own.min(2 * DAY),
        Urgency::Urgent => own.min(7 * DAY),
        Urgency::Routine => own,
    }
}

/// Returns whether the answer to a referral of this status is overdue: whether it waits for one at `now`, and was to have it by
/// then.
#[must_use]
pub fn overdue(status: ReferralStatus, respond_by: Option<Instant>, now: Instant) -> bool {
    status == ReferralStatus::Requested && respond_by.is_some_and(|by| by <= now)
}

/// Returns when both sides are told that a referral expires soon: a quarter of its time before it does.
#[must_use]
pub fn told_first(sent_at: Instant, expires_at: Instant) -> Instant {
    expires_at.minus(expires_at.since(sent_at) / 4)
}

/// Returns a referral of which both sides are to be told something by `now`, when its status is this, as it is once they were, and
/// what they are told; nothing where it was answered, or where something else stopped it.
#[must_use]
pub fn tell(referral: Model, status: ReferralStatus, now: Instant) -> (Model, Option<NoticeKind>) {
    let (kind, next) = match (status, referral.expires_at) {
        (ReferralStatus::Expired, _) => (Some(NoticeKind::ReferralExpired), None),
        (ReferralStatus::Requested, Some(expires_at)) => {
            (Some(NoticeKind::ReferralExpires), Some(expires_at))
        }
        // It may be continued before it expires.
        (ReferralStatus::Suspended, Some(expires_at)) if expires_at > now => {
            (None, Some(expires_at))
        }
        _ => (None, None),
    };
    let told = Model {
        tell_at: next,
        ..referral
    };
    (told, kind)
}
