//! The filter of an inbox or outbox finds a referral by exactly the status that is then shown.

use std::collections::BTreeSet;
use std::time::Duration;

use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::referral::{self, UNANSWERED};
use concord_entities::vocabulary::{Code, ReferralStatus};
use proptest::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter};

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

fn sent_at() -> impl Strategy<Value = Instant> {
    prop_oneof![
        moment(),
        moment().prop_map(|at| at.minus(UNANSWERED)),
        moment().prop_map(|at| at.minus(UNANSWERED + Duration::from_hours(1))),
    ]
}

fn rows(like: referral::Model) -> impl Strategy<Value = referral::Model> {
    (
        stored(),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.6, moment()),
        prop::option::weighted(0.6, moment()),
        prop::option::weighted(0.9, sent_at()),
    )
        .prop_map(
            move |(status, halted, consent_until, mou_until, sent_at)| referral::Model {
                id: ReferralId::new(),
                status,
                halted,
                consent_until,
                mou_until,
                sent_at,
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
