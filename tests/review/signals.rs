//! What stands out: each rule by itself, the same wherever the reading begins, and over the wire.

use std::collections::HashMap;

use concord::review::signals::rules::{ReviewedActor, SeenEvent, SignalFacts, TO_ACT, signals};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditSignalKind::{
    FirstAccess, ManyRecords, NoLaterAction, OutsideWorkingHours, RefusedInARow, SeveralReaders,
};
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{AuditSignalKind, Code};
use concord_entities::zone::Zone;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{events, opened};
use crate::world::agency::text;
use crate::world::{World, on_both};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const AGENCY: AgencyId = AgencyId(Uuid::from_u128(1));
/// A Wednesday at noon in Manila.
fn noon() -> i64 {
    "2026-11-25T04:00:00Z"
        .parse::<jiff::Timestamp>()
        .unwrap()
        .as_microsecond()
}

fn actor(name: &str) -> ReviewedActor {
    (AGENCY, name.to_owned())
}

fn event(at: i64, who: &str) -> SeenEvent {
    SeenEvent {
        id: AuditEventId(Uuid::from_u128(u128::try_from(at).unwrap())),
        at: Instant(at),
        actor: Some(actor(who)),
        refused: false,
        read: Vec::new(),
        person: None,
        package: None,
    }
}

fn known() -> SignalFacts {
    SignalFacts {
        zones: HashMap::from([(AGENCY, "Asia/Manila".parse::<Zone>().unwrap())]),
        acted_before: ["ada", "ben", "cleo"].map(actor).into(),
        ..SignalFacts::default()
    }
}

/// What stands out, and at which minute after noon.
fn found(events: &[SeenEvent], known: &SignalFacts) -> Vec<(AuditSignalKind, i64)> {
    let found = signals(events, 0, known).into_iter();
    found
        .map(|one| (one.kind, (one.at.0 - noon()) / MINUTE))
        .collect()
}

#[test]
fn working_hours_are_those_of_the_agencys_zone() {
    let at = |hours: i64| event(noon() + hours * HOUR, "ada");
    // 19:00 is after work, 07:00 is work, and Saturday noon is not.
    let day = [at(0), at(6), at(7), at(8), at(19), at(20)];
    let expected = [(OutsideWorkingHours, 7 * 60), (OutsideWorkingHours, 8 * 60)];
    assert_eq!(found(&day, &known()), expected);
    assert_eq!(
        found(&[at(3 * 24)], &known()),
        [(OutsideWorkingHours, 3 * 24 * 60)]
    );
    // One stretch of work is one signal.
    let evening: Vec<_> = (0..10)
        .map(|n| event(noon() + 8 * HOUR + n * 50 * MINUTE, "ada"))
        .collect();
    assert_eq!(found(&evening, &known()), [(OutsideWorkingHours, 8 * 60)]);
}

#[test]
fn many_records_in_ten_minutes_stand_out_once() {
    let reads = |minute: i64, from: usize, many: usize| {
        let read = (from..from + many)
            .map(|n| format!("referral {n}"))
            .collect();
        SeenEvent {
            read,
            ..event(noon() + minute * MINUTE, "ada")
        }
    };
    let slow = [reads(0, 0, 60), reads(10, 60, 60), reads(20, 120, 60)];
    assert_eq!(found(&slow, &known()), []);
    let fast = [reads(0, 0, 60), reads(9, 60, 40), reads(9, 100, 40)];
    assert_eq!(found(&fast, &known()), [(ManyRecords, 9)]);
    // The same page read again and again is no more records.
    let again = [reads(0, 0, 60), reads(1, 0, 60), reads(2, 0, 60)];
    assert_eq!(found(&again, &known()), []);
    let twice = [reads(0, 0, 100), reads(60, 0, 100)];
    assert_eq!(
        found(&twice, &known()),
        [(ManyRecords, 0), (ManyRecords, 60)]
    );
}

#[test]
fn refusals_stand_out_in_a_row() {
    let refused = |minute: i64| SeenEvent {
        refused: true,
        ..event(noon() + minute * MINUTE, "ada")
    };
    let row: Vec<_> = (0..7).map(refused).collect();
    assert_eq!(found(&row, &known()), [(RefusedInARow, 4)]);
    let mut broken: Vec<_> = (0..4).map(refused).collect();
    broken.push(event(noon() + 4 * MINUTE, "ada"));
    broken.extend((5..9).map(refused));
    assert_eq!(found(&broken, &known()), []);
    let slow: Vec<_> = (0..7).map(|n| refused(n * 20)).collect();
    assert_eq!(found(&slow, &known()), []);
}

#[test]
fn a_first_access_and_several_readers_stand_out() {
    let reads = |minute: i64, who: &str| SeenEvent {
        person: Some("subject_1".to_owned()),
        ..event(noon() + minute * MINUTE, who)
    };
    assert_eq!(
        found(&[event(noon(), "zoe"), event(noon() + 1, "zoe")], &known()),
        [(FirstAccess, 0)]
    );
    assert_eq!(found(&[event(noon(), "ada")], &known()), []);
    let readers = [
        reads(0, "ada"),
        reads(5, "ada"),
        reads(30, "ben"),
        reads(40, "ada"),
        reads(50, "cleo"),
    ];
    assert_eq!(
        found(&readers, &known()),
        [(SeveralReaders, 30), (SeveralReaders, 50)]
    );
    assert_eq!(found(&[reads(0, "ada"), reads(60, "ben")], &known()), []);
}

#[test]
fn a_package_that_nobody_acts_on_stands_out_after_three_days() {
    let read = |minute: i64| SeenEvent {
        package: Some("referral_1".to_owned()),
        ..event(noon() + minute * MINUTE, "ada")
    };
    let at = |now: i64, acted: Option<i64>| {
        let acted = acted.map(|minute| {
            (
                (AGENCY, "referral_1".to_owned()),
                Instant(noon() + minute * MINUTE),
            )
        });
        SignalFacts {
            now: Some(Instant(now)),
            acted_on: acted.into_iter().collect(),
            ..known()
        }
    };
    let later = noon() + TO_ACT + 5 * MINUTE;
    let reads = [read(0), read(5)];
    assert_eq!(found(&reads, &at(later, None)), [(NoLaterAction, 5)]);
    assert_eq!(found(&reads, &at(later - 1, None)), []);
    assert_eq!(found(&reads, &at(later, Some(3))), [(NoLaterAction, 5)]);
    assert_eq!(found(&reads, &at(later, Some(6))), []);
}

proptest! {
    /// What is read in two parts, the second with the hour before it, stands out as if it were read at once.
    #[test]
    fn it_does_not_matter_where_the_reading_begins(
        steps in prop::collection::vec((0_i64..40, 0_usize..3, any::<bool>(), 0_usize..3), 1..60),
        cut in 0_usize..60,
    ) {
        let mut at = noon();
        let names = ["ada", "ben", "zoe"];
        let mut events = Vec::new();
        for (minutes, who, refused, person) in steps {
            at += minutes * MINUTE + 1;
            events.push(SeenEvent {
                refused,
                read: (0..person * 40).map(|n| format!("{at} {n}")).collect(),
                person: Some(format!("person {person}")),
                ..event(at, names[who])
            });
        }
        let cut = cut.min(events.len());
        let whole = signals(&events, 0, &known());
        let mut parts = signals(&events[..cut], 0, &known());
        let Some(first) = events.get(cut) else { return Ok(()); };
        let from = events.iter().position(|one| first.at.0 - one.at.0 < HOUR).unwrap();
        let mut later = known();
        later.acted_before.extend(events[..from].iter().filter_map(|one| one.actor.clone()));
        parts.extend(signals(&events[from..], cut - from, &later));
        prop_assert_eq!(whole, parts);
    }
}

/// Asks for the signals of a review until the end; each as its kind and its subject.
async fn asks(who: &crate::world::Agency, review: &str) -> Vec<(String, String, String)> {
    let document = "query($r: ID!, $a: String) { node(id: $r) { ... on AuditReview { signals(after: $a) { \
        examined endCursor signals { kind event subject agency { name } count } } } } }";
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let answer = who.asks(document, json!({ "r": review, "a": after })).await;
        let some = &answer.data()["node"]["signals"];
        for one in some["signals"].as_array().unwrap() {
            all.push((
                text(&one["kind"]),
                text(&one["subject"]),
                text(&one["event"]),
            ));
        }
        after = some["endCursor"].clone();
        if after.is_null() {
            return all;
        }
    }
}

on_both!(a_review_shows_what_stands_out);
async fn a_review_shows_what_stands_out(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let scope = "audit.crus referral.crus consent.crus mou.crus";
    let person = |name: &str| {
        let mut claims = world.claims(south.id, scope);
        name.clone_into(&mut claims.subject);
        south.with(world.signs(&claims))
    };
    let (zoe, yan) = (person("zoe"), person("yan"));
    assert!(zoe.reads(&ada).await.contains("Ada"));
    zoe.reads(&ada).await;
    yan.reads(&ada).await;
    for _ in 0..6 {
        let none = "{ referral(id: \"referral_01h2xcejqtf2nbrexx3vqjhp41\") { id } }";
        yan.asks(none, json!({})).await;
    }
    let review = opened(&south, json!({})).await;
    let found = asks(&south, &review).await;
    let of = |kind: AuditSignalKind| {
        let kind = kind.code();
        found
            .iter()
            .filter(|one| one.0 == kind)
            .map(|one| one.1.as_str())
            .collect::<Vec<_>>()
    };
    let first = of(FirstAccess);
    assert!(
        first.contains(&"zoe") && first.contains(&"yan"),
        "{found:?}"
    );
    assert_eq!(of(SeveralReaders), ["yan"]);
    assert_eq!(of(RefusedInARow), ["yan"]);
    assert!(of(NoLaterAction).is_empty());
    // It leads to the event.
    let denied = events(
        &south,
        json!({ "types": ["ACCESS_DENIED"], "subject": "yan" }),
    )
    .await;
    let fifth = found
        .iter()
        .find(|one| one.0 == RefusedInARow.code())
        .unwrap();
    assert_eq!(text(&denied[1]["id"]), fifth.2);
    // Whose people somebody else's are, and whether they are new, is not north's to know.
    let review = opened(&north, json!({})).await;
    let found = asks(&north, &review).await;
    assert!(
        found
            .iter()
            .all(|one| one.0 != FirstAccess.code() || one.1 == "somebody"),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|one| one.0 == SeveralReaders.code() && one.1 == "yan")
    );
    // A coordinator that names no agency reviews all of them.
    let coordinator = world.coordinator();
    let review = opened(&coordinator, json!({})).await;
    let found = asks(&coordinator, &review).await;
    let of = |kind: AuditSignalKind, who: &str| {
        found.iter().any(|one| one.0 == kind.code() && one.1 == who)
    };
    assert!(
        of(FirstAccess, "zoe") && of(SeveralReaders, "yan"),
        "{found:?}"
    );
}
