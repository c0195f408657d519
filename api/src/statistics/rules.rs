//! Which referrals a month counts, and what of the counts is published. Pure.
//!
//! A count under [`SMALLEST`] tells of people whom somebody may know, and so does whatever gives it away. Each month has two
//! tables, of what was answered and of what was not, and no referral is in two of anything. In a table the cells of one
//! breakdown add up to its total, so that where a small one is hidden, others are hidden with it. Which ones, no count says,
//! or it would tell of what it hides: it goes by an order that is fixed before anything is counted. So for whatever is hidden
//! and small, each number from 0 to 4 is as possible as the others to whoever knows all that is published and these rules: of
//! the hidden referrals, that many could be in its cell, and the rest in the cell that was hidden last, and the same would
//! have been published.

use std::time::Duration;

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::membership;
use concord_entities::month::Month;
use concord_entities::referral_statistics::{StoredCell, StoredFigures, StoredTable, StoredTables};
use concord_entities::vocabulary::{Code, MemberRole, Need, Needs, ReferralStatus};
use concord_entities::zone::Zone;

/// The least that is published.
pub const SMALLEST: u32 = 5;
/// How many referrals the hidden cells of a breakdown have together at least, where the table has as many: enough for the
/// cell that was hidden last to be no small one, whatever of 0 to 4 a small one has.
const HIDDEN_TOGETHER: u32 = 2 * SMALLEST;
/// How many months are told of at once.
pub const MOST_MONTHS: i32 = 24;

/// Where what was answered can stand; what is hidden first where more has to be hidden comes first.
const ANSWERED: [ReferralStatus; 9] = [
    ReferralStatus::EnteredInError,
    ReferralStatus::Cancelled,
    ReferralStatus::Suspended,
    ReferralStatus::OnHold,
    ReferralStatus::Failed,
    ReferralStatus::InProgress,
    ReferralStatus::Accepted,
    ReferralStatus::Rejected,
    ReferralStatus::Completed,
];
/// The same of what was not answered.
const UNANSWERED: [ReferralStatus; 5] = [
    ReferralStatus::EnteredInError,
    ReferralStatus::Cancelled,
    ReferralStatus::Suspended,
    ReferralStatus::Expired,
    ReferralStatus::Requested,
];

/// A referral, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedReferral {
    /// The agency that was asked.
    pub recipient: AgencyId,
    /// Where it stands.
    pub status: ReferralStatus,
    /// What is needed.
    pub needs: Needs,
    /// How long ago it was sent.
    pub age: Duration,
    /// How long after that it was accepted or rejected, where it was.
    pub answered_after: Option<Duration>,
}

/// The moments between which a month's referrals are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthSpan {
    /// The first of them.
    pub begins_at: Instant,
    /// The first after them.
    pub ends_at: Instant,
}

impl MonthSpan {
    /// Returns the span of a month in a zone, apart from what was published of the months before and after it: a task force
    /// that moved to another zone has no moment twice.
    #[must_use]
    pub fn of(month: Month, zone: &Zone, published: [Option<Self>; 2]) -> Self {
        let [before, after] = published;
        let (begins, ends) = (start(month, zone), start(month.next(), zone));
        let begins_at = before.map_or(begins, |before| begins.max(before.ends_at));
        let ends_at = after.map_or(ends, |after| ends.min(after.begins_at));
        Self {
            begins_at,
            ends_at: ends_at.max(begins_at),
        }
    }
}

/// Returns whether a month is over in a zone.
#[must_use]
pub fn is_over(month: Month, zone: &Zone, now: Instant) -> bool {
    start(month.next(), zone) <= now
}

/// Returns the last month that is over in a zone.
#[must_use]
pub fn last_over(zone: &Zone, now: Instant) -> Option<Month> {
    Month::of(zone.day(now)).map(Month::previous)
}

fn start(month: Month, zone: &Zone) -> Instant {
    zone.start(month.first_day())
}

/// Returns the one task force in whose statistics a referral is: the one that follows its MOU; where none does, the one in
/// which both agencies came together first, which no later joining changes. `places` are all those of the two.
#[must_use]
pub fn counted_in(
    followed_by: Option<TaskForceId>,
    places: &[membership::Model],
    pair: [AgencyId; 2],
) -> Option<TaskForceId> {
    let of = |agency: AgencyId| places.iter().filter(move |place| place.agency_id == agency);
    let [one, other] = pair;
    let together = || {
        let both = of(one).flat_map(|a| of(other).map(move |b| (a, b)));
        let shared = both.filter(|(a, b)| a.task_force_id == b.task_force_id);
        shared.map(|(a, b)| (a.since.max(b.since), a.task_force_id))
    };
    followed_by.or_else(|| together().min().map(|(_, task_force)| task_force))
}

/// The agencies of a task force, as its statistics count them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedAgencies {
    /// Those whose inboxes are counted.
    pub recipients: Vec<AgencyId>,
    coordinators: Vec<AgencyId>,
}

impl CountedAgencies {
    /// Returns those with these places in the task force.
    #[must_use]
    pub fn of(places: &[membership::Model]) -> Self {
        let (coordinators, others): (Vec<_>, Vec<_>) = places
            .iter()
            .partition(|place| place.role == MemberRole::Coordinator);
        let ids = |places: Vec<&membership::Model>| -> Vec<_> {
            places.into_iter().map(|place| place.agency_id).collect()
        };
        Self {
            recipients: ids(others),
            coordinators: ids(coordinators),
        }
    }

    /// Returns whether what one agency sent another is counted: not where one of them coordinates. What a coordinator sent
    /// and was sent it knows, and would know the others' from the sum.
    #[must_use]
    pub fn counts(&self, sender: AgencyId, recipient: AgencyId) -> bool {
        self.recipients.contains(&recipient) && !self.coordinators.contains(&sender)
    }
}

/// Returns what is published of a month's referrals among these agencies.
#[must_use]
pub fn publish(month: Month, counted: &[CountedReferral], agencies: &[AgencyId]) -> StoredTables {
    // Between two statements somebody can have answered.
    let is_answered =
        |one: &CountedReferral| one.answered_after.is_some() && ANSWERED.contains(&one.status);
    let (answered, mut unanswered): (Vec<_>, Vec<_>) =
        counted.iter().copied().partition(is_answered);
    for one in &mut unanswered {
        one.answered_after = None;
    }
    let table = |rows: Vec<CountedReferral>, statuses: &[ReferralStatus]| {
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|one| statuses.contains(&one.status) && agencies.contains(&one.recipient))
            .collect();
        table(month, &rows, statuses, agencies)
    };
    StoredTables {
        answered: table(answered, &ANSWERED),
        unanswered: table(unanswered, &UNANSWERED),
    }
}

fn table(
    month: Month,
    rows: &[CountedReferral],
    statuses: &[ReferralStatus],
    agencies: &[AgencyId],
) -> StoredTable {
    let total = number(rows.len());
    let mut by_status = cells(
        rows,
        statuses,
        |one, status| one.status == status,
        hidden_parts,
    );
    by_status.sort_by_key(|(status, _)| status.place());
    let needs = turned(Need::ALL, month);
    let mut by_need = cells(
        rows,
        &needs,
        |one, need| one.needs.has(need),
        |counts| hidden_needs(counts, total),
    );
    by_need.sort_by_key(|(need, _)| need.place());
    let mut by_agency = cells(
        rows,
        &turned(agencies, month),
        |one, agency| one.recipient == agency,
        hidden_parts,
    );
    by_agency.sort_by_key(|(agency, _)| *agency);
    StoredTable {
        total: (total >= SMALLEST).then(|| figures(rows)),
        statuses: named(by_status),
        needs: named(by_need),
        agencies: named(by_agency),
    }
}

/// Returns the keys as they are hidden in one month: another one comes first each month, so that over a year each is seen.
fn turned<K: Copy>(keys: &[K], month: Month) -> Vec<K> {
    let length = i32::try_from(keys.len()).unwrap_or(i32::MAX).max(1);
    let first = usize::try_from(month.0.rem_euclid(length)).unwrap_or(0);
    let (before, after) = keys.split_at_checked(first).unwrap_or((keys, &[]));
    [after, before].concat()
}

/// Returns the cells of a breakdown, whose keys are in the order in which they are hidden.
fn cells<K: Copy>(
    rows: &[CountedReferral],
    keys: &[K],
    is_in: impl Fn(&CountedReferral, K) -> bool,
    hidden: impl Fn(&[u32]) -> Vec<bool>,
) -> Vec<(K, Option<StoredFigures>)> {
    let cell = |key: K| -> Vec<_> {
        let rows = rows.iter().filter(|one| is_in(one, key));
        rows.copied().collect()
    };
    let cells: Vec<_> = keys.iter().map(|key| (*key, cell(*key))).collect();
    let counts: Vec<_> = cells.iter().map(|(_, rows)| number(rows.len())).collect();
    let shown = hidden(&counts).into_iter().map(|hidden| !hidden);
    let cells = cells.into_iter().zip(shown);
    cells
        .map(|((key, rows), is_shown)| (key, is_shown.then(|| figures(&rows))))
        .collect()
}

fn named<K: ToString>(cells: Vec<(K, Option<StoredFigures>)>) -> Vec<StoredCell> {
    let named = |(key, figures): (K, Option<StoredFigures>)| (key.to_string(), figures);
    cells.into_iter().map(named).collect()
}

/// Returns which cells of a breakdown are hidden whose counts add up to a total that is told. They are in the order in which
/// they are hidden.
///
/// Where any is small, further ones are hidden, the first first: one at least, and until the hidden have enough together.
#[must_use]
pub fn hidden_parts(counts: &[u32]) -> Vec<bool> {
    let small = |count: &u32| *count < SMALLEST;
    let mut together: u32 = counts.iter().filter(|count| small(count)).sum();
    let mut another = counts.iter().any(small);
    let mut hidden = Vec::new();
    for count in counts {
        let is_hidden = small(count) || another;
        if another && !small(count) {
            together = together.saturating_add(*count);
            another = together < HIDDEN_TOGETHER;
        }
        hidden.push(is_hidden);
    }
    hidden
}

/// Returns which cells of a breakdown are hidden of which a referral can be in several, in the order in which they are hidden.
/// A cell that few are not in tells of those few.
///
/// Each referral is in one at least: a cell that is hidden alone would have to have what is in no other one.
#[must_use]
pub fn hidden_needs(counts: &[u32], total: u32) -> Vec<bool> {
    let small = |count: &u32| *count < SMALLEST || total.saturating_sub(*count) < SMALLEST;
    let mut another = counts.iter().filter(|count| small(count)).count() == 1;
    let mut hidden = Vec::new();
    for count in counts {
        hidden.push(small(count) || another);
        another = another && small(count);
    }
    hidden
}

fn figures(rows: &[CountedReferral]) -> StoredFigures {
    let answers: Option<Vec<_>> = rows.iter().map(|one| one.answered_after).collect();
    StoredFigures {
        count: number(rows.len()),
        age: median(rows.iter().map(|one| one.age), Duration::from_hours(24)),
        answer: answers.map(|answers| median(answers, Duration::from_hours(1))),
    }
}

/// Returns the median in whole units, to the nearest; of an even number the mean of the two in the middle.
fn median(values: impl IntoIterator<Item = Duration>, unit: Duration) -> u32 {
    let mut seconds: Vec<_> = values.into_iter().map(|value| value.as_secs()).collect();
    seconds.sort_unstable();
    let place = seconds.len();
    let lower = seconds
        .get(place.saturating_sub(1) / 2)
        .copied()
        .unwrap_or(0);
    let upper = seconds.get(place / 2).copied().unwrap_or(0);
    let middle = u64::midpoint(lower, upper);
    let unit = unit.as_secs().max(1);
    u32::try_from((middle + unit / 2) / unit).unwrap_or(u32::MAX)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
