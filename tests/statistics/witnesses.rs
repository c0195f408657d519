//! For whatever is hidden of a month there is another month that would have been published letter for letter alike: one for each
//! number from 0 to 4 that a small cell could have, and for any other cell one in which it has another number.

use std::time::Duration;

use concord::statistics::rules::{CountedReferral, SMALLEST, publish};
use concord_entities::ids::AgencyId;
use concord_entities::month::Month;
use concord_entities::referral_statistics::{StoredCell, StoredTable, StoredTables};
use concord_entities::vocabulary::{Code, Need, Needs, ReferralStatus};
use proptest::prelude::*;
use uuid::Uuid;

fn agency(number: u128) -> AgencyId {
    AgencyId(Uuid::from_u128(number))
}

fn agencies() -> Vec<AgencyId> {
    (1..=4).map(agency).collect()
}

/// A referral as there are many, or an unusual one.
fn referral() -> impl Strategy<Value = CountedReferral> {
    use ReferralStatus::{Accepted, Completed, Expired, Rejected, Requested};
    let usual = prop::sample::select(vec![Accepted, Completed, Rejected, Requested, Requested]);
    let unusual = prop::sample::select(ReferralStatus::ALL.to_vec());
    let status = prop_oneof![6 => usual, 1 => unusual];
    let needs = prop::sample::subsequence(Need::ALL[..5].to_vec(), 1..=3);
    (
        prop_oneof![5 => 1..=2_u128, 1 => 3..=4_u128],
        status,
        needs,
        0..=31_u64,
        0..=200_u64,
        any::<bool>(),
    )
        .prop_map(|(recipient, status, needs, days, hours, is_answered)| {
            let is_answered = is_answered && ![Requested, Expired].contains(&status);
            CountedReferral {
                recipient: agency(recipient),
                status,
                needs: needs.into_iter().collect(),
                age: Duration::from_hours(24 * days),
                answered_after: is_answered.then(|| Duration::from_hours(hours)),
            }
        })
}

/// One of a month's two tables.
type Which = fn(&StoredTables) -> &StoredTable;

/// A breakdown: its cells, whether a referral is in one, and a referral with its cells changed.
struct Breakdown {
    cells: fn(&StoredTable) -> &[StoredCell],
    is_in: fn(&CountedReferral, &str) -> bool,
    /// Takes a referral out of the hidden cells and puts it into these.
    moved: fn(&CountedReferral, &[&str], &[&str]) -> CountedReferral,
    /// Whether a referral has one of its cells alone.
    alone: bool,
}

fn status(code: &str) -> ReferralStatus {
    ReferralStatus::from_code(code).unwrap()
}

const BREAKDOWNS: [Breakdown; 3] = [
    Breakdown {
        cells: |table| &table.statuses,
        is_in: |one, cell| one.status == status(cell),
        moved: |one, _, into| CountedReferral {
            status: status(into[0]),
            ..*one
        },
        alone: true,
    },
    Breakdown {
        cells: |table| &table.agencies,
        is_in: |one, cell| one.recipient.to_string() == cell,
        moved: |one, _, into| CountedReferral {
            recipient: into[0].parse().unwrap(),
            ..*one
        },
        alone: true,
    },
    Breakdown {
        cells: |table| &table.needs,
        is_in: |one, cell| one.needs.has(Need::from_code(cell).unwrap()),
        moved: |one, hidden, into| {
            let shown = one
                .needs
                .iter()
                .filter(|need| !hidden.contains(&need.code()));
            let into = into.iter().map(|cell| Need::from_code(cell).unwrap());
            CountedReferral {
                needs: shown.chain(into).collect::<Needs>(),
                ..*one
            }
        },
        alone: false,
    },
];

const MONTH: Month = Month(2026 * 12 + 3);

/// A month of which `published` would have been published as well, in which a hidden cell has `count`.
fn another(
    month: &[CountedReferral],
    published: &StoredTables,
    (which, breakdown): (Which, &Breakdown),
    (cell, count): (&str, usize),
) -> bool {
    let table = which(published);
    let cells = (breakdown.cells)(table).iter();
    let hidden: Vec<&str> = cells
        .filter(|(_, figures)| figures.is_none())
        .map(|(cell, _)| cell.as_str())
        .collect();
    let is_here = |one: &CountedReferral| is_here(which, one);
    let (here, elsewhere): (Vec<_>, Vec<_>) = month.iter().copied().partition(|one| is_here(one));
    let in_hidden = |one: &CountedReferral| {
        !breakdown.alone || hidden.iter().any(|cell| (breakdown.is_in)(one, cell))
    };
    let (hidden_rows, shown): (Vec<_>, Vec<_>) = here.into_iter().partition(|one| in_hidden(one));
    let others = hidden.iter().filter(|other| **other != cell);
    let found = others.into_iter().any(|other| {
        let mut made: Vec<CountedReferral> = elsewhere.iter().chain(&shown).copied().collect();
        for (place, one) in hidden_rows.iter().enumerate() {
            let into: &[&str] = match (place < count, breakdown.alone) {
                (true, true) => &[cell],
                (false, _) => &[other],
                (true, false) => &[cell, other],
            };
            made.push((breakdown.moved)(one, &hidden, into));
        }
        hidden_rows.len() >= count && publish(MONTH, &made, &agencies()) == *published
    });
    // Of a table under five the number itself is hidden.
    let few = || {
        let pattern = month.iter().find(|one| is_here(one)).copied();
        let pattern = pattern.unwrap_or(CountedReferral {
            recipient: agency(1),
            status: ReferralStatus::Cancelled,
            needs: Needs::only(Need::Legal),
            age: Duration::ZERO,
            answered_after: None,
        });
        let mut pattern = (breakdown.moved)(&pattern, &hidden, &[cell]);
        pattern.answered_after = is_answered(which).then_some(Duration::ZERO);
        if !is_here(&pattern) {
            pattern.status = ReferralStatus::Cancelled;
        }
        let made = elsewhere.iter().copied();
        let made: Vec<_> = made.chain(vec![pattern; count]).collect();
        publish(MONTH, &made, &agencies()) == *published
    };
    found || (table.total.is_none() && few())
}

/// Whether a referral is in the table, by what would be published of five like it.
fn is_here(which: Which, one: &CountedReferral) -> bool {
    which(&publish(MONTH, &[*one; 5], &agencies()))
        .total
        .is_some()
}

fn is_answered(which: Which) -> bool {
    let one = CountedReferral {
        recipient: agency(1),
        status: ReferralStatus::Cancelled,
        needs: Needs::only(Need::Legal),
        age: Duration::ZERO,
        answered_after: Some(Duration::ZERO),
    };
    is_here(which, &one)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_month_with_another_number_in_a_hidden_cell_is_published_alike(
        month in prop::collection::vec(referral(), 0..70),
    ) {
        let published = publish(MONTH, &month, &agencies());
        let tables: [Which; 2] = [|tables| &tables.answered, |tables| &tables.unanswered];
        for which in tables {
            for breakdown in &BREAKDOWNS {
                for (cell, figures) in (breakdown.cells)(which(&published)) {
                    if figures.is_some() {
                        continue;
                    }
                    let can_be = |count: usize| {
                        another(&month, &published, (which, breakdown), (cell, count))
                    };
                    let here = month.iter().filter(|one| is_here(which, one));
                    let in_it = here.filter(|one| (breakdown.is_in)(one, cell)).count();
                    if in_it < 5 {
                        for count in 0..5 {
                            prop_assert!(can_be(count), "{cell} cannot be {count}: {published:#?}");
                        }
                    } else {
                        let known = !(0..=month.len()).any(|count| count != in_it && can_be(count));
                        prop_assert!(!known, "{cell} is {in_it}: {published:#?}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_under_five_is_published(month in prop::collection::vec(referral(), 0..70)) {
        let published = publish(MONTH, &month, &agencies());
        for table in [&published.answered, &published.unanswered] {
            let cells = table.statuses.iter().chain(&table.needs).chain(&table.agencies);
            for figures in cells.filter_map(|(_, figures)| *figures).chain(table.total) {
                prop_assert!(figures.count >= SMALLEST);
            }
        }
    }
}

#[test]
fn a_median_is_of_all_that_it_stands_beside() {
    let one = |days: u64, hours: u64| CountedReferral {
        recipient: agency(1),
        status: ReferralStatus::Accepted,
        needs: Needs::only(Need::Legal),
        age: Duration::from_hours(24 * days),
        answered_after: Some(Duration::from_mins(60 * hours + 20)),
    };
    let month = [
        one(1, 7),
        one(2, 1),
        one(9, 100),
        one(2, 3),
        one(30, 2),
        one(4, 5),
    ];
    let published = publish(MONTH, &month, &agencies());
    let total = published.answered.total.unwrap();
    // The mean of 2 and 4 days, and of 3:20 and 5:20 hours.
    assert_eq!((total.count, total.age, total.answer), (6, 3, Some(4)));
    assert_eq!(published.unanswered.total, None);
}
