//! Questions, facts and moments: a world in which everything is in order, and random ones around it.

use concord::sharing::Answer;
use concord::sharing::decide::{ConsentFacts, Facts, MouFacts, Party, Question, decide};
use concord_entities::consent::ConsentDates;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, MouId};
use concord_entities::instant::{Day, Instant};
use concord_entities::mou::MouDates;
use concord_entities::vocabulary::{
    AgencyStatus, Categories, Code, DataCategory, Purpose, ReferralStatus, Set,
};
use proptest::prelude::*;
use uuid::Uuid;

pub const NORTH: AgencyId = AgencyId(Uuid::from_u128(1));
pub const SOUTH: AgencyId = AgencyId(Uuid::from_u128(2));
pub const EAST: AgencyId = AgencyId(Uuid::from_u128(3));
pub const WEST: AgencyId = AgencyId(Uuid::from_u128(4));

/// The first of the days on which everything here happens.
pub const MONDAY: Day = Day(20_514);

/// One thing to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub question: Question,
    pub facts: Facts,
    pub now: Instant,
}

impl Case {
    pub fn answer(&self) -> Answer {
        decide(&self.question, &self.facts, self.now)
    }

    /// The same, a little different.
    pub fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    /// Changes the consent, where there is one.
    pub fn consent(&mut self, change: impl FnOnce(&mut ConsentFacts)) {
        self.facts.consent.as_mut().map(change);
    }

    /// Changes the MOU, where there is one.
    pub fn mou(&mut self, change: impl FnOnce(&mut MouFacts)) {
        self.facts.mou.as_mut().map(change);
    }
}

/// South reads what North sent it, on Wednesday at noon, and every key is there for every category and purpose.
pub fn in_order() -> Case {
    let active = |agency| Party {
        agency,
        status: AgencyStatus::Active,
    };
    Case {
        question: Question {
            reader: SOUTH,
            category: DataCategory::Identity,
            purpose: Purpose::ServiceDelivery,
            ceiling: Categories::all(),
        },
        facts: Facts {
            sender: active(NORTH),
            recipient: active(SOUTH),
            parted: false,
            status: ReferralStatus::Accepted,
            answerable_until: Some(noon(30)),
            halted: false,
            consent: Some(ConsentFacts {
                id: ConsentId(Uuid::from_u128(10)),
                version: 1,
                discloser: NORTH,
                recipient: SOUTH,
                grants: everything(),
                dates: ConsentDates {
                    effective_at: noon(0),
                    expires_at: noon(4),
                    signed_at: Some(noon(0)),
                    revoked_at: None,
                    void_at: None,
                    suspends_at: None,
                },
            }),
            mou: Some(MouFacts {
                id: MouId(Uuid::from_u128(20)),
                version: 1,
                binds_both: true,
                grants: everything(),
                dates: MouDates {
                    begins_at: midnight(0),
                    ends_at: midnight(5),
                    signed_at: Some(noon(0)),
                    halted_at: None,
                },
            }),
        },
        now: noon(2),
    }
}

/// Noon, so many days after Monday.
pub fn noon(days: i32) -> Instant {
    Instant(midnight(days).0 + 43_200_000_000)
}

/// The first moment of the day that is so many days after Monday.
pub fn midnight(days: i32) -> Instant {
    Instant(i64::from(MONDAY.0 + days) * 86_400_000_000)
}

/// Any case, with most of it in order, so that each flaw is also met alone.
pub fn cases() -> impl Strategy<Value = Case> {
    (questions(), facts(), moments(1..=3)).prop_map(|(question, facts, now)| Case {
        question,
        facts,
        now,
    })
}

/// Any case in which an own package is not what is asked for.
pub fn disclosures() -> impl Strategy<Value = Case> {
    cases().prop_filter("a sender's own", |case| {
        case.question.reader != case.facts.sender.agency
    })
}

/// Any agency of the four.
pub fn agencies() -> impl Strategy<Value = AgencyId> {
    prop::sample::select(vec![NORTH, SOUTH, EAST, WEST])
}

/// Any code of a list.
pub fn code<C: Code>() -> impl Strategy<Value = C> {
    prop::sample::select(C::ALL)
}

/// A moment on which a rule may turn: a midnight or a noon of these days, or the microsecond on either side.
pub fn moments(days: std::ops::RangeInclusive<i32>) -> impl Strategy<Value = Instant> {
    (days, any::<bool>(), -1..=1_i64).prop_map(|(days, at_noon, aside)| {
        let hour = if at_noon { noon(days) } else { midnight(days) };
        Instant(hour.0 + aside)
    })
}

/// `usual` 24 times out of 25, and else anything that `rare` gives: about two flaws a case.
fn mostly<T: std::fmt::Debug>(
    usual: impl Strategy<Value = T>,
    rare: impl Strategy<Value = T>,
) -> impl Strategy<Value = T> {
    prop_oneof![24 => usual, 1 => rare]
}

fn some_codes<C: Code>() -> impl Strategy<Value = Set<C>> {
    let any_of_them = prop::sample::subsequence(C::ALL, 0..=C::ALL.len())
        .prop_map(|codes| codes.into_iter().collect());
    prop_oneof![5 => Just(Set::all()), 1 => any_of_them]
}

/// Every category for every purpose.
pub fn everything() -> Grants {
    Grants::product(Set::all(), Set::all())
}

/// All of these but this category, for any purpose.
pub fn without_category(grants: Grants, category: DataCategory) -> Grants {
    grants.without(&Grants::product(Set::only(category), Set::all()))
}

/// All of these but this purpose.
pub fn without_purpose(grants: Grants, purpose: Purpose) -> Grants {
    grants.without(&Grants::product(Set::all(), Set::only(purpose)))
}

/// All of these but this category for this purpose.
pub fn without_pair(grants: Grants, category: DataCategory, purpose: Purpose) -> Grants {
    grants.without(&Grants::product(Set::only(category), Set::only(purpose)))
}

/// Mostly a product, and else each purpose has categories of its own.
fn some_grants() -> impl Strategy<Value = Grants> {
    let products = (some_codes(), some_codes())
        .prop_map(|(categories, purposes)| Grants::product(categories, purposes));
    let each = prop::collection::vec(some_codes(), Purpose::ALL.len());
    let pairs = each.prop_map(|each| Purpose::ALL.iter().copied().zip(each).collect());
    prop_oneof![1 => products, 1 => pairs]
}

fn questions() -> impl Strategy<Value = Question> {
    let reader = prop_oneof![12 => Just(SOUTH), 3 => Just(NORTH), 1 => agencies()];
    (reader, code(), code(), some_codes()).prop_map(|(reader, category, purpose, categories)| {
        Question {
            reader,
            category,
            purpose,
            ceiling: categories,
        }
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let party = |usual| {
        let status = mostly(Just(AgencyStatus::Active), code());
        (mostly(Just(usual), agencies()), status)
            .prop_map(|(agency, status)| Party { agency, status })
    };
    let status = prop_oneof![
        8 => prop::sample::select(vec![
            ReferralStatus::Requested,
            ReferralStatus::Accepted,
            ReferralStatus::InProgress,
            ReferralStatus::OnHold,
        ]),
        2 => code(),
    ];
    (
        party(NORTH),
        (party(SOUTH), prop::bool::weighted(0.05)),
        status,
        prop_oneof![
            2 => Just(Some(noon(30))),
            1 => prop::option::of(moments(0..=4)),
        ],
        prop::bool::weighted(0.06),
        prop::option::weighted(0.96, consents()),
        prop::option::weighted(0.96, mous()),
    )
        .prop_map(
            |(sender, (recipient, parted), status, answerable_until, halted, consent, mou)| Facts {
                sender,
                recipient,
                parted,
                status,
                answerable_until,
                halted,
                consent,
                mou,
            },
        )
}

fn consents() -> impl Strategy<Value = ConsentFacts> {
    let begins = || mostly(moments(0..=1), moments(0..=4));
    let seldom = || mostly(Just(None), moments(0..=4).prop_map(Some));
    (
        1..=3_i32,
        (
            mostly(Just(NORTH), agencies()),
            mostly(Just(SOUTH), agencies()),
        ),
        some_grants(),
        (begins(), mostly(moments(3..=4), moments(0..=4))),
        mostly(begins().prop_map(Some), Just(None)),
        (
            seldom(),
            seldom(),
            prop::option::weighted(0.2, moments(0..=4)),
        ),
    )
        .prop_map(
            |(version, (discloser, recipient), covers, time, signed_at, ends)| ConsentFacts {
                id: ConsentId(Uuid::from_u128(10)),
                version,
                discloser,
                recipient,
                grants: covers,
                dates: ConsentDates {
                    effective_at: time.0,
                    expires_at: time.1,
                    signed_at,
                    revoked_at: ends.0,
                    void_at: ends.1,
                    suspends_at: ends.2,
                },
            },
        )
}

fn mous() -> impl Strategy<Value = MouFacts> {
    let day = |days: std::ops::RangeInclusive<i32>| days.prop_map(|days| MONDAY.plus_days(days));
    (
        1..=3_i32,
        mostly(Just(true), any::<bool>()),
        some_grants(),
        (
            mostly(day(0..=1), day(0..=4)),
            mostly(day(2..=4), day(0..=4)),
        ),
        mostly(moments(0..=1).prop_map(Some), Just(None)),
        mostly(Just(None), moments(0..=4).prop_map(Some)),
    )
        .prop_map(
            |(version, binds_both, covers, days, signed_at, halted_at)| MouFacts {
                id: MouId(Uuid::from_u128(20)),
                version,
                binds_both,
                grants: covers,
                dates: MouDates {
                    begins_at: days.0.start(),
                    ends_at: days.1.end(),
                    signed_at,
                    halted_at,
                },
            },
        )
}
