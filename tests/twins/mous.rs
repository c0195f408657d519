//! An MOU is found by the status that it is shown with, and by its last day where it works.

use std::collections::{BTreeMap, BTreeSet};

use concord::mou::rules;
use concord_entities::ids::MouId;
use concord_entities::instant::{Day, Instant};
use concord_entities::mou::{self, Follower};
use concord_entities::mou_party;
use concord_entities::vocabulary::{Code, MouStatus};
use concord_entities::zone::Zone;
use proptest::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter};

use super::{Pattern, drawn, every_moment, moment};
use crate::world::on_both;

/// An MOU, and which of its two parties signed it.
type Drawn = (mou::Model, [bool; 2]);

fn rows(like: mou::Model) -> impl Strategy<Value = Drawn> {
    let maybe = |often| prop::option::weighted(often, moment());
    (
        (moment(), moment(), maybe(0.4)),
        (prop::bool::weighted(0.9), maybe(0.7), maybe(0.2)),
        (maybe(0.1), maybe(0.1), maybe(0.1)),
        (any::<[bool; 2]>(), prop::bool::weighted(0.3)),
    )
        .prop_map(move |(days, verbs, ends, (signed, with_notice))| {
            let (offered, signed_at, suspended_at) = verbs;
            let mou = mou::Model {
                id: MouId::new(),
                begins_at: days.0,
                ends_at: days.1,
                review_at: days.2,
                offered_at: offered.then_some(Instant(0)),
                signed_at,
                suspended_at,
                terminated_at: ends.0,
                declined_at: ends.1,
                superseded_at: ends.2,
                terminates_on: with_notice.then_some(like.expires_on),
                ..like.clone()
            };
            (mou, signed)
        })
}

async fn like(pattern: &Pattern) -> mou::Model {
    let drafted = mou::Entity::followed_as(pattern.sender.id, Follower::Drafter);
    let read = &pattern.world.service.store.read;
    drafted.one(read).await.unwrap().unwrap()
}

async fn made(pattern: &Pattern, mous: impl IntoIterator<Item = mou::Model>) {
    let rows = mous.into_iter().map(IntoActiveModel::into_active_model);
    mou::Entity::insert_many(rows)
        .exec_without_returning(&pattern.world.service.store.write)
        .await
        .unwrap();
}

on_both!(an_mou_is_found_by_the_status_that_it_is_shown_with: Pattern);
async fn an_mou_is_found_by_the_status_that_it_is_shown_with(pattern: Pattern) {
    let store = &pattern.world.service.store;
    let like = like(&pattern).await;
    let part = mou_party::Entity::of([like.id]).one(&store.read).await;
    let part = part.unwrap().unwrap();
    let drawn = drawn(&rows(like));
    made(&pattern, drawn.iter().map(|(mou, _)| mou.clone())).await;
    let agencies = [pattern.referral.sender_id, pattern.referral.recipient_id];
    let parties: BTreeMap<MouId, Vec<mou_party::Model>> = drawn
        .iter()
        .map(|(mou, signed)| {
            let of_mou = agencies
                .iter()
                .zip(signed)
                .map(|(agency, signed)| mou_party::Model {
                    mou_id: mou.id,
                    agency_id: *agency,
                    signed_at: signed.then_some(Instant(0)),
                    ..part.clone()
                });
            (mou.id, of_mou.collect())
        })
        .collect();
    let rows = parties.values().flatten().cloned();
    mou_party::Entity::insert_many(rows.map(IntoActiveModel::into_active_model))
        .exec_without_returning(&store.write)
        .await
        .unwrap();

    let mut met = BTreeSet::new();
    for now in every_moment() {
        for status in MouStatus::ALL {
            let found = mou::Entity::followed_as(pattern.sender.id, Follower::Drafter)
                .filter(mou::stands_at(*status, &Expr::value(now)))
                .all(&store.read)
                .await
                .unwrap();
            let found: BTreeSet<_> = found.iter().map(|row| row.id).collect();
            for (row, _) in &drawn {
                let signed = rules::signed(&parties[&row.id]);
                let by_rule = rules::status(row, signed, now);
                let agree = found.contains(&row.id) == (by_rule == *status);
                let (status, by_rule) = (status.code(), by_rule.code());
                assert!(agree, "{status} at {now}, by the rule {by_rule}: {row:?}");
                met.insert(by_rule);
            }
        }
    }
    assert_eq!(met.len(), MouStatus::ALL.len());
}

/// Where days are counted: far ahead of UTC and far behind it, with summer time and without, by half an hour or by a day.
const ZONES: [&str; 7] = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Guam",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
];

on_both!(an_mou_is_found_by_its_last_day_where_it_works: Pattern);
async fn an_mou_is_found_by_its_last_day_where_it_works(pattern: Pattern) {
    let like = like(&pattern).await;
    let strategy = (prop::sample::select(&ZONES), 20_454..21_184_i32, 0..800_i32).prop_map(
        move |(zone, first, length)| {
            let zone: Zone = zone.parse().unwrap();
            let drafted = mou::Model {
                id: MouId::new(),
                effective_on: Day(first),
                expires_on: Day(first).plus_days(length),
                review_on: Some(Day(first)),
                ..like.clone()
            };
            rules::counted_in(drafted, zone)
        },
    );
    let mous = drawn(&strategy);
    made(&pattern, mous.clone()).await;
    for day in mous.iter().map(|mou| mou.expires_on).take(40) {
        for day in [day, day.plus_days(1)] {
            let found = mou::Entity::followed_as(pattern.sender.id, Follower::Drafter)
                .filter(mou::ends_before(day))
                .all(&pattern.world.service.store.read)
                .await
                .unwrap();
            let found: BTreeSet<_> = found.iter().map(|row| row.id).collect();
            for mou in &mous {
                assert_eq!(mou.review_at, Some(mou.begins_at));
                let is_before = mou.expires_on < day;
                assert_eq!(found.contains(&mou.id), is_before, "before {day}: {mou:?}");
            }
        }
    }
}
