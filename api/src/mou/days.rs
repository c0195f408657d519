//! Where an MOU's days begin and end: in its task force's time zone, and in its drafter's where no task force follows it. One of
//! release 0.1 that none follows has those of its parties' first common task force, or UTC.

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::mou;
use concord_entities::zone::Zone;
use sea_orm::{ActiveModelTrait, Set, Unchanged};

use super::rules;
use super::standing::stand_anew;
use crate::audit::change::{Author, Ending};
use crate::error::Result;

/// Counts the days of the MOUs that a task force follows in its new time zone, where they were counted in the one that it
/// had; and of those of release 0.1 whose parties share it first, wherever they were counted. What stands on them stands as long.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn move_followed_by<By: Author>(
    ending: &Ending<'_, By>,
    task_force: TaskForceId,
    (before, zone): (&Zone, &Zone),
) -> Result<()> {
    let mous = mou::Entity::in_days_of(task_force).all(&**ending).await?;
    count_anew(ending, mous, (before, zone)).await
}

/// Counts the days of the MOUs that an agency drafted and no task force follows in its new time zone.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn move_drafted_by<By: Author>(
    ending: &Ending<'_, By>,
    agency: AgencyId,
    (before, zone): (&Zone, &Zone),
) -> Result<()> {
    let mous = mou::Entity::unfollowed_of(agency).all(&**ending).await?;
    count_anew(ending, mous, (before, zone)).await
}

async fn count_anew<By: Author>(
    ending: &Ending<'_, By>,
    mous: Vec<mou::Model>,
    (before, zone): (&Zone, &Zone),
) -> Result<()> {
    for mou in mous
        .into_iter()
        .filter(|mou| mou.zone_assumed || mou.time_zone == *before)
    {
        let moved = rules::counted_in(mou, zone.clone());
        let changed = mou::ActiveModel {
            id: Unchanged(moved.id),
            time_zone: Set(moved.time_zone.clone()),
            begins_at: Set(moved.begins_at),
            ends_at: Set(moved.ends_at),
            review_at: Set(moved.review_at),
            ..Default::default()
        };
        changed.update(&**ending).await?;
        stand_anew(ending, &moved).await?;
    }
    Ok(())
}
