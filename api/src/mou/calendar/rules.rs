//! Which days of an MOU stand in a calendar. Pure.

use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::{Day, Instant};
use concord_entities::{mou, mou_calendar, mou_party};

use crate::error::Error;
use crate::mou::rules::transitions::has_left;

/// How many calendars an agency may have at a time.
pub const MOST: u64 = 20;

/// By how much the number of an event grows with each version of its MOU: more than its day moves within one.
const A_VERSION: i64 = 1_000_000;
/// By how much the number of the last day grows with a notice, which comes before the day that was agreed.
const A_NOTICE: i64 = 500_000;

/// What there is on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouDayKind {
    /// Its review is due.
    Review,
    /// Its last day.
    LastDay,
    /// Its last day, unless it is reviewed before.
    LastDayUnlessReviewed,
    /// Its last day by a notice.
    NoticeEnds,
    /// The last day of a party that leaves it.
    Leaves(AgencyId),
}

/// A day of an MOU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MouDay {
    /// What there is.
    pub kind: MouDayKind,
    /// The day.
    pub on: Day,
    /// Grows with each change of the day, whichever version of the MOU makes it.
    pub sequence: i64,
}

/// Returns whoever is a party of an MOU at `now`.
#[must_use]
pub fn staying(parties: &[mou_party::Model], mou: MouId, now: Instant) -> Vec<AgencyId> {
    let parties = parties.iter().filter(|party| party.mou_id == mou);
    let staying = parties.filter(|party| !has_left(party, now));
    staying.map(|party| party.agency_id).collect()
}

/// Returns the days of an MOU that stand in a calendar at `now`.
#[must_use]
pub fn days_of(mou: &mou::Model, parties: &[mou_party::Model], now: Instant) -> Vec<MouDay> {
    let version = i64::from(mou.version) * A_VERSION;
    let moved = |day: Day| version + i64::from(day.0) - i64::from(mou.effective_on.0);
    let last = mou.last_day();
    let review = mou.review_on.filter(|review| *review <= last);
    let review = review.map(|on| MouDay {
        kind: MouDayKind::Review,
        on,
        sequence: moved(on),
    });
    let (kind, more) = if mou
        .terminates_on
        .is_some_and(|notice| notice <= mou.expires_on)
    {
        (MouDayKind::NoticeEnds, A_NOTICE)
    } else if mou.open_ended {
        (MouDayKind::LastDayUnlessReviewed, 0)
    } else {
        (MouDayKind::LastDay, 0)
    };
    let end = MouDay {
        kind,
        on: last,
        sequence: moved(mou.expires_on) + more,
    };
    let leaving = parties.iter().filter_map(|party| {
        let leaves_at = party.leaves_at.filter(|_| party.mou_id == mou.id)?;
        let on = mou.time_zone.day(Instant(leaves_at.0.saturating_sub(1)));
        let goes = !has_left(party, now) && on < last;
        goes.then_some(MouDay {
            kind: MouDayKind::Leaves(party.agency_id),
            on,
            sequence: version,
        })
    });
    review.into_iter().chain([end]).chain(leaving).collect()
}

/// Checks that an agency may have one more calendar.
///
/// # Errors
/// `INVALID_TRANSITION`.
pub fn room_for_another(standing: u64) -> Result<(), Error> {
    if standing < MOST {
        return Ok(());
    }
    let text = "your agency has 20 calendars: revoke one that nobody needs (`mouCalendars`)";
    Err(Error::NotNow(text.into()))
}

/// Returns the calendar, revoked; none where it was revoked before.
#[must_use]
pub fn revoked(calendar: mou_calendar::Model, now: Instant) -> Option<mou_calendar::Model> {
    calendar
        .revoked_at
        .is_none()
        .then_some(mou_calendar::Model {
            revoked_at: Some(now),
            ..calendar
        })
}
