//! What the linter promises whatever it is given.

use std::collections::BTreeSet;

use concord::consent::lint::{ConsentDraft, RulePacks, blocking, lint};
use concord_entities::consent::StoredInterpreter;
use concord_entities::grants::Grants;
use concord_entities::instant::{Day, Instant};
use concord_entities::rule_pack;
use concord_entities::vocabulary::{
    Code, DataCategory, Explanation, MinorAlone, Pack, Purpose, Set, SignerRole,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::lint::{NORTH, NOW, SOUTH, WEST, bound, days, every_set, good};

const ZONES: [&str; 5] = [
    "UTC",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
    "Africa/Cairo",
];

fn codes<C: Code>() -> impl Strategy<Value = Set<C>> {
    vec(select(C::ALL), 0..=C::ALL.len()).prop_map(|some| some.into_iter().collect())
}

fn grants() -> impl Strategy<Value = Grants> {
    vec((select(Purpose::ALL), codes::<DataCategory>()), 0..4)
        .prop_map(|pairs| pairs.into_iter().collect())
}

fn moments() -> impl Strategy<Value = Instant> {
    prop_oneof![
        (-200_i64..400).prop_map(days),
        any::<i64>().prop_map(Instant),
        Just(NOW),
    ]
}

fn interpreters() -> impl Strategy<Value = StoredInterpreter> {
    (any::<[bool; 6]>(), "[a-z]{0,3}(-[A-Z]{2})?").prop_map(|(is, language)| StoredInterpreter {
        language,
        same_dialect: is[0],
        qualified: is[1],
        named_on_paper: is[2],
        knows_survivor: is[3],
        knows_accused: is[4],
        is_victim: is[5],
    })
}

fn drafts() -> impl Strategy<Value = ConsentDraft> {
    let agencies = || select(vec![NORTH, SOUTH, WEST]);
    let sides = (agencies(), agencies(), option::of(agencies()));
    let sets = (grants(), option::of(grants()), codes::<Explanation>());
    let people = (
        "[a-z]{2}",
        option::of("\\PC{0,8}"),
        option::of(interpreters()),
        option::of(select(MinorAlone::ALL)),
        option::of(vec(select(SignerRole::ALL), 0..4)),
    );
    let times = (
        moments(),
        option::of(moments()),
        option::of(any::<i32>()),
        0..ZONES.len(),
        option::of(any::<i32>()),
    );
    (sides, sets, people, times, any::<[bool; 9]>()).prop_map(|(sides, sets, people, times, is)| {
        ConsentDraft {
            zone: ZONES[times.3].parse().unwrap(),
            discloser: sides.0,
            recipient: sides.1,
            intermediary: sides.2,
            recipient_known: is[0],
            through_intermediary: is[1],
            grants: sets.0,
            ceiling: sets.1,
            explained: sets.2,
            names_substance_use: is[2],
            language: people.0,
            understood: people.1,
            interpreter: people.2,
            minor_alone: people.3,
            signed: people.4,
            voluntary: is[3],
            revocable: is[4],
            minor: is[5],
            came_of_age: times.4.map(Day),
            incapacitated: is[6],
            both_guardians: is[7],
            objected: is[8],
            first_signed: times.2.map(Day),
            effective_at: times.0,
            expires_at: times.1,
        }
    })
}

fn packs() -> impl Strategy<Value = RulePacks> {
    let one = (
        select(Pack::ALL),
        any::<i32>(),
        option::of(any::<i32>()),
        option::of(any::<i32>()),
    );
    vec(one, 0..6).prop_map(|some| {
        let some = some.into_iter();
        RulePacks(
            some.map(|(pack, from, until, max_days)| rule_pack::Model {
                from_on: Day(from),
                until_on: until.map(Day),
                max_days,
                ..bound(pack)
            })
            .collect(),
        )
    })
}

proptest! {
    /// Whatever it is given, it answers, the same each time, and tells nothing twice.
    #[test]
    fn it_is_total_and_stable(draft in drafts(), packs in packs(), now in moments()) {
        let found = lint(&draft, &packs, now);
        prop_assert_eq!(&found, &lint(&draft, &packs, now));
        let codes: BTreeSet<_> = found.iter().map(|finding| finding.code).collect();
        prop_assert_eq!(codes.len(), found.len());
    }

    /// The order in which an agency said what binds it changes nothing.
    #[test]
    fn the_order_of_the_rules_is_nothing(draft in drafts(), packs in packs()) {
        let found: Vec<_> = lint(&draft, &packs, NOW).iter().map(|one| (one.code, one.severity)).collect();
        let mut turned = packs.clone();
        turned.0.reverse();
        let again: Vec<_> = lint(&draft, &turned, NOW).iter().map(|one| (one.code, one.severity)).collect();
        prop_assert_eq!(found, again);
    }

    /// An agency that is bound by more rules is never allowed more.
    #[test]
    fn more_rules_never_allow_more(draft in drafts(), more in 0_usize..5) {
        for packs in every_set() {
            let mut wider = packs.clone();
            // A state's law may let a consent run for longer than the field's practice does, and nothing else.
            let lawful = packs.0.is_empty() && Pack::ALL[more] == Pack::State;
            wider.0.push(bound(Pack::ALL[more]));
            let codes = |packs: &RulePacks| -> BTreeSet<&'static str> {
                blocking(lint(&draft, packs, NOW)).iter().map(|one| one.code).collect()
            };
            let lost: Vec<_> = codes(&packs).difference(&codes(&wider)).copied().collect();
            prop_assert!(lost.is_empty() || (lawful && lost == ["EXPIRY_TOO_LATE"]), "{:?}", lost);
        }
    }

    /// Whatever its beginning, it ends by the last of its days from now, and from the first signature.
    #[test]
    fn nothing_makes_it_longer(draft in drafts(), now in moments(), older in 0_i32..200) {
        // Whether it was signed before the person was an adult is another question.
        let draft = ConsentDraft { came_of_age: None, ..draft };
        let codes = |draft: &ConsentDraft| -> BTreeSet<&'static str> {
            lint(draft, &RulePacks::default(), now).iter().map(|one| one.code).collect()
        };
        if let (Some(end), false) = (draft.expires_at, codes(&draft).contains("EXPIRY_TOO_LATE")) {
            let latest = |day: Day| draft.zone.end(day.plus_days(90));
            prop_assert!(end <= latest(draft.zone.day(now)));
            prop_assert!(draft.first_signed.is_none_or(|day| end <= latest(day)));
        } else {
            let first_signed = Some(draft.first_signed.unwrap_or(draft.zone.day(now)).plus_days(-older));
            let older = ConsentDraft { first_signed, ..draft.clone() };
            prop_assert_eq!(codes(&draft), codes(&older));
        }
    }

    /// While it runs and the rules stay, time changes nothing.
    #[test]
    fn a_later_look_finds_the_same(draft in drafts(), earlier in 0_i64..60, later in 0_i64..60) {
        let draft = ConsentDraft { effective_at: days(-1), expires_at: Some(days(60)), ..draft };
        for packs in every_set() {
            prop_assert_eq!(lint(&draft, &packs, days(earlier)), lint(&draft, &packs, days(later)));
        }
    }

    /// A good consent is good at any moment before its end, and under any rules of any dates that let it run so long.
    #[test]
    fn a_good_consent_is_good_until_its_end(day in -1_i64..60, mut packs in packs()) {
        for one in &mut packs.0 {
            one.max_days = one.max_days.map(|days| days.clamp(61, 366));
        }
        prop_assert_eq!(lint(&good(), &packs, days(day)), []);
    }
}
