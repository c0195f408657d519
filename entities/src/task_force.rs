//! A task force, and which agencies belong to it.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;

/// A circle of agencies that work together in one region.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task_force")]
pub struct Model {
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TaskForceId,
    /// Its name.
    pub name: String,
    /// Where it works.
    pub region: String,
    /// When it was registered.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The task forces that `agency` belongs to, newest first.
    #[must_use]
    pub fn joined_by(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .join(
                sea_orm::JoinType::InnerJoin,
                <Self as EntityTrait>::belongs_to(super::membership::Entity)
                    .from(Column::Id)
                    .to(super::membership::Column::TaskForceId)
                    .into(),
            )
            .filter(super::membership::Column::AgencyId.eq(agency))
            .order_by_desc(Column::Id)
    }
}
