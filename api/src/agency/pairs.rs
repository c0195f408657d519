//! Every two agencies that share a task force are partners of one another, from the day on which they come to share it.

use std::collections::HashMap;

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::{membership, partnership, partnership_place};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::error::Result;

/// How many rows are inserted by one statement.
const AT_ONCE: usize = 500;

/// Pairs an agency that joins a task force with those that belong to it. Whoever joins holds the task force's row, so that
/// of two who join at once the second finds the first.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn join(
    database: &impl ConnectionTrait,
    task_force: TaskForceId,
    joining: AgencyId,
    now: Instant,
) -> Result<()> {
    let members = membership::Entity::in_task_force(task_force)
        .all(database)
        .await?;
    let known = partnership::Entity::of(joining).all(database).await?;
    let known: HashMap<[AgencyId; 2], partnership::Model> =
        known.into_iter().map(|row| (row.agencies(), row)).collect();
    let mut new = Vec::new();
    let mut places = Vec::new();
    let others = |one: &&membership::Model| one.agency_id != joining && one.left_at.is_none();
    for member in members.iter().filter(others) {
        let fresh = partnership::Model::new([joining, member.agency_id], now);
        let pair = known.get(&fresh.agencies()).unwrap_or(&fresh).clone();
        places.push(partnership_place::Model {
            task_force_id: task_force,
            partnership_id: pair.id,
            steps: pair.steps,
        });
        if pair.id == fresh.id {
            new.push(fresh);
        }
    }
    for rows in new.chunks(AT_ONCE) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        partnership::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    for rows in places.chunks(AT_ONCE) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        partnership_place::Entity::insert_many(rows)
            .exec_without_returning(database)
            .await?;
    }
    Ok(())
}

/// Pairs two agencies of which nothing is on record, in no task force.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn pair(
    database: &impl ConnectionTrait,
    agencies: [AgencyId; 2],
    now: Instant,
) -> Result<partnership::Model> {
    let row = partnership::Model::new(agencies, now).into_active_model();
    Ok(row.insert(database).await?)
}
