//! In which time zone an agency's days are counted, and how the operator says so for those that never did.

use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::zone::Zone;
use concord_entities::{agency, task_force};
use sea_orm::{ActiveModelTrait, ConnectionTrait, Set, Unchanged};

use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::mou::days;
use crate::store::Store;

/// Returns the time zone that an agency works in.
///
/// # Errors
/// `NOT_FOUND`; `UNAVAILABLE`.
pub async fn of_agency(database: &impl ConnectionTrait, id: AgencyId) -> Result<Zone> {
    let agency = agency::Entity::named(id).one(database).await?;
    Ok(agency.ok_or(Error::NotFound)?.time_zone)
}

/// Returns the time zone that a task force works in.
///
/// # Errors
/// `NOT_FOUND`; `UNAVAILABLE`.
pub async fn of_task_force(database: &impl ConnectionTrait, id: TaskForceId) -> Result<Zone> {
    let task_force = task_force::Entity::named(id).one(database).await?;
    Ok(task_force.ok_or(Error::NotFound)?.time_zone)
}

/// Says in which time zone an agency works.
///
/// # Errors
/// `NOT_FOUND`. `UNAVAILABLE`: nothing was changed.
pub async fn set_for_agency(store: &Store, id: AgencyId, zone: Zone) -> Result<()> {
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let agency = agency::Entity::named(id).one_locked(&ending).await?;
    let agency = agency.ok_or(Error::NotFound)?;
    ending.acts_for(Some(id));
    let before = agency.time_zone.clone();
    days::move_drafted_by(&ending, id, (&before, &zone)).await?;
    let event = save(&ending, agency, &zone).await?;
    ending.commit(event).await?;
    Ok(())
}

/// Says in which time zone a task force works, and with it those of its agencies that had the same one as it: they gave
/// none of their own. Returns which these are.
///
/// # Errors
/// `NOT_FOUND`. `UNAVAILABLE`: nothing was changed.
pub async fn set_for_task_force(
    store: &Store,
    id: TaskForceId,
    zone: Zone,
) -> Result<Vec<AgencyId>> {
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let task_force = task_force::Entity::named(id).one_locked(&ending).await?;
    let before = task_force.ok_or(Error::NotFound)?.time_zone;
    let members = agency::Entity::members_of(id).all(&ending).await?;
    let mut moved = Vec::new();
    for agency in members.into_iter().filter(|one| one.time_zone == before) {
        moved.push(agency.id);
        days::move_drafted_by(&ending, agency.id, (&before, &zone)).await?;
        ending.acts_for(Some(agency.id));
        let event = save(&ending, agency, &zone).await?;
        ending.record(event).await?;
    }
    days::move_followed_by(&ending, id, (&before, &zone)).await?;
    let changed = task_force::ActiveModel {
        id: Unchanged(id),
        time_zone: Set(zone.clone()),
        ..Default::default()
    };
    changed.update(&ending).await?;
    ending.acts_for(None);
    let zone = zone.to_string();
    let event = Event::TaskForceTimeZoneSet {
        task_force: id,
        zone,
    };
    ending.commit(event).await?;
    Ok(moved)
}

async fn save(
    ending: &Ending<'_, ByOperator>,
    agency: agency::Model,
    zone: &Zone,
) -> Result<Event> {
    let changed = agency::ActiveModel {
        id: Unchanged(agency.id),
        time_zone: Set(zone.clone()),
        ..Default::default()
    };
    changed.update(ending).await?;
    Ok(Event::AgencyTimeZoneSet {
        agency: agency.id,
        zone: zone.to_string(),
    })
}
