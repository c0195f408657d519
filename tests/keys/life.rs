//! The life of keys as a table and as properties.

use std::time::Duration;

use concord::access::keys::schedule::{
    HANDOVER, KeyLife, KeySchedule, KeyState, NOTICE, RetirementError, RotationError, STALE,
    may_rotate,
};
use concord::access::token::{LEEWAY, MAX_LIFE};
use concord::clock::TOLERANCE;
use concord_entities::instant::Instant;
use proptest::prelude::*;

const START: Instant = Instant(1_800_000_000_000_000);
const MOMENT: Duration = Duration::from_micros(1);

fn after(hours: u64) -> Instant {
    START.plus(Duration::from_hours(hours))
}

/// Names keys in the order in which they are made.
struct Namer(usize);

impl Namer {
    fn settle(&mut self, roll: &mut KeySchedule, now: Instant) {
        roll.settle(now, || {
            self.0 += 1;
            Ok::<_, ()>(format!("key {}", self.0))
        })
        .unwrap();
    }
}

fn founded() -> (KeySchedule, Namer) {
    let (mut roll, mut namer) = (KeySchedule::default(), Namer(0));
    namer.settle(&mut roll, START);
    (roll, namer)
}

/// The states of all keys at a moment, in the order in which they were made.
fn states(roll: &KeySchedule, now: Instant) -> String {
    let states = roll.0.iter().map(|key| format!("{:?}", key.state(now)));
    states.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[test]
fn a_key_is_next_then_current_then_previous_then_gone() {
    let (mut roll, mut namer) = founded();
    assert_eq!(states(&roll, START), "current next");
    assert!(roll.is_settled(START));

    assert_eq!(roll.rotate(after(24)), Ok("key 2".to_owned()));
    assert!(!roll.is_settled(after(24)));
    namer.settle(&mut roll, after(24));
    assert_eq!(states(&roll, after(24)), "previous current next");
    assert_eq!(roll.0[0].until(), Some(after(48).plus(HANDOVER)));
    let last = after(48).plus(HANDOVER).minus(MOMENT);
    assert_eq!(states(&roll, last), "previous current next");
    assert_eq!(states(&roll, last.plus(MOMENT)), "gone current next");
}

#[test]
fn no_key_takes_over_before_its_notice_is_over() {
    let (mut roll, _) = founded();
    let young = RotationError::TooYoung {
        since: START,
        from: after(24),
    };
    for early in [START, after(24).minus(MOMENT)] {
        let before = roll.clone();
        assert_eq!(roll.rotate(early), Err(young.clone()));
        assert_eq!(roll, before);
    }
    assert_eq!(may_rotate(&roll, after(24)).unwrap().kid, "key 2");
    assert_eq!(
        young.to_string(),
        "the next key has been published since 2027-01-15T08:00:00Z; a key may not sign before everybody can know it: \
         rotate from 2027-01-16T08:00:00Z on"
    );
    assert_eq!(
        may_rotate(&KeySchedule::default(), START),
        Err(RotationError::NoNext)
    );
}

#[test]
fn a_retired_key_is_gone_at_once_and_its_place_is_filled() {
    for (retired, settled) in [
        ("key 1", "gone current next"),
        ("key 2", "current gone next"),
    ] {
        let (mut roll, mut namer) = founded();
        roll.retire(retired, after(1)).unwrap();
        namer.settle(&mut roll, after(1));
        assert_eq!(states(&roll, after(1)), settled, "{retired}");
        let gone = roll.retire(retired, after(2));
        assert_eq!(gone, Err(RetirementError::Gone));
    }
    let (mut roll, _) = founded();
    assert_eq!(roll.retire("key 3", START), Err(RetirementError::Unknown));
}

#[test]
fn a_lost_private_half_ends_no_token() {
    let (mut roll, mut namer) = founded();
    roll.lose("key 1", after(1));
    roll.lose("key 2", after(1));
    namer.settle(&mut roll, after(1));
    assert_eq!(states(&roll, after(1)), "previous gone current next");
    let before = roll.clone();
    roll.lose("key 1", after(2));
    assert_eq!(roll, before);
}

#[test]
fn a_handover_covers_every_delay() {
    assert!(HANDOVER >= STALE + 2 * TOLERANCE);
    assert!(LEEWAY <= TOLERANCE);
}

/// What an operator does, and how long after what came before.
#[derive(Clone, Debug)]
enum Deed {
    Rotate,
    Retire(usize),
    Lose(usize),
}

fn deeds() -> impl Strategy<Value = Vec<(Duration, Deed)>> {
    let deed = prop_oneof![
        4 => Just(Deed::Rotate),
        1 => (0..20_usize).prop_map(Deed::Retire),
        1 => (0..20_usize).prop_map(Deed::Lose),
    ];
    let pause = prop_oneof![
        Just(Duration::ZERO),
        Just(NOTICE),
        Just(NOTICE.checked_sub(MOMENT).unwrap()),
        (0..3 * 24 * 3600_u64).prop_map(Duration::from_secs),
    ];
    prop::collection::vec((pause, deed), 0..12)
}

/// What the roll was after each deed, and when.
fn told(deeds: Vec<(Duration, Deed)>) -> Vec<(Instant, KeySchedule)> {
    let (mut roll, mut namer) = founded();
    let mut now = START;
    let mut history = vec![(now, roll.clone())];
    for (pause, deed) in deeds {
        now = now.plus(pause);
        let name = |place: usize, roll: &KeySchedule| roll.0[place % roll.0.len()].kid.clone();
        match deed {
            Deed::Rotate => drop(roll.rotate(now)),
            Deed::Retire(place) => {
                let kid = name(place, &roll);
                let _ = roll.retire(&kid, now);
            }
            Deed::Lose(place) => {
                let kid = name(place, &roll);
                roll.lose(&kid, now);
            }
        }
        namer.settle(&mut roll, now);
        history.push((now, roll.clone()));
    }
    history
}

fn count(roll: &KeySchedule, state: KeyState, now: Instant) -> usize {
    roll.0.iter().filter(|key| key.state(now) == state).count()
}

fn signs_at(key: &KeyLife, now: Instant) -> bool {
    let ended = [key.superseded_at, key.retired_at];
    key.signs_from.is_some_and(|from| from <= now)
        && ended.into_iter().flatten().all(|end| now < end)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_one_key_signs_and_one_is_next(
        deeds in deeds(),
        later in (0..10 * 24 * 3600_u64).prop_map(Duration::from_secs),
    ) {
        let history = told(deeds);
        for (now, roll) in &history {
            for moment in [*now, now.plus(later)] {
                prop_assert_eq!(count(roll, KeyState::Current, moment), 1);
                prop_assert_eq!(count(roll, KeyState::Next, moment), 1);
            }
        }
        // By the dates alone, too: at any moment since the start, exactly one had begun and not ended.
        let (_, last) = history.last().unwrap();
        for (moment, _) in &history {
            for moment in [*moment, moment.plus(later)] {
                let signers = last.0.iter().filter(|key| signs_at(key, moment));
                prop_assert_eq!(signers.count(), 1);
            }
        }
    }

    #[test]
    fn a_key_is_accepted_as_long_as_a_token_of_its_lives(
        deeds in deeds(),
        late in (0..=HANDOVER.as_secs()).prop_map(Duration::from_secs),
        life in (0..MAX_LIFE.as_secs()).prop_map(Duration::from_secs),
    ) {
        let history = told(deeds);
        let (_, last) = history.last().unwrap();
        for key in last.0.iter().filter(|key| key.retired_at.is_none()) {
            let Some(superseded) = key.superseded_at else { continue };
            // Signed by a replica that did not know better yet.
            let signed = superseded.plus(late);
            prop_assert_ne!(key.state(signed.plus(life)), KeyState::Gone);
        }
    }

    #[test]
    fn no_key_signs_unknown_but_where_nobody_else_could(deeds in deeds()) {
        let history = told(deeds);
        for pair in history.windows(2) {
            let [(_, before), (now, after)] = pair else { unreachable!() };
            let current = after.one(KeyState::Current, *now).unwrap();
            let was = before.one(KeyState::Current, *now).unwrap();
            if current.kid == was.kid {
                continue;
            }
            let known = now.since(current.published_at) >= NOTICE;
            let ended = after.0.iter().find(|key| key.kid == was.kid).unwrap();
            // Retired, or its private half lost: either way it could not sign on.
            let forced = ended.retired_at == Some(*now) || ended.superseded_at == Some(*now);
            prop_assert!(known || forced);
            if ended.retired_at.is_none() && !known {
                // Only `lose` does this; a rotation never does.
                prop_assert!(before.clone().rotate(*now).is_err());
            }
        }
    }

    #[test]
    fn what_is_over_stays_over(deeds in deeds()) {
        let history = told(deeds);
        for (place, (now, roll)) in history.iter().enumerate() {
            for gone in roll.0.iter().filter(|key| key.state(*now) == KeyState::Gone) {
                for (later, roll) in &history[place..] {
                    let key = roll.0.iter().find(|key| key.kid == gone.kid).unwrap();
                    prop_assert_eq!(key.state(*later), KeyState::Gone);
                }
            }
        }
    }
}
