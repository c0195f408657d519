//! Whether a suspended membership stands between two agencies is the same for the statement that gathers facts and for the
//! rule by which a referral is sent.

use concord::sharing::facts::{self, Gathered};
use concord::sharing::memberships::parted;
use concord_entities::ids::{AgencyId, MouId, ReferralId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::MemberRole;
use concord_entities::zone::Zone;
use concord_entities::{membership, mou, referral, task_force};
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel, QueryTrait};

use super::{Pattern, drawn};
use crate::world::on_both;

/// How many task forces there are.
const CIRCLES: usize = 3;

/// An agency's places: in each task force none, one in which it takes part, or one that is suspended.
type Places = [Option<bool>; CIRCLES];

fn places() -> impl Strategy<Value = [Places; 2]> {
    let place = || prop_oneof![2 => Just(None), 3 => Just(Some(true)), 2 => Just(Some(false))];
    let of_one = move || [place(), place(), place()];
    [of_one(), of_one()]
}

on_both!(what_parts_two_agencies_parts_them_in_every_statement: Pattern);
async fn what_parts_two_agencies_parts_them_in_every_statement(pattern: Pattern) {
    let store = &pattern.world.service.store;
    let circles: Vec<TaskForceId> = (0..CIRCLES).map(|_| TaskForceId::new()).collect();
    let rows = circles.iter().map(|id| circle(*id));
    let made = task_force::Entity::insert_many(rows);
    made.exec_without_returning(&store.write).await.unwrap();
    let pair = [pattern.referral.sender_id, pattern.referral.recipient_id];
    let like = mou::Entity::between(pair[0], pair[1])
        .one(&store.read)
        .await;
    let like = like.unwrap().unwrap();
    let mut asked = Vec::new();
    for followed_by in circles.iter().copied().map(Some).chain([None]) {
        let mou = mou::Model {
            id: MouId::new(),
            task_force_id: followed_by,
            ..like.clone()
        };
        let referral = referral::Model {
            id: ReferralId::new(),
            mou_id: Some(mou.id),
            ..pattern.referral.clone()
        };
        asked.push((referral.id, followed_by));
        let (mou, referral) = (mou.into_active_model(), referral.into_active_model());
        mou::Entity::insert(mou).exec(&store.write).await.unwrap();
        let made = referral::Entity::insert(referral);
        made.exec(&store.write).await.unwrap();
    }

    let mut met = [0, 0];
    for drawn in drawn(&places()).into_iter().take(60) {
        let places = memberships(&circles, pair, drawn);
        pattern.world.tampers("DELETE FROM membership");
        if !places.is_empty() {
            let rows = places
                .iter()
                .cloned()
                .map(IntoActiveModel::into_active_model);
            let made = membership::Entity::insert_many(rows);
            made.exec_without_returning(&store.write).await.unwrap();
        }
        for (id, followed_by) in &asked {
            let by_rule = parted(&places, pair, *followed_by);
            let by_sql = gathered(&pattern, *id).await.facts.parted;
            assert_eq!(by_sql, by_rule, "under {followed_by:?}: {drawn:?}");
            met[usize::from(by_rule)] += 1;
        }
    }
    assert!(met.iter().all(|times| *times > 30), "{met:?}");
}

fn circle(id: TaskForceId) -> task_force::ActiveModel {
    let name = "Far Hills".to_owned();
    let circle = task_force::Model {
        id,
        region: name.clone(),
        name,
        time_zone: Zone::UTC,
        created_at: Instant(0),
    };
    circle.into_active_model()
}

fn memberships(
    circles: &[TaskForceId],
    pair: [AgencyId; 2],
    drawn: [Places; 2],
) -> Vec<membership::Model> {
    let of_one = |(agency_id, places): (AgencyId, Places)| {
        let placed = circles.iter().copied().zip(places);
        placed
            .filter_map(move |(task_force_id, active)| {
                active.map(|active| membership::Model {
                    task_force_id,
                    agency_id,
                    role: MemberRole::Member,
                    since: Instant(0),
                    suspended_at: (!active).then_some(Instant(1)),
                    suspension_reason: (!active).then(|| "review".to_owned()),
                    standing_set_by: None,
                    left_at: None,
                    coordination_from: None,
                    name_key: Some(NameKey::of(&agency_id.to_string())),
                    lookalike: 0,
                })
            })
            .collect::<Vec<_>>()
    };
    pair.into_iter().zip(drawn).flat_map(of_one).collect()
}

async fn gathered(pattern: &Pattern, id: ReferralId) -> Gathered {
    let store = &pattern.world.service.store;
    let row = referral::Entity::known_to(pattern.sender.id, id).into_query();
    let statement = facts::beside_epoch(store.backend, row, true);
    let found = store.read.query_all(&statement).await.unwrap();
    Gathered::from_row(&found[0]).unwrap()
}
