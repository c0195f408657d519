//! What the keyring's sweep and the check after a restore select by a consent's end has ended by the rule as well.

use std::collections::BTreeSet;

use concord::consent::rules;
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, ConsentStatus};
use concord_entities::{consent, referral};
use proptest::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter};

use super::{Pattern, drawn, every_moment, moment};
use crate::world::on_both;

fn rows(like: consent::Model) -> impl Strategy<Value = consent::Model> {
    let maybe = |often| prop::option::weighted(often, moment());
    let ends = (maybe(0.1), maybe(0.1), maybe(0.1), maybe(0.2));
    (moment(), moment(), maybe(0.8), ends).prop_map(
        move |(effective_at, expires_at, signed_at, ends)| consent::Model {
            id: ConsentId::new(),
            effective_at,
            expires_at,
            signed_at,
            revoked_at: ends.0,
            superseded_at: ends.1,
            entered_in_error_at: ends.2,
            suspends_at: ends.3,
            ..like.clone()
        },
    )
}

on_both!(a_consent_ends_for_the_sweep_when_it_ends_by_the_rule: Pattern);
async fn a_consent_ends_for_the_sweep_when_it_ends_by_the_rule(pattern: Pattern) {
    let consents = drawn(&rows(pattern.consent.clone()));
    let under = |consent: &consent::Model| referral::Model {
        id: ReferralId::new(),
        consent_id: consent.id,
        ..pattern.referral.clone()
    };
    let referrals: Vec<_> = consents.iter().map(under).collect();
    let store = &pattern.world.service.store;
    let made = consents
        .iter()
        .cloned()
        .map(IntoActiveModel::into_active_model);
    let made = consent::Entity::insert_many(made);
    made.exec_without_returning(&store.write).await.unwrap();
    let made = referrals
        .iter()
        .cloned()
        .map(IntoActiveModel::into_active_model);
    let made = referral::Entity::insert_many(made);
    made.exec_without_returning(&store.write).await.unwrap();

    let ids: BTreeSet<_> = referrals.iter().map(|row| row.id).collect();
    let (mut ended, mut standing) = (0, 0);
    for now in every_moment() {
        let named = |rows: Vec<referral::Model>| -> BTreeSet<ReferralId> {
            let own = rows.iter().map(|row| row.id);
            own.filter(|id| ids.contains(id)).collect()
        };
        let over = referral::Entity::whose_consent_has_ended(ids.iter().copied(), now);
        let over = named(over.all(&store.read).await.unwrap());
        let under = referral::Entity::under_standing_consents(now);
        let under = named(under.all(&store.read).await.unwrap());
        for (consent, referral) in consents.iter().zip(&referrals) {
            let by_rule = consent.dates().has_ended(now);
            let by_sql = (over.contains(&referral.id), under.contains(&referral.id));
            assert_eq!(by_sql, (by_rule, !by_rule), "at {now}: {consent:?}");
            is_shown_alike(consent, now);
        }
        ended += over.len();
        standing += under.len();
    }
    assert!(ended > 100 && standing > 100, "{ended} and {standing}");
}

on_both!(a_consent_is_found_by_the_status_that_it_is_shown_with: Pattern);
async fn a_consent_is_found_by_the_status_that_it_is_shown_with(pattern: Pattern) {
    let consents = drawn(&rows(pattern.consent.clone()));
    let store = &pattern.world.service.store;
    let made = consents.iter().cloned();
    consent::Entity::insert_many(made.map(IntoActiveModel::into_active_model))
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    let mut met = BTreeSet::new();
    for now in every_moment() {
        for status in ConsentStatus::ALL {
            let found = consent::Entity::given_to(pattern.sender.id)
                .filter(consent::stands_at(*status, &Expr::value(now)))
                .all(&store.read)
                .await
                .unwrap();
            let found: BTreeSet<_> = found.iter().map(|row| row.id).collect();
            for row in &consents {
                let by_rule = rules::status(row, now);
                let agree = found.contains(&row.id) == (by_rule == *status);
                assert!(agree, "{status} at {now}, by the rule {by_rule}: {row:?}");
                met.insert(by_rule);
            }
        }
    }
    assert_eq!(met, ConsentStatus::ALL.iter().copied().collect());
}

/// Checks that a consent's status says the same as its dates.
fn is_shown_alike(consent: &consent::Model, now: Instant) {
    let status = rules::status(consent, now);
    let is_over = match status {
        ConsentStatus::Draft | ConsentStatus::Active | ConsentStatus::Suspended => false,
        ConsentStatus::Expired
        | ConsentStatus::Revoked
        | ConsentStatus::Superseded
        | ConsentStatus::EnteredInError => true,
    };
    let dates = consent.dates();
    assert_eq!(
        is_over,
        dates.has_ended(now),
        "{status} at {now}: {consent:?}"
    );
    let is_active = status == ConsentStatus::Active;
    assert_eq!(
        is_active,
        dates.is_in_force(now),
        "{status} at {now}: {consent:?}"
    );
}
