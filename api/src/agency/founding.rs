//! How the first task force comes to be: by the operator's hand, since nobody has a token before it.

use concord_entities::agency::{self, TextList};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::vocabulary::{AgencyKind, AgencyStatus, MemberRole};
use concord_entities::{membership, task_force};
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::audit::change::{ByOperator, Change};
use crate::audit::event::Event;
use crate::error::Result;
use crate::store::Store;

/// A task force to found.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Its name.
    pub task_force: String,
    /// Where it works.
    pub region: String,
    /// The name of the agency that coordinates it.
    pub coordinator: String,
    /// What kind of agency that is.
    pub kind: AgencyKind,
}

/// Registers a task force and its coordinating agency.
///
/// # Errors
/// `UNAVAILABLE`: nothing was registered.
pub async fn found_task_force(
    store: &Store,
    founding: Founding,
) -> Result<(TaskForceId, AgencyId)> {
    let mut change = Change::at_command_line(store, ByOperator::default()).await?;
    let now = change.now();
    let task_force = task_force::Model {
        id: TaskForceId::new(),
        name: founding.task_force,
        region: founding.region,
        created_at: now,
    };
    let coordinator = agency::Model {
        id: AgencyId::new(),
        name: founding.coordinator,
        kind: founding.kind,
        jurisdiction: None,
        confidential_provider: false,
        status: AgencyStatus::Active,
        token_epoch: 1,
        epoch_began_at: now,
        suspension_reason: None,
        vetting: agency::StoredVetting::default(),
        languages: TextList::default(),
        service_areas: TextList::default(),
        created_at: now,
    };
    let place = membership::Model {
        task_force_id: task_force.id,
        agency_id: coordinator.id,
        role: MemberRole::Coordinator,
        since: now,
    };
    let ids = (task_force.id, coordinator.id);
    task_force::Entity::insert(task_force.into_active_model())
        .exec_without_returning(&change)
        .await?;
    agency::Entity::insert(coordinator.into_active_model())
        .exec_without_returning(&change)
        .await?;
    membership::Entity::insert(place.into_active_model())
        .exec_without_returning(&change)
        .await?;
    let (_, coordinator) = ids;
    change.acts_for(Some(coordinator));
    change.commit(Event::AgencyRegistered(coordinator)).await?;
    Ok(ids)
}
