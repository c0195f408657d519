//! A good record, with each element taken away: exactly that defect appears.

use std::collections::BTreeSet;

use async_graphql::ID;
use concord::mandated_disclosure::input::{
    MandatedDisclosureInput, NoticeAttemptInput, OutsideRecipientInput,
};
use concord::mandated_disclosure::rules::{MandatedDisclosureError, check};
use concord::wire::scalars::{Date, DateTime};
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    Categories, Code, ContactChannel, DataCategory, MandateInstrument, NoNoticeReason,
    NoProtectionReason, NoticeResult, OutsideRecipient, ProtectiveStep,
};
use proptest::prelude::*;
use uuid::Uuid;

const NOW: &str = "2026-06-15T12:00:00Z";
const OWN: AgencyId = AgencyId(Uuid::from_u128(1));
const OTHER: AgencyId = AgencyId(Uuid::from_u128(2));

fn now() -> Instant {
    NOW.parse().unwrap()
}

fn attempt(at: Instant) -> NoticeAttemptInput {
    NoticeAttemptInput {
        at: DateTime(at),
        channel: ContactChannel::Phone,
        result: NoticeResult::Reached,
    }
}

fn outside(name: &str) -> OutsideRecipientInput {
    OutsideRecipientInput {
        kind: OutsideRecipient::Court,
        name: name.to_owned(),
    }
}

fn good() -> MandatedDisclosureInput {
    MandatedDisclosureInput {
        survivor: ID::from("survivor"),
        instrument: MandateInstrument::CourtOrder,
        issuing_authority: "District Court".to_owned(),
        citation: "26-CV-1".to_owned(),
        dated_on: Date("2026-06-01".parse().unwrap()),
        disclosed_on: Date("2026-06-10".parse().unwrap()),
        recipient: Some(ID::from("agency")),
        recipient_outside: None,
        ordered_categories: vec![DataCategory::Identity, DataCategory::Safety],
        categories: vec![DataCategory::Identity],
        minimum_necessary: true,
        purposes: None,
        attempts: vec![attempt(now())],
        no_notice: None,
        protective_steps: vec![ProtectiveStep::SealedFiling],
        no_protection: None,
        idempotency_key: None,
    }
}

struct Case {
    told: MandatedDisclosureInput,
    recipient: Option<AgencyId>,
}

type Spoil = fn(&mut Case);

const SPOILS: &[(MandatedDisclosureError, Spoil)] = &[
    (MandatedDisclosureError::SubpoenaAlone, |case| {
        case.told.instrument = MandateInstrument::Subpoena;
    }),
    (MandatedDisclosureError::Authority, |case| {
        " ".clone_into(&mut case.told.issuing_authority);
    }),
    (MandatedDisclosureError::Authority, |case| {
        case.told.issuing_authority = "x".repeat(201);
    }),
    (MandatedDisclosureError::Authority, |case| {
        "a\nb".clone_into(&mut case.told.issuing_authority);
    }),
    (MandatedDisclosureError::Citation, |case| {
        case.told.citation = String::new();
    }),
    (MandatedDisclosureError::Citation, |case| {
        case.told.citation = "x".repeat(201);
    }),
    (MandatedDisclosureError::DisclosedAhead, |case| {
        case.told.disclosed_on = Date("2026-06-17".parse().unwrap());
    }),
    (MandatedDisclosureError::DisclosedBefore, |case| {
        case.told.disclosed_on = Date("2026-05-31".parse().unwrap());
    }),
    (MandatedDisclosureError::NoRecipient, |case| {
        case.recipient = None;
    }),
    (MandatedDisclosureError::TwoRecipients, |case| {
        case.told.recipient_outside = Some(outside("Family Court"));
    }),
    (MandatedDisclosureError::OwnRecipient, |case| {
        case.recipient = Some(OWN);
    }),
    (MandatedDisclosureError::OutsideName, |case| {
        case.recipient = None;
        case.told.recipient_outside = Some(outside(" "));
    }),
    (MandatedDisclosureError::NoCategory, |case| {
        case.told.categories.clear();
    }),
    (MandatedDisclosureError::BeyondOrder, |case| {
        case.told.categories.push(DataCategory::Medical);
    }),
    (MandatedDisclosureError::NothingOrdered, |case| {
        case.told.ordered_categories.clear();
    }),
    (MandatedDisclosureError::NotMinimum, |case| {
        case.told.minimum_necessary = false;
    }),
    (MandatedDisclosureError::NoNotice, |case| {
        case.told.attempts.clear();
    }),
    (MandatedDisclosureError::NoNotice, |case| {
        case.told.attempts[0].result = NoticeResult::UnsafeToTry;
    }),
    (MandatedDisclosureError::NoNotice, |case| {
        case.told.attempts[0].result = NoticeResult::ProhibitedByOrder;
    }),
    (MandatedDisclosureError::AttemptBefore(0), |case| {
        let at = "2026-05-31T09:59:59Z".parse().unwrap();
        case.told.attempts.insert(0, attempt(at));
    }),
    (MandatedDisclosureError::NoticeContradicted, |case| {
        case.told.no_notice = Some(NoNoticeReason::NoSafeWay);
    }),
    (MandatedDisclosureError::TooManyAttempts, |case| {
        case.told.attempts = vec![attempt(now()); 51];
    }),
    (MandatedDisclosureError::AttemptAhead(0), |case| {
        case.told.attempts.insert(0, attempt(Instant(now().0 + 1)));
    }),
    (MandatedDisclosureError::NoProtection, |case| {
        case.told.protective_steps.clear();
    }),
    (MandatedDisclosureError::ProtectionContradicted, |case| {
        case.told
            .protective_steps
            .push(ProtectiveStep::NonePossible);
        case.told.no_protection = Some(NoProtectionReason::NoTime);
    }),
    (MandatedDisclosureError::Unexplained, |case| {
        case.told.protective_steps = vec![ProtectiveStep::NonePossible];
    }),
    (MandatedDisclosureError::Overexplained, |case| {
        case.told.no_protection = Some(NoProtectionReason::NoTime);
    }),
];

#[test]
fn each_element_taken_away_is_exactly_that_defect() {
    assert_eq!(check(&good().told(Some(OTHER)), OWN, now()), Ok(()));
    for (defect, spoil) in SPOILS {
        let mut case = Case {
            told: good(),
            recipient: Some(OTHER),
        };
        spoil(&mut case);
        let found = check(&case.told.told(case.recipient), OWN, now());
        assert_eq!(found, Err(vec![*defect]), "{:?}", case.told);
    }
}

#[test]
fn an_instrument_from_a_day_to_come_demands_nothing_yet() {
    let mut told = good();
    told.dated_on = Date("2026-06-17".parse().unwrap());
    told.disclosed_on = told.dated_on;
    told.attempts.clear();
    told.no_notice = Some(NoNoticeReason::NoSafeWay);
    let found = check(&told.told(Some(OTHER)), OWN, now());
    assert_eq!(
        found,
        Err(vec![
            MandatedDisclosureError::DatedAhead,
            MandatedDisclosureError::DisclosedAhead
        ])
    );
}

#[test]
fn every_defect_has_a_row() {
    let rows: BTreeSet<MandatedDisclosureError> =
        SPOILS.iter().map(|(defect, _)| *defect).collect();
    let every: BTreeSet<MandatedDisclosureError> =
        MandatedDisclosureError::ALL.iter().copied().collect();
    let alone = BTreeSet::from([MandatedDisclosureError::DatedAhead]);
    assert_eq!(
        every.difference(&rows).copied().collect::<BTreeSet<_>>(),
        alone
    );
}

#[test]
fn the_other_good_records_pass() {
    let mut told = good();
    told.instrument = MandateInstrument::Statute;
    told.recipient_outside = Some(outside("County Child Protection"));
    told.attempts.clear();
    told.no_notice = Some(NoNoticeReason::ProhibitedByOrder);
    told.protective_steps = vec![ProtectiveStep::NonePossible];
    told.no_protection = Some(NoProtectionReason::MandateLeavesNone);
    assert_eq!(check(&told.told(None), OWN, now()), Ok(()));
}

/// Where a day begins first, the first of June began at ten o'clock of the last of May.
#[test]
fn an_attempt_on_the_instruments_own_day_counts_wherever_it_began() {
    let mut told = good();
    told.attempts = vec![attempt("2026-05-31T10:00:00Z".parse().unwrap())];
    assert_eq!(check(&told.told(Some(OTHER)), OWN, now()), Ok(()));
}

#[test]
fn what_kept_everybody_from_trying_goes_with_its_reason() {
    let mut told = good();
    told.attempts[0].result = NoticeResult::UnsafeToTry;
    told.no_notice = Some(NoNoticeReason::UnsafeToTry);
    assert_eq!(check(&told.told(Some(OTHER)), OWN, now()), Ok(()));
    told.attempts.push(attempt(now()));
    let found = check(&told.told(Some(OTHER)), OWN, now());
    assert_eq!(
        found,
        Err(vec![MandatedDisclosureError::NoticeContradicted])
    );
}

#[test]
fn a_subpoena_is_told_what_is_missing() {
    let words = MandatedDisclosureError::SubpoenaAlone.to_string();
    assert!(words.contains("not without a court's order"), "{words}");
}

fn some<C: Code>() -> impl Strategy<Value = Vec<C>> {
    prop::sample::subsequence(C::ALL.to_vec(), 0..=C::ALL.len().min(4))
}

prop_compose! {
    fn any_record()(
        instrument in prop::sample::select(MandateInstrument::ALL.to_vec()),
        authority in "[ a-z]{0,6}",
        days in (0..40_i32, 0..40_i32),
        named in any::<bool>(),
        ordered in some::<DataCategory>(),
        categories in some::<DataCategory>(),
        minimum in any::<bool>(),
        results in some::<NoticeResult>(),
        no_notice in prop::option::of(prop::sample::select(NoNoticeReason::ALL.to_vec())),
        steps in some::<ProtectiveStep>(),
        no_protection in prop::option::of(prop::sample::select(NoProtectionReason::ALL.to_vec())),
    ) -> MandatedDisclosureInput {
        let today = now().day();
        MandatedDisclosureInput {
            instrument,
            issuing_authority: authority,
            dated_on: Date(today.plus_days(-days.0)),
            disclosed_on: Date(today.plus_days(-days.1)),
            recipient_outside: named.then(|| outside("Court")),
            ordered_categories: ordered,
            categories,
            minimum_necessary: minimum,
            attempts: results
                .into_iter()
                .map(|result| NoticeAttemptInput { result, ..attempt(now()) })
                .collect(),
            no_notice,
            protective_steps: steps,
            no_protection,
            ..good()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_without_statute_or_court_passes(told in any_record(), inside in any::<bool>()) {
        let recipient = inside.then_some(OTHER);
        let compelled = told.instrument != MandateInstrument::Subpoena;
        let found = check(&told.told(recipient), OWN, now());
        prop_assert_eq!(
            matches!(&found, Err(defects) if defects.contains(&MandatedDisclosureError::SubpoenaAlone)),
            !compelled
        );
        if found.is_ok() {
            let categories: Categories = told.categories.iter().copied().collect();
            prop_assert!(compelled && told.minimum_necessary && !categories.is_empty());
            prop_assert!(categories.within(told.ordered_categories.iter().copied().collect()));
            let untried = [NoticeResult::UnsafeToTry, NoticeResult::ProhibitedByOrder];
            let tried = told.attempts.iter().any(|one| !untried.contains(&one.result));
            prop_assert!(tried != told.no_notice.is_some());
            prop_assert!(!told.protective_steps.is_empty() && told.disclosed_on.0 >= told.dated_on.0);
            prop_assert!(inside != told.recipient_outside.is_some());
        }
    }
}
