//! Which holds can be recorded, and which are in force, over made-up days.

use std::time::Duration;

use concord::survivor::legal_hold::rules::{
    self, LegalHoldError, ToldHold, are_confirmed, released,
};
use concord_entities::ids::{AgencyId, LegalHoldId, SurvivorId};
use concord_entities::instant::{Day, Instant};
use concord_entities::legal_hold::Model;
use concord_entities::vocabulary::LegalHoldGround;
use concord_entities::zone::Zone;
use proptest::prelude::*;

const NOW: &str = "2026-06-15T12:00:00Z";

fn now() -> Instant {
    NOW.parse().unwrap()
}

fn today(plus: i32) -> Day {
    now().day().plus_days(plus)
}

fn check(told: &ToldHold<'_>, now: Instant) -> Result<(), Vec<LegalHoldError>> {
    rules::check(told, &Zone::UTC, now)
}

fn is_in_force(hold: &Model, now: Instant) -> bool {
    rules::is_in_force(hold, &Zone::UTC, now)
}

fn in_force(holds: &[Model], now: Instant) -> Vec<&Model> {
    rules::in_force(holds, &Zone::UTC, now)
}

fn good() -> ToldHold<'static> {
    ToldHold {
        issued_on: today(-3),
        ends_on: Some(today(30)),
        counsel_office: "Office of counsel",
        reference: Some("26-CV-1"),
    }
}

fn recorded(told: &ToldHold<'_>) -> Model {
    Model {
        id: LegalHoldId::new(),
        agency_id: AgencyId::new(),
        survivor_id: SurvivorId::new(),
        ground: LegalHoldGround::CourtOrder,
        issued_on: told.issued_on,
        ends_on: told.ends_on,
        sealed: Vec::new(),
        recorded_at: now(),
        released_at: None,
    }
}

#[test]
fn each_defect_appears_by_itself() {
    assert_eq!(check(&good(), now()), Ok(()));
    let long = "x".repeat(201);
    let cases = [
        (
            ToldHold {
                issued_on: today(2),
                ..good()
            },
            LegalHoldError::IssuedAhead,
        ),
        (
            ToldHold {
                issued_on: today(1),
                ends_on: Some(today(0)),
                ..good()
            },
            LegalHoldError::EndsBefore,
        ),
        (
            ToldHold {
                ends_on: Some(today(-1)),
                ..good()
            },
            LegalHoldError::Over,
        ),
        (
            ToldHold {
                counsel_office: " ",
                ..good()
            },
            LegalHoldError::CounselOffice,
        ),
        (
            ToldHold {
                reference: Some(&long),
                ..good()
            },
            LegalHoldError::Reference,
        ),
    ];
    for (told, defect) in cases {
        assert_eq!(check(&told, now()), Err(vec![defect]), "{told:?}");
    }
    for told in [
        ToldHold {
            issued_on: today(1),
            ..good()
        },
        ToldHold {
            ends_on: Some(today(0)),
            ..good()
        },
        ToldHold {
            ends_on: None,
            reference: None,
            ..good()
        },
    ] {
        assert_eq!(check(&told, now()), Ok(()), "{told:?}");
    }
    let all = ToldHold {
        issued_on: today(5),
        ends_on: Some(today(-1)),
        counsel_office: "",
        reference: Some(""),
    };
    assert_eq!(check(&all, now()), Err(LegalHoldError::ALL.to_vec()));
}

/// A hold with these days, and a moment up to a month off.
fn held() -> impl Strategy<Value = (Model, Instant)> {
    let days = (-40..5_i32, proptest::option::of(-5..40_i32), any::<bool>());
    (days, -30 * 86_400..30 * 86_400_i64).prop_map(|((issued, ends, released), seconds)| {
        let told = ToldHold {
            issued_on: today(issued),
            ends_on: ends.map(today),
            ..good()
        };
        let hold = Model {
            released_at: released.then(now),
            ..recorded(&told)
        };
        (hold, Instant(now().0 + seconds * 1_000_000))
    })
}

proptest! {
    #[test]
    fn a_hold_is_in_force_through_its_last_day_unless_released((hold, at) in held()) {
        let reached = hold.ends_on.is_none_or(|last| at.day() <= last);
        prop_assert_eq!(is_in_force(&hold, at), reached && hold.released_at.is_none());
    }

    #[test]
    fn what_is_over_stays_over((hold, at) in held(), hours in 0..2_000_u64) {
        let later = at.plus(Duration::from_hours(hours));
        prop_assert!(is_in_force(&hold, at) || !is_in_force(&hold, later));
    }

    #[test]
    fn what_is_released_is_over_at_once_and_released_once((hold, at) in held()) {
        let before = hold.released_at;
        match released(hold, at) {
            Some(over) => {
                prop_assert_eq!((before, over.released_at), (None, Some(at)));
                prop_assert!(!is_in_force(&over, at));
                prop_assert_eq!(released(over, at), None);
            }
            None => prop_assert!(before.is_some()),
        }
    }

    #[test]
    fn what_can_be_recorded_is_in_force((hold, at) in held()) {
        let told = ToldHold { issued_on: hold.issued_on, ends_on: hold.ends_on, ..good() };
        prop_assert!(check(&told, at).is_err() || is_in_force(&recorded(&told), at));
    }

    #[test]
    fn all_in_force_are_confirmed_or_it_is_not((holds, named) in (
        prop::collection::vec(held(), 0..5), prop::collection::vec(any::<bool>(), 5),
    )) {
        let holds: Vec<Model> = holds.into_iter().map(|(hold, _)| hold).collect();
        let confirmed: Vec<LegalHoldId> = holds
            .iter()
            .zip(&named)
            .filter(|(_, named)| **named)
            .map(|(hold, _)| hold.id)
            .collect();
        let unnamed = holds
            .iter()
            .zip(&named)
            .any(|(hold, named)| !named && is_in_force(hold, now()));
        prop_assert_eq!(are_confirmed(&in_force(&holds, now()), &confirmed), !unnamed);
    }
}

/// The last day counts whole where the agency works, and not where the server does.
#[test]
fn the_last_day_is_the_agencys() {
    let hold = recorded(&ToldHold {
        ends_on: Some(today(0)),
        ..good()
    });
    for (zone, last_moment) in [
        ("America/Los_Angeles", "2026-06-16T06:59:59.999999Z"),
        ("UTC", "2026-06-15T23:59:59.999999Z"),
        ("Pacific/Guam", "2026-06-15T13:59:59.999999Z"),
    ] {
        let zone: Zone = zone.parse().unwrap();
        let last: Instant = last_moment.parse().unwrap();
        let told = ToldHold {
            ends_on: hold.ends_on,
            ..good()
        };
        assert!(rules::is_in_force(&hold, &zone, last), "{zone}");
        assert_eq!(rules::check(&told, &zone, last), Ok(()), "{zone}");
        let over = Instant(last.0 + 1);
        assert!(!rules::is_in_force(&hold, &zone, over), "{zone}");
        assert!(rules::check(&told, &zone, over).is_err(), "{zone}");
    }
}
