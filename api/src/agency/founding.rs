//! How the first task force comes to be: by the operator's hand, since nobody has a token before it.

use concord_entities::agency::{self, TextList};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{AgencyKind, AgencyStatus, MemberRole};
use concord_entities::zone::Zone;
use concord_entities::{membership, task_force};
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};

use crate::audit::change::{ByOperator, Change};
use crate::audit::event::Event;
use crate::error::{Faults, Result};
use crate::store::Store;
use crate::text;

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
    /// Where they work.
    pub time_zone: Zone,
}

/// A task force as it was drawn up at some moment, with the agency that coordinates it.
#[derive(Clone, Debug)]
pub struct Founded {
    task_force: task_force::Model,
    coordinator: agency::Model,
    place: membership::Model,
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
    let mut faults = Faults::default();
    let mut line = |option: &str, said: &str| text::line_at(&mut faults, option, said, text::LINE);
    let founding = Founding {
        task_force: line("--task-force", &founding.task_force),
        region: line("--region", &founding.region),
        coordinator: line("--coordinator", &founding.coordinator),
        ..founding
    };
    faults.none()?;
    let founded = founding.drawn_up(change.now());
    let (task_force, coordinator) = founded.ids();
    let event = founded.save(&change).await?;
    change.acts_for(Some(coordinator));
    change.commit(event).await?;
    Ok((task_force, coordinator))
}

impl Founding {
    /// Draws it up as of `now`.
    #[must_use]
    pub fn drawn_up(self, now: Instant) -> Founded {
        let task_force = task_force::Model {
            id: TaskForceId::new(),
            name: self.task_force,
            region: self.region,
            created_at: now,
            time_zone: self.time_zone.clone(),
        };
        let coordinator = agency::Model {
            id: AgencyId::new(),
            name: self.coordinator,
            kind: self.kind,
            jurisdiction: None,
            confidential_provider: false,
            status: AgencyStatus::Active,
            token_epoch: 1,
            epoch_began_at: now,
            languages: TextList::default(),
            service_areas: TextList::default(),
            created_at: now,
            time_zone: self.time_zone,
            answer_days: agency::USUAL_ANSWER_DAYS,
        };
        let place = membership::Model {
            task_force_id: task_force.id,
            agency_id: coordinator.id,
            role: MemberRole::Coordinator,
            since: now,
            suspended_at: None,
            suspension_reason: None,
            standing_set_by: None,
            left_at: None,
            coordination_from: None,
            name_key: Some(NameKey::of(&coordinator.name)),
            lookalike: 0,
        };
        Founded {
            task_force,
            coordinator,
            place,
        }
    }
}

impl Founded {
    /// Returns the task force, and the agency that coordinates it.
    #[must_use]
    pub fn ids(&self) -> (TaskForceId, AgencyId) {
        (self.task_force.id, self.coordinator.id)
    }

    /// Saves it; returns the event to record.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn save(self, database: &impl ConnectionTrait) -> Result<Event> {
        let event = Event::AgencyRegistered(self.coordinator.id);
        task_force::Entity::insert(self.task_force.into_active_model())
            .exec_without_returning(database)
            .await?;
        agency::Entity::insert(self.coordinator.into_active_model())
            .exec_without_returning(database)
            .await?;
        membership::Entity::insert(self.place.into_active_model())
            .exec_without_returning(database)
            .await?;
        Ok(event)
    }
}
