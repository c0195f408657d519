//! The decision is total: at the ends of time and of every number it answers, and answers rightly.

use concord::sharing::decide::{ConsentFacts, Facts, MouFacts, Party, Question};
use concord::sharing::{Answer, Ground, decide};
use concord_entities::consent::ConsentDates;
use concord_entities::grants::Grants;
use concord_entities::ids::{ConsentId, MouId};
use concord_entities::instant::{Day, Instant};
use concord_entities::mou::MouDates;
use concord_entities::vocabulary::{
    AgencyStatus, Code, DataCategory, Purpose, ReferralStatus, Set,
};
use proptest::prelude::*;
use sea_orm::Value;
use sea_orm::sea_query::ValueType;
use uuid::Uuid;

use super::cases::{NORTH, SOUTH, code};

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn total_at_the_ends_of_time_and_of_every_number(raw in extremes()) {
        let (question, facts, now) = raw.meaning();
        let answer = decide(&question, &facts, now);
        prop_assert_eq!(answer, decide(&question, &facts, now));
        if let Answer::Share(Ground::Consented { .. }) = answer {
            let today = i128::from(now.0).div_euclid(86_400_000_000);
            prop_assert!(raw.moments[1] <= raw.moments[0] && raw.moments[0] < raw.moments[2]);
            prop_assert!(i128::from(raw.days[0]) <= today && today <= i128::from(raw.days[1]));
        }
    }
}

/// Facts as bare numbers, since the ends of time have no written form.
#[derive(Clone, Copy, Debug)]
struct Raw {
    reader_receives: bool,
    /// Now, and the consent's beginning, end, signature, revocation and voiding; the MOU's signature and halt.
    moments: [i64; 8],
    /// The MOU's first and last.
    days: [i32; 2],
    /// Of token, consent, consent, MOU, MOU.
    bits: [i32; 5],
    /// Whether there is a signature, revocation, voiding; a signature, halt.
    there: [bool; 5],
    version: i32,
    status: ReferralStatus,
}

fn extremes() -> impl Strategy<Value = Raw> {
    let long = || prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0), any::<i64>()];
    let int = || prop_oneof![Just(i32::MIN), Just(i32::MAX), Just(0), any::<i32>()];
    let bits = || prop_oneof![2 => Just(-1), 1 => any::<i32>()];
    let [always, seldom] = [0.9, 0.1].map(prop::bool::weighted);
    (
        any::<bool>(),
        [
            long(),
            long(),
            long(),
            long(),
            long(),
            long(),
            long(),
            long(),
        ],
        [int(), int()],
        [bits(), bits(), bits(), bits(), bits()],
        [always, seldom, seldom, always, seldom],
        int(),
        code(),
    )
        .prop_map(
            |(reader_receives, moments, days, bits, there, version, status)| Raw {
                reader_receives,
                moments,
                days,
                bits,
                there,
                version,
                status,
            },
        )
}

impl Raw {
    fn meaning(&self) -> (Question, Facts, Instant) {
        let [now, begins, ends, signed, revoked, void, mou_signed, halted] =
            self.moments.map(Instant);
        let [is_signed, is_revoked, is_void, mou_is_signed, is_halted] = self.there;
        let party = |agency| Party {
            agency,
            status: AgencyStatus::Active,
        };
        let question = Question {
            reader: if self.reader_receives { SOUTH } else { NORTH },
            category: DataCategory::Financial,
            purpose: Purpose::SafetyPlanning,
            ceiling: stored(self.bits[0]),
        };
        let consent = ConsentFacts {
            id: ConsentId(Uuid::max()),
            version: self.version,
            discloser: NORTH,
            recipient: SOUTH,
            grants: Grants::product(stored(self.bits[1]), stored(self.bits[2])),
            dates: ConsentDates {
                effective_at: begins,
                expires_at: ends,
                signed_at: is_signed.then_some(signed),
                revoked_at: is_revoked.then_some(revoked),
                void_at: is_void.then_some(void),
                suspends_at: None,
            },
        };
        let mou = MouFacts {
            id: MouId(Uuid::nil()),
            version: self.version,
            binds_both: true,
            grants: Grants::product(stored(self.bits[3]), stored(self.bits[4])),
            dates: MouDates {
                begins_at: Day(self.days[0]).start(),
                ends_at: Day(self.days[1]).end(),
                signed_at: mou_is_signed.then_some(mou_signed),
                halted_at: is_halted.then_some(halted),
            },
        };
        let facts = Facts {
            sender: party(NORTH),
            recipient: party(SOUTH),
            parted: false,
            status: self.status,
            answerable_until: None,
            halted: false,
            consent: Some(consent),
            mou: Some(mou),
        };
        (question, facts, now)
    }
}

/// The set that a database would give back for these bits, known and unknown ones alike.
fn stored<C: Code>(bits: i32) -> Set<C> {
    <Set<C> as ValueType>::try_from(Value::Int(Some(bits))).unwrap()
}
