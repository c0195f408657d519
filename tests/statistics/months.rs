//! A month is the task force's own, and each referral is in one month of one task force.

use concord::statistics::rules::{MonthSpan, counted_in, is_over, last_over};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::membership;
use concord_entities::month::Month;
use concord_entities::vocabulary::MemberRole;
use concord_entities::zone::Zone;
use proptest::prelude::*;
use uuid::Uuid;

const ZONES: [&str; 4] = [
    "Pacific/Honolulu",
    "Pacific/Guam",
    "America/New_York",
    "UTC",
];

fn zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(ZONES.to_vec()).prop_map(|name| name.parse().unwrap())
}

proptest! {
    #[test]
    fn a_month_is_written_as_it_is_read(month in 2000 * 12..2201 * 12) {
        let month = Month(month);
        prop_assert_eq!(month.to_string().parse(), Ok(month));
        prop_assert_eq!(Month::of(month.first_day()), Some(month));
        prop_assert_eq!(Month::of(month.first_day().plus_days(-1)), Some(month.previous()));
    }

    /// Whatever zones a task force moves through, and in whatever order its months are asked for.
    #[test]
    fn no_moment_is_in_two_published_months(
        asked in prop::collection::vec((0..4_i32, zone()), 1..8),
    ) {
        let mut published: Vec<(Month, MonthSpan)> = Vec::new();
        for (after, zone) in asked {
            let month = Month(2026 * 12 + after);
            if published.iter().any(|(known, _)| *known == month) {
                continue;
            }
            let before = published.iter().filter(|(known, _)| *known < month);
            let before = before.max_by_key(|(known, _)| *known).map(|(_, span)| *span);
            let later = published.iter().filter(|(known, _)| *known > month);
            let later = later.min_by_key(|(known, _)| *known).map(|(_, span)| *span);
            published.push((month, MonthSpan::of(month, &zone, [before, later])));
        }
        published.sort_by_key(|(month, _)| *month);
        for pair in published.windows(2) {
            prop_assert!(pair[0].1.ends_at <= pair[1].1.begins_at, "{:?}", published);
        }
        for (_, span) in &published {
            prop_assert!(span.begins_at <= span.ends_at);
        }
    }

    #[test]
    fn a_month_that_is_over_is_over_to_its_last_moment(
        month in 2020 * 12..2030 * 12,
        zone in zone(),
    ) {
        let span = MonthSpan::of(Month(month), &zone, [None, None]);
        prop_assert!(is_over(Month(month), &zone, span.ends_at));
        let last = Instant(span.ends_at.0 - 1);
        prop_assert!(!is_over(Month(month), &zone, last));
        prop_assert_eq!(last_over(&zone, last), Some(Month(month - 1)));
        prop_assert_eq!(last_over(&zone, span.ends_at), Some(Month(month)));
    }
}

#[test]
fn what_is_no_month_is_refused() {
    for text in [
        "",
        "2026",
        "2026-3",
        "2026-13",
        "2026-00",
        "1999-12",
        "2201-01",
        "2026-03-01",
        "+026-01",
        "2026/03",
        "２０２６-03",
    ] {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
}

#[test]
fn a_referral_is_in_the_statistics_of_one_task_force() {
    let task_force = |number| TaskForceId(Uuid::from_u128(number));
    let (one, other) = (AgencyId(Uuid::from_u128(8)), AgencyId(Uuid::from_u128(9)));
    let place = |number, agency_id, since| membership::Model {
        task_force_id: task_force(number),
        agency_id,
        role: MemberRole::Member,
        since: Instant(since),
        suspended_at: None,
        suspension_reason: None,
        standing_set_by: None,
        left_at: None,
        coordination_from: None,
        name_key: None,
        lookalike: 0,
    };
    let places = [
        place(1, one, 0),
        place(2, one, 0),
        place(3, one, 0),
        // It joins the oldest last.
        place(1, other, 100),
        place(2, other, 10),
        place(3, other, 5),
    ];
    let counted = |followed_by, most| counted_in(followed_by, &places[..most], [one, other]);
    assert_eq!(counted(Some(task_force(7)), 6), Some(task_force(7)));
    assert_eq!(counted(None, 6), Some(task_force(3)));
    assert_eq!(counted(None, 5), Some(task_force(2)));
    assert_eq!(counted(None, 3), None);
}
