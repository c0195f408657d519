//! Telling an agency's partners that it is out of the task force by which they share, or in it again.

use std::collections::BTreeSet;

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::vocabulary::NoticeKind;
use concord_entities::{membership, mou, notice, referral};
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::audit::change::{Author, Change};
use crate::error::Result;
use crate::sharing::memberships::carried_by_it_alone;

/// How many rows are inserted by one statement.
const AT_ONCE: usize = 500;

/// Tells those with whom an agency shares by its place in a task force, or has something open, what became of the place.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn tell_partners<By: Author>(
    change: &Change<'_, By>,
    place: &membership::Model,
    kind: NoticeKind,
) -> Result<()> {
    let (agency, task_force) = (place.agency_id, place.task_force_id);
    let mut partners = concerned(change, agency, Some(task_force)).await?;
    let unfollowed = concerned(change, agency, None).await?;
    let both = unfollowed.iter().copied().chain([agency]);
    let places = membership::Entity::of(both).all(change).await?;
    let carried = |other: &AgencyId| carried_by_it_alone(&places, [agency, *other], task_force);
    partners.extend(unfollowed.into_iter().filter(carried));
    let notices: Vec<_> = partners
        .into_iter()
        .map(|one| notice::Model::unseen(one, kind, agency.to_string(), change.now()))
        .collect();
    for rows in notices.chunks(AT_ONCE) {
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        notice::Entity::insert_many(rows)
            .exec_without_returning(change)
            .await?;
    }
    Ok(())
}

/// Returns with whom an agency has something open, or an MOU that stands, that this task force follows or none does.
async fn concerned<By: Author>(
    change: &Change<'_, By>,
    agency: AgencyId,
    followed_by: Option<TaskForceId>,
) -> Result<BTreeSet<AgencyId>> {
    let parties = mou::Entity::partners_of(agency, followed_by, change.now());
    let parties = parties.all(change).await?;
    let open = referral::Entity::open_of(agency, followed_by);
    let open: Vec<(AgencyId, AgencyId)> = open.into_tuple().all(change).await?;
    let mut concerned: BTreeSet<_> = parties.into_iter().map(|party| party.agency_id).collect();
    concerned.extend(
        open.into_iter()
            .flat_map(|(sender, recipient)| [sender, recipient]),
    );
    concerned.remove(&agency);
    Ok(concerned)
}
