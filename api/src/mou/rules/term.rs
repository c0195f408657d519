//! The days of an MOU: what makes sense of them, and when they begin and end. Pure.

use concord_entities::instant::{Day, Instant};
use concord_entities::mou;
use concord_entities::zone::Zone;

/// Counts the days that an MOU in force has left, its last day included.
#[must_use]
pub fn days_left(mou: &mou::Model, now: Instant) -> Option<i32> {
    mou.dates().is_in_force(now).then(|| {
        mou.last_day()
            .0
            .saturating_sub(mou.time_zone.day(now).0)
            .saturating_add(1)
    })
}

/// Returns an MOU whose days are counted in a time zone, the first and the last one whole.
#[must_use]
pub fn counted_in(mou: mou::Model, zone: Zone) -> mou::Model {
    mou::Model {
        begins_at: zone.start(mou.effective_on),
        ends_at: zone.end(mou.last_day()),
        review_at: mou.review_on.map(|day| zone.start(day)),
        time_zone: zone,
        ..mou
    }
}

/// The longest term that an MOU is drafted with, in days: ten years with their leap days.
pub const LONGEST_TERM: i32 = 3_653;

/// The days that an MOU is drafted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftedTerm {
    /// Its first day.
    pub effective_on: Day,
    /// The day on which its review is due.
    pub review_on: Option<Day>,
    /// Its last day; none where it is open-ended.
    pub expires_on: Option<Day>,
}

impl DraftedTerm {
    /// Returns the last day on which it can be in force: the one that is agreed, or the last one on which its review can be made
    /// up for.
    #[must_use]
    pub fn last_day(&self) -> Day {
        let review = self.review_on.unwrap_or(self.effective_on);
        self.expires_on
            .unwrap_or_else(|| last_day_unreviewed(review))
    }

    /// Returns what makes no sense of it on a day: the field of the draft, and what it must be.
    #[must_use]
    pub fn faults(&self, today: Day) -> Vec<(&'static str, &'static str)> {
        let (first, last) = (self.effective_on, self.last_day());
        let Some(expires_on) = self.expires_on else {
            return self.open_ended_faults(today);
        };
        if expires_on < first {
            return vec![("expiresOn", "not before `effectiveOn`")];
        }
        let is_within = |day: &Day| (first..=last).contains(day);
        let checks = [
            (
                last >= today,
                "expiresOn",
                "not before today: it would be over already",
            ),
            (
                last <= first.plus_days(LONGEST_TERM),
                "expiresOn",
                "at most ten years after `effectiveOn`: renew it by then",
            ),
            (
                self.review_on.as_ref().is_none_or(is_within),
                "reviewOn",
                "from `effectiveOn` to `expiresOn`",
            ),
        ];
        let wrong = checks.into_iter().filter(|(holds, ..)| !holds);
        wrong.map(|(_, field, remedy)| (field, remedy)).collect()
    }

    fn open_ended_faults(&self, today: Day) -> Vec<(&'static str, &'static str)> {
        let first = self.effective_on;
        let Some(review) = self.review_on else {
            let text = "the day of its review, where it has no last day: unreviewed it ends 90 days after that";
            return vec![("reviewOn", text)];
        };
        let makes_sense = review >= first.max(today) && review <= first.plus_days(LONGEST_TERM);
        let text = "from today and `effectiveOn` on, and at most ten years after that";
        (!makes_sense)
            .then_some(("reviewOn", text))
            .into_iter()
            .collect()
    }
}

/// How many days an open-ended MOU goes on after its review was due, in days.
const UNREVIEWED: i32 = 90;

/// Returns the last day of an open-ended MOU whose review is due on a day and does not come.
#[must_use]
pub fn last_day_unreviewed(review_on: Day) -> Day {
    review_on.plus_days(UNREVIEWED)
}
