//! The filter of an inbox or outbox finds a referral by exactly the status that is then shown.

use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::referral;
use concord_entities::vocabulary::{Code, ReferralStatus};
use proptest::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::BTreeSet;

use super::{Pattern, drawn, every_moment, moment};
use crate::world::on_both;

/// Where people may bring a referral: time alone makes it suspended or expired.
fn stored() -> impl Strategy<Value = ReferralStatus> {
    let by_time = [ReferralStatus::Suspended, ReferralStatus::Expired];
    let all = ReferralStatus::ALL.iter().copied();
    let stored: Vec<_> = all.filter(|status| !by_time.contains(status)).collect();
    // Half of them wait for an answer, on which most dates bear.
    prop_oneof![
        Just(ReferralStatus::Requested),
        prop::sample::select(stored)
    ]
}

pub(super) fn rows(like: referral::Model) -> impl Strategy<Value = referral::Model> {
    (
        stored(),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.6, moment()),
        prop::option::weighted(0.6, moment()),
        prop::option::weighted(0.9, moment()),
    )
        .prop_map(
            move |(status, halted, consent_until, mou_until, expires_at)| referral::Model {
                id: ReferralId::new(),
                status,
                halted,
                consent_until,
                mou_until,
                expires_at,
                settled_at: Instant(0),
                ..like.clone()
            },
        )
}

on_both!(a_referral_is_found_by_the_status_that_it_is_shown_with: Pattern);
async fn a_referral_is_found_by_the_status_that_it_is_shown_with(pattern: Pattern) {
    let rows = drawn(&rows(pattern.referral.clone()));
    let store = &pattern.world.service.store;
    let made = rows.iter().cloned().map(IntoActiveModel::into_active_model);
    referral::Entity::insert_many(made)
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    let generated: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
    let mut met = BTreeSet::new();
    for now in every_moment() {
        for status in ReferralStatus::ALL {
            let by_sql = referral::Entity::outbox(pattern.sender.id)
                .filter(referral::stands_at(*status, &Expr::value(now)))
                .all(&store.read)
                .await
                .unwrap();
            let by_sql: BTreeSet<_> = by_sql.iter().map(|row| row.id).collect();
            for row in &rows {
                let by_rule = CurrentStatus::of(&StoredStatus::from(row), now).status;
                let agree = by_sql.contains(&row.id) == (by_rule == *status);
                assert!(agree, "{status} at {now}, by the rule {by_rule}: {row:?}");
            }
            met.extend(by_sql.intersection(&generated).map(|_| *status));
        }
    }
    let all: BTreeSet<_> = ReferralStatus::ALL.iter().copied().collect();
    assert_eq!(met, all, "every status was met");
}

on_both!(where_a_row_is_settled_it_stands_until_its_moment_comes: Pattern);
async fn where_a_row_is_settled_it_stands_until_its_moment_comes(pattern: Pattern) {
    let rows = drawn(&rows(pattern.referral.clone()));
    let store = &pattern.world.service.store;
    let made = rows.iter().cloned().map(IntoActiveModel::into_active_model);
    referral::Entity::insert_many(made)
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    let mut moved = BTreeSet::new();
    for now in every_moment() {
        let mut found = BTreeSet::new();
        for status in ReferralStatus::ALL {
            let settled = referral::Entity::outbox(pattern.sender.id)
                .filter(referral::settled_in(*status, &Expr::value(now)))
                .all(&store.read)
                .await
                .unwrap();
            for row in &settled {
                let by_rule = CurrentStatus::of(&StoredStatus::from(row), now).status;
                assert_eq!(by_rule, *status, "at {now}: {row:?}");
                assert!(found.insert(row.id), "it stands in one state");
            }
        }
        let unsettled = referral::Entity::settle(now, u64::from(u32::MAX));
        let count = unsettled.exec(&store.write).await.unwrap().rows_affected;
        let all = referral::Entity::outbox(pattern.sender.id)
            .all(&store.read)
            .await
            .unwrap();
        let missing: Vec<_> = all.iter().filter(|row| !found.contains(&row.id)).collect();
        assert_eq!(u64::try_from(missing.len()).unwrap(), count, "at {now}");
        moved.extend(missing.iter().map(|row| row.id));
    }
    assert!(moved.len() > rows.len() / 5, "time moved {}", moved.len());
}
