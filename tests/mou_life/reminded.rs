//! No MOU runs out unseen: its parties and its coordinator are told 90, 60, 30 and 7 days before its review and its end.

use std::collections::BTreeMap;
use std::time::Duration;

use concord::mou::rules::reminders::{DAYS_BEFORE, due};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::NoticeKind;
use concord_entities::zone::Zone;
use proptest::prelude::*;
use serde_json::json;
use tokio::time::{Instant as Waited, sleep};

use super::table::{Scene, TODAY};
use super::{agree, terms};
use crate::world::agency::day;
use crate::world::{Agency, EVERYTHING, World, on_both};

const HOUR: Duration = Duration::from_hours(1);

/// On which days something is told of an MOU that is signed today, where somebody looks every so many hours.
fn told(zone: &Zone, review: Day, last: Day, every: u32) -> Vec<(NoticeKind, Day)> {
    let mut mou = Scene::draft().mou;
    let signed = zone.start(TODAY).plus(HOUR * 9);
    mou.signed_at = Some(signed);
    mou.time_zone = zone.clone();
    (mou.review_on, mou.expires_on) = (Some(review), last);
    mou.ends_at = zone.end(last);
    let mut told = Vec::new();
    let mut now: Instant = signed;
    while now < mou.ends_at {
        for kind in due(&mou, now) {
            told.push((kind, zone.day(now)));
            mou.reminded_at = Some(now);
        }
        now = now.plus(HOUR * every);
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_is_told_once_on_its_day_where_the_mou_stands(
        zone in prop::sample::select(vec!["Pacific/Honolulu", "Pacific/Guam", "America/New_York"]),
        last in 1..=400_i32,
        review in 0.0..=1.0_f64,
    ) {
        let zone: Zone = zone.parse().unwrap();
        let days: i32 = (0..last).filter(|day| f64::from(*day) < f64::from(last) * review).count().try_into().unwrap();
        let (review, last) = (TODAY.plus_days(days), TODAY.plus_days(last));
        let mut told = told(&zone, review, last, 6);
        told.sort();
        let of = |kind: NoticeKind, day: Day| DAYS_BEFORE.into_iter()
            .map(move |before| (kind, day.plus_days(-before)))
            .filter(|(_, day)| *day > TODAY);
        let mut expected: Vec<_> = of(NoticeKind::MouReviewNears, review)
            .chain(of(NoticeKind::MouEndNears, last))
            .collect();
        expected.sort();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn whoever_looks_seldom_tells_of_each_day_once_and_no_pile(every in 24..=4000_u32) {
        let told = told(&Zone::UTC, TODAY.plus_days(200), TODAY.plus_days(330), every);
        let mut looks: BTreeMap<(NoticeKind, Day), u32> = BTreeMap::new();
        for one in told {
            *looks.entry(one).or_default() += 1;
        }
        prop_assert!(looks.values().all(|times| *times == 1));
        prop_assert!(looks.len() <= 8);
    }
}

#[test]
fn what_is_halted_or_over_or_unsigned_reminds_nobody() {
    let near = || {
        let mut mou = Scene::draft().mou;
        let now = Zone::UTC.start(TODAY);
        mou.signed_at = Some(Instant(now.0 - 100 * 86_400_000_000));
        mou.expires_on = TODAY.plus_days(5);
        mou.ends_at = Zone::UTC.end(mou.expires_on);
        (mou, now)
    };
    let (mou, now) = near();
    assert_eq!(
        due(&mou, now),
        [NoticeKind::MouReviewNears, NoticeKind::MouEndNears]
    );
    for halts in 0..4 {
        let (mut mou, now) = near();
        let column = match halts {
            0 => &mut mou.suspended_at,
            1 => &mut mou.terminated_at,
            2 => &mut mou.superseded_at,
            _ => {
                mou.signed_at = None;
                &mut mou.declined_at
            }
        };
        *column = Some(now);
        assert!(due(&mou, now).is_empty());
    }
    let (mut mou, now) = near();
    mou.ends_at = now;
    assert!(due(&mou, now).is_empty());
}

async fn reminders(agency: &Agency) -> Vec<(String, String)> {
    let all = agency.lists("notices(first: 100)", "kind object").await;
    let nears = all.iter().filter_map(|notice| {
        let kind = notice["kind"].as_str()?;
        kind.ends_with("_NEARS").then(|| {
            (
                kind.to_owned(),
                notice["object"].as_str().unwrap().to_owned(),
            )
        })
    });
    nears.collect()
}

on_both!(the_parties_and_the_coordinator_are_told_before_an_mou_ends_and_no_third);
async fn the_parties_and_the_coordinator_are_told_before_an_mou_ends_and_no_third(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let east = world.agency("east").await;
    let coordinator = world.caller(world.coordinator, "Coordination Office", EVERYTHING);
    let mut mou = terms(&[&north, &south], 30);
    mou["taskForce"] = json!(world.task_force.to_string());
    mou["expiresOn"] = json!(day(20));
    let near = agree(&[&north, &south], &mou).await;
    mou["expiresOn"] = json!(day(200));
    agree(&[&north, &south], &mou).await;
    let _second = world.second_server();
    // Signed long ago: of three reminders that were due since, one is told.
    let signed = "UPDATE mou SET signed_at = signed_at - 6480000000000, offered_at = offered_at - 6480000000000";
    world.tampers(signed);
    let began = Waited::now();
    let expected = [("MOU_END_NEARS".to_owned(), near)];
    for agency in [&north, &south, &coordinator] {
        while reminders(agency).await != expected {
            assert!(
                began.elapsed() < Duration::from_secs(90),
                "{:?}",
                reminders(agency).await
            );
            sleep(Duration::from_millis(500)).await;
        }
    }
    // Nobody is told twice, by whichever server.
    sleep(Duration::from_secs(20)).await;
    for agency in [&north, &south, &coordinator] {
        assert_eq!(reminders(agency).await, expected);
    }
    assert!(reminders(&east).await.is_empty());
    let logged = north
        .lists(
            "auditEvents(filter: { types: [MOU_END_NEARS] })",
            "object subject",
        )
        .await;
    assert_eq!(
        logged,
        [json!({ "object": expected[0].1, "subject": "service" })]
    );
}
