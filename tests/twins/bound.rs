//! Until when an MOU binds two of its parties, SQL says as the rule does.

use std::fmt::Write;

use concord::mou::rules::between;
use concord::sharing::facts::{self, Gathered};
use concord_entities::instant::Instant;
use concord_entities::mou::{self, Follower};
use concord_entities::{mou_party, referral};
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, QueryTrait};

use super::{Pattern, drawn, every_moment, moment};
use crate::world::on_both;

/// What each of the two parties said: whether it signed, and when it leaves.
type Word = (bool, Option<Instant>);

fn words() -> impl Strategy<Value = ([Word; 2], Instant, [Option<Instant>; 4])> {
    let maybe = |often| prop::option::weighted(often, moment());
    let word = || (prop::bool::weighted(0.9), maybe(0.4));
    let halts = (maybe(0.1), maybe(0.1), maybe(0.1), maybe(0.1));
    let halts = halts.prop_map(|(one, two, three, four)| [one, two, three, four]);
    ((word(), word()), moment(), halts)
        .prop_map(|((one, other), ends, halts)| ([one, other], ends, halts))
}

async fn gathered(pattern: &Pattern) -> Gathered {
    let store = &pattern.world.service.store;
    let row = referral::Entity::known_to(pattern.sender.id, pattern.referral.id).into_query();
    let statement = facts::beside_epoch(store.backend, row, true);
    let found = store.read.query_all(&statement).await.unwrap();
    Gathered::from_row(&found[0]).unwrap()
}

on_both!(an_mou_binds_two_parties_until_the_first_of_them_leaves: Pattern);
async fn an_mou_binds_two_parties_until_the_first_of_them_leaves(pattern: Pattern) {
    let store = &pattern.world.service.store;
    let drafted = mou::Entity::followed_as(pattern.sender.id, Follower::Drafter);
    let like = drafted.one(&store.read).await.unwrap().unwrap();
    let parties = mou_party::Entity::of([like.id]).all(&store.read).await;
    let parties = parties.unwrap();
    let pair = [pattern.referral.sender_id, pattern.referral.recipient_id];
    let mut met = [0, 0];
    for (words, ends_at, halts) in drawn(&words()).into_iter().take(120) {
        let [suspended_at, terminated_at, declined_at, superseded_at] = halts;
        let mou = mou::Model {
            ends_at,
            suspended_at,
            terminated_at,
            declined_at,
            superseded_at,
            ..like.clone()
        };
        let said: Vec<_> = parties
            .iter()
            .zip(words)
            .map(|(party, (signed, leaves_at))| {
                let signed_at = party.signed_at.filter(|_| signed);
                mou_party::Model {
                    signed_at,
                    leaves_at,
                    ..party.clone()
                }
            })
            .collect();
        let number = |at: Option<Instant>| at.map_or("NULL".to_owned(), |at| at.0.to_string());
        let mut change = format!(
            "UPDATE mou SET ends_at = {}, suspended_at = {}, terminated_at = {}, declined_at = {}, superseded_at = {} WHERE id = {};",
            mou.ends_at.0,
            number(suspended_at),
            number(terminated_at),
            number(declined_at),
            number(superseded_at),
            pattern.world.sql_id(&mou.id.to_string()),
        );
        for party in &said {
            write!(
                change,
                "UPDATE mou_party SET signed_at = {}, leaves_at = {} WHERE mou_id = {} AND agency_id = {};",
                number(party.signed_at),
                number(party.leaves_at),
                pattern.world.sql_id(&party.mou_id.to_string()),
                pattern.world.sql_id(&party.agency_id.to_string()),
            )
            .unwrap();
        }
        pattern.world.tampers(&change);
        let by_sql = gathered(&pattern).await.facts.mou.unwrap();
        let both = said.iter().all(|party| party.signed_at.is_some());
        assert_eq!(by_sql.binds_both, both, "{said:?}");
        if !both {
            continue;
        }
        let by_rule = between(mou.clone(), &said, pair).dates();
        for now in every_moment() {
            let in_force = by_rule.is_in_force(now);
            assert_eq!(
                by_sql.dates.is_in_force(now),
                in_force,
                "at {now}: {mou:?} {said:?}"
            );
            met[usize::from(in_force)] += 1;
        }
    }
    assert!(met.iter().all(|times| *times > 30), "{met:?}");
}
