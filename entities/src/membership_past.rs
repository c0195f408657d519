//! Whether a membership was suspended, before that changed.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;

/// A version of a membership that is over.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership_past")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The task force.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_force_id: TaskForceId,
    /// Until when it was so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// When it had been suspended, where it was.
    pub suspended_at: Option<Instant>,
    /// The membership.
    #[sea_orm(
        belongs_to,
        from = "(agency_id, task_force_id)",
        to = "(agency_id, task_force_id)",
        on_delete = "Cascade"
    )]
    pub membership: BelongsTo<super::membership::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the versions of these agencies' places that were over only after `moment`, for whoever judges how they stood.
    pub fn over_after(
        moment: Instant,
        agencies: impl IntoIterator<Item = AgencyId>,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.is_in(agencies))
            .filter(COLUMN.until.gt(moment))
    }
}
