//! A badge counts what the shown status counts: what waits for an answer, and what was answered lately.

use std::collections::BTreeSet;

use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord_entities::ids::ReferralId;
use concord_entities::referral;
use concord_entities::vocabulary::ReferralStatus;
use proptest::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, IntoActiveModel, Select};

use super::referrals::rows;
use super::{Pattern, drawn, every_moment, moment, second};
use crate::world::on_both;

on_both!(a_badge_counts_by_the_status_that_is_shown: Pattern);
async fn a_badge_counts_by_the_status_that_is_shown(pattern: Pattern) {
    let changed = (rows(pattern.referral.clone()), moment());
    // Whatever is sent has a term.
    let changed = changed.prop_map(|(row, updated_at)| referral::Model {
        expires_at: row.expires_at.or(Some(second(2))),
        updated_at,
        ..row
    });
    let rows = drawn(&changed);
    let store = &pattern.world.service.store;
    let made = rows.iter().cloned().map(IntoActiveModel::into_active_model);
    referral::Entity::insert_many(made)
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    let found = async |select: Select<referral::Entity>| -> BTreeSet<ReferralId> {
        let found = select.all(&store.read).await.unwrap();
        found.iter().map(|row| row.id).collect()
    };
    let recipient = pattern.referral.recipient_id;
    let since = second(2);
    let (mut waiting, mut answered) = (0, 0);
    for now in every_moment() {
        let by_rule = |wanted: &dyn Fn(&referral::Model, ReferralStatus) -> bool| {
            let meant = rows.iter().filter(|row| {
                let stands = CurrentStatus::of(&StoredStatus::from(*row), now).status;
                wanted(row, stands)
            });
            meant.map(|row| row.id).collect::<BTreeSet<_>>()
        };
        let at = Expr::value(now);
        let unanswered = found(referral::Entity::unanswered(recipient, &at)).await;
        let own = |ids: BTreeSet<ReferralId>| -> BTreeSet<ReferralId> {
            ids.into_iter()
                .filter(|id| *id != pattern.referral.id)
                .collect()
        };
        let expected = by_rule(&|_, stands| stands == ReferralStatus::Requested);
        waiting += expected.len();
        assert_eq!(own(unanswered), expected, "at {now}");
        let lately = referral::Entity::answered(pattern.sender.id, Expr::value(since), &at);
        let lately = own(found(lately).await);
        let expected = by_rule(&|row, stands| {
            let is_answer = [ReferralStatus::Accepted, ReferralStatus::Rejected].contains(&stands);
            is_answer && row.updated_at > since
        });
        answered += expected.len();
        assert_eq!(lately, expected, "at {now}");
    }
    assert!(waiting > 100 && answered > 100, "{waiting} and {answered}");
}
