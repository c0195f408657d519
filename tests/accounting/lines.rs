//! How disclosures become lines: by the rule alone.

use std::collections::{BTreeMap, BTreeSet};

use concord::review::accounting::rules::{
    AccountedPeriod, AccountedPeriodError, AccountingLines, ToldOnce, ToldReason, ToldRecipient,
};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Day;
use concord_entities::vocabulary::{
    Categories, Code, DataCategory, MandateInstrument, OutsideRecipient, Purpose,
};
use proptest::prelude::*;
use uuid::Uuid;

fn recipient() -> impl Strategy<Value = ToldRecipient> {
    let agency = (0..3_u128).prop_map(|id| ToldRecipient::Agency(AgencyId(Uuid::from_u128(id))));
    let named = prop::option::of(prop::sample::select(vec!["Family Court", "Family court"]));
    let kind = prop::option::of(prop::sample::select(OutsideRecipient::ALL.to_vec()));
    let outside = (kind, named)
        .prop_map(|(kind, name)| ToldRecipient::Outside(kind, name.map(str::to_owned)));
    prop_oneof![agency, outside]
}

fn reason() -> impl Strategy<Value = ToldReason> {
    let consent =
        prop::option::of(prop::sample::select(Purpose::ALL.to_vec())).prop_map(ToldReason::Consent);
    let text = || {
        prop::option::of(prop::sample::select(vec![
            "26-CV-1".to_owned(),
            "2".to_owned(),
        ]))
    };
    let instrument = prop::sample::select(MandateInstrument::ALL.to_vec());
    let mandate = (instrument, text(), text()).prop_map(|(instrument, authority, citation)| {
        ToldReason::Mandate {
            instrument,
            authority,
            citation,
        }
    });
    prop_oneof![consent, mandate]
}

/// A disclosure, which as a whole is its number.
fn told() -> impl Strategy<Value = ToldOnce<()>> {
    let categories = prop::collection::vec(prop::sample::select(DataCategory::ALL.to_vec()), 0..4);
    (0..20_i32, recipient(), reason(), categories).prop_map(
        |(on, recipient, reason, categories)| ToldOnce {
            event: AuditEventId(Uuid::nil()),
            on: Day(on),
            recipient,
            reason,
            categories: categories.into_iter().collect(),
            in_full: (),
        },
    )
}

/// Disclosures, each with an event of its own, in some order.
fn disclosures() -> impl Strategy<Value = Vec<ToldOnce<u128>>> {
    let numbered = prop::collection::vec(told(), 0..60).prop_map(|all| {
        let numbered = (1..).zip(all);
        let with = |(number, one): (u128, ToldOnce<()>)| ToldOnce {
            event: AuditEventId(Uuid::from_u128(number)),
            on: one.on,
            recipient: one.recipient,
            reason: one.reason,
            categories: one.categories,
            in_full: number,
        };
        numbered.map(with).collect::<Vec<_>>()
    });
    numbered.prop_shuffle()
}

proptest! {
    #[test]
    fn every_disclosure_is_on_exactly_one_line(all in disclosures()) {
        let mut lines = AccountingLines::default();
        for one in all.clone() {
            lines.add(one).unwrap();
        }
        let lines = lines.in_order();
        let mut on_lines = BTreeSet::new();
        for line in &lines {
            // Whatever has the recipient and the reason of the line is on it, and nothing else.
            let alike = all.iter().filter(|one| {
                one.recipient == line.first.recipient && one.reason == line.first.reason
            });
            let by_time: BTreeMap<_, _> = alike.map(|one| ((one.on, one.event), one)).collect();
            prop_assert_eq!(u64::try_from(by_time.len()).unwrap(), line.count);
            for one in by_time.values() {
                prop_assert!(on_lines.insert(one.in_full), "on two lines");
            }
            let (_, first) = by_time.first_key_value().unwrap();
            prop_assert_eq!(first.in_full, line.first.in_full);
            prop_assert_eq!(first.categories, line.first.categories);
            let (last, _) = by_time.last_key_value().unwrap();
            prop_assert_eq!(*last, (line.last_on, line.last_event));
            let told: Categories = by_time.values().flat_map(|one| one.categories.iter()).collect();
            prop_assert_eq!(told, line.categories);
        }
        prop_assert_eq!(on_lines.len(), all.len());
        let total: u64 = lines.iter().map(|line| line.count).sum();
        prop_assert_eq!(usize::try_from(total).unwrap(), all.len());
        prop_assert!(lines.is_sorted_by_key(|line| (line.first.on, line.first.event)));
    }
}

#[test]
fn more_lines_than_anybody_reads_are_refused_and_never_cut() {
    let mut lines = AccountingLines::default();
    let line = |number: u128| ToldOnce {
        event: AuditEventId(Uuid::from_u128(number)),
        on: Day(0),
        recipient: ToldRecipient::Agency(AgencyId(Uuid::from_u128(number))),
        reason: ToldReason::Consent(Some(Purpose::HealthCare)),
        categories: Categories::EMPTY,
        in_full: (),
    };
    for number in 0..1_000 {
        lines.add(line(number)).unwrap();
    }
    lines.add(line(7)).unwrap();
    assert!(lines.add(line(1_000)).is_err());
}

#[test]
fn a_period_is_within_the_six_years_up_to_today() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    let today = day("2028-02-29");
    let asked = |since: &str, until: &str| {
        let read = |text: &str| (!text.is_empty()).then(|| day(text));
        let period = AccountedPeriod::asked(read(since), read(until), today);
        period.map(|period| format!("{} to {}", period.first, period.last))
    };
    let earliest = day("2022-02-28");
    assert_eq!(asked("", ""), Ok("2022-02-28 to 2028-02-29".to_owned()));
    let one_day = Ok("2022-02-28 to 2022-02-28".to_owned());
    assert_eq!(asked("2022-02-28", "2022-02-28"), one_day);
    assert_eq!(
        asked("2022-02-27", ""),
        Err(AccountedPeriodError::TooEarly(earliest))
    );
    assert_eq!(
        asked("", "2028-03-01"),
        Err(AccountedPeriodError::InFuture(today))
    );
    for (since, until, first) in [
        ("2027-05-02", "2027-05-01", day("2027-05-02")),
        ("", "2022-02-27", earliest),
    ] {
        let reversed = AccountedPeriodError::Reversed(first);
        assert_eq!(asked(since, until), Err(reversed));
    }
}
