//! A task force, and which agencies belong to it.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;
use crate::membership;
use crate::zone::Zone;

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
    /// Where it works: its agencies have it that give none of their own.
    pub time_zone: Zone,
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
            .filter(membership::COLUMN.left_at.is_null())
            .order_by_desc(COLUMN.id)
    }

    /// Returns the task force `id`, where `agency` coordinates it and takes part in it.
    #[must_use]
    pub fn coordinated_by(agency: AgencyId, id: TaskForceId) -> Select<Self> {
        Self::named(id).filter(COLUMN.id.in_subquery(membership::coordination(agency)))
    }

    /// Returns the task force `id`, where `agency` takes part in it.
    #[must_use]
    pub fn taken_part_in(agency: AgencyId, id: TaskForceId) -> Select<Self> {
        Self::named(id).filter(COLUMN.id.in_subquery(membership::task_forces_of(agency)))
    }

    /// Returns every task force, for the service's own tasks.
    #[must_use]
    pub fn every() -> Select<Self> {
        Self::find().order_by_asc(COLUMN.id)
    }

    /// Returns the task force `id`, for its coordinator's changes and the command line.
    #[must_use]
    pub fn named(id: TaskForceId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }
}
