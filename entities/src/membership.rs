//! Which agency belongs to which task force, and as what.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query, SelectStatement, UnionType};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;
use crate::vocabulary::MemberRole;

/// One agency's place in one task force.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    /// The task force.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_force_id: TaskForceId,
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Member or coordinator.
    pub role: MemberRole,
    /// When the agency joined.
    pub since: Instant,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<super::task_force::Entity>,
    /// The agency.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Returns the task forces that `agency` belongs to, as a subquery.
pub(crate) fn task_forces_of(agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(COLUMN.task_force_id)
        .from(Entity)
        .and_where(COLUMN.agency_id.eq(agency))
        .to_owned()
}

/// Returns the places in which `agency` coordinates, as a subquery.
pub(crate) fn coordination(agency: AgencyId) -> SelectStatement {
    task_forces_of(agency)
        .and_where(COLUMN.role.eq(MemberRole::Coordinator))
        .to_owned()
}

/// Returns `agency` itself, and every agency in the task forces that it coordinates, as a subquery.
pub(crate) fn coordinated_with(agency: AgencyId) -> SelectStatement {
    let coordinated = coordination(agency);
    Query::select()
        .expr_as(Expr::value(agency), "agency_id")
        .union(
            UnionType::Distinct,
            Query::select()
                .column(COLUMN.agency_id)
                .from(Entity)
                .and_where(COLUMN.task_force_id.in_subquery(coordinated))
                .to_owned(),
        )
        .to_owned()
}

impl Entity {
    /// Returns the places of every agency in the task forces that `agency` belongs to.
    #[must_use]
    pub fn seen_by(agency: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.task_force_id.in_subquery(task_forces_of(agency)))
    }

    /// Returns the place of `agency` as a coordinator, in any task force.
    #[must_use]
    pub fn coordinated_by(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.role.eq(MemberRole::Coordinator))
    }
}
