//! A task force, and which agencies belong to it.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;
use crate::membership;

/// A circle of agencies that work together in one region.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task_force")]
pub struct Model {
    /// The task force's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TaskForceId,
    /// Its name.
    pub name: String,
    /// Where it works.
    pub region: String,
    /// When it was registered.
    pub created_at: Instant,
    /// The places of its agencies.
    #[sea_orm(has_many)]
    pub memberships: HasMany<super::membership::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the task forces that `agency` belongs to, newest first.
    #[must_use]
    pub fn joined_by(agency: AgencyId) -> Select<Self> {
        Self::find()
            .inner_join(membership::Entity)
            .filter(membership::COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }
}
