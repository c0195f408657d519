//! Which agency belongs to which task force, and as what.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query, SelectStatement, UnionType};
use sea_orm::{Condition, QueryFilter, QueryOrder};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;
use crate::name_key::NameKey;
use crate::vocabulary::MemberRole;

/// One agency's place in one task force.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    /// The task force.
    #[sea_orm(
        primary_key,
        auto_increment = false,
        unique_key = "task_force_name_key"
    )]
    pub task_force_id: TaskForceId,
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Member or coordinator.
    pub role: MemberRole,
    /// When the agency joined.
    pub since: Instant,
    /// When it was suspended, where it is now.
    pub suspended_at: Option<Instant>,
    /// Why it is suspended, in a coordinator's words.
    pub suspension_reason: Option<String>,
    /// The agency that suspended or reinstated it last; none where nobody did, or the operator.
    pub standing_set_by: Option<AgencyId>,
    /// When the agency left it, where it did; from then on it counts as suspended too.
    pub left_at: Option<Instant>,
    /// The agency that handed its coordination over to this one; none where nobody did.
    pub coordination_from: Option<AgencyId>,
    /// What the agency's name is compared by with those of the others in the task force.
    #[sea_orm(unique_key = "task_force_name_key")]
    pub name_key: Option<NameKey>,
    /// Zero; of those that looked alike before that was refused, the second is 1, the third is 2.
    #[sea_orm(unique_key = "task_force_name_key")]
    pub lookalike: i32,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<super::task_force::Entity>,
    /// The agency.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns whether the agency takes part in the task force.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.suspended_at.is_none()
    }
}

/// Returns the task forces in which `agency` takes part, as a subquery.
pub(crate) fn task_forces_of(agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(COLUMN.task_force_id)
        .from(Entity)
        .and_where(COLUMN.agency_id.eq(agency))
        .and_where(COLUMN.suspended_at.is_null())
        .to_owned()
}

/// Returns the task forces that `agency` coordinates and takes part in, as a subquery.
pub(crate) fn coordination(agency: AgencyId) -> SelectStatement {
    task_forces_of(agency)
        .and_where(COLUMN.role.eq(MemberRole::Coordinator))
        .to_owned()
}

/// Returns the task force `id`, where `agency` coordinates it and takes part in it, as a subquery of one row at most: its value
/// is known before anything is walked by it.
pub(crate) fn coordination_of(agency: AgencyId, id: TaskForceId) -> SelectStatement {
    coordination(agency)
        .and_where(COLUMN.task_force_id.eq(id))
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
    /// Selects the ids of `agency` and of every agency in the task forces that it coordinates.
    #[must_use]
    pub fn reached_by(agency: AgencyId) -> SelectStatement {
        coordinated_with(agency)
    }

    /// Returns the places of `agency`, and those of every other agency in the task forces in which it takes part; none that
    /// was left.
    #[must_use]
    pub fn seen_by(agency: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.left_at.is_null()).filter(
            Condition::any()
                .add(COLUMN.agency_id.eq(agency))
                .add(COLUMN.task_force_id.in_subquery(task_forces_of(agency))),
        )
    }

    /// Returns the place of `agency` in a task force, left or not.
    #[must_use]
    pub fn of_one(agency: AgencyId, task_force: TaskForceId) -> Select<Self> {
        Self::of([agency]).filter(COLUMN.task_force_id.eq(task_force))
    }

    /// Returns the place of `agency` in a task force, where it takes part.
    #[must_use]
    pub fn taken(agency: AgencyId, task_force: TaskForceId) -> Select<Self> {
        Self::of([agency])
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.suspended_at.is_null())
    }

    /// Returns the places in which `agency` coordinates and takes part.
    #[must_use]
    pub fn coordinated_by(agency: AgencyId) -> Select<Self> {
        Self::of([agency])
            .filter(COLUMN.role.eq(MemberRole::Coordinator))
            .filter(COLUMN.suspended_at.is_null())
    }

    /// Returns the places in a task force, for its statistics.
    #[must_use]
    pub fn in_task_force(task_force: TaskForceId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.task_force_id.eq(task_force))
            .order_by_asc(COLUMN.agency_id)
    }

    /// Returns the places of those who coordinate a task force, and take part in it.
    #[must_use]
    pub fn coordinators_of(task_force: TaskForceId) -> Select<Self> {
        Self::in_task_force(task_force)
            .filter(COLUMN.role.eq(MemberRole::Coordinator))
            .filter(COLUMN.suspended_at.is_null())
    }

    /// Returns the place of another `agency` in a task force that `coordinator` coordinates.
    #[must_use]
    pub fn under(coordinator: AgencyId, task_force: TaskForceId, agency: AgencyId) -> Select<Self> {
        Self::of([agency])
            .filter(COLUMN.agency_id.ne(coordinator))
            .filter(COLUMN.left_at.is_null())
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.task_force_id.in_subquery(coordination(coordinator)))
    }

    /// Returns the places in a task force of agencies whose names look like this one.
    #[must_use]
    pub fn alike(task_force: TaskForceId, key: &NameKey) -> Select<Self> {
        Self::find()
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.name_key.eq(key.clone()))
    }

    /// Returns the places of agencies whose names looked like another's before that was refused, for the command line alone.
    #[must_use]
    pub fn lookalikes() -> Select<Self> {
        Self::find()
            .filter(COLUMN.lookalike.gt(0))
            .order_by_asc(COLUMN.task_force_id)
            .order_by_asc(COLUMN.since)
    }

    /// Returns every place of these agencies, for whoever changes or judges one of them.
    pub fn of(agencies: impl IntoIterator<Item = AgencyId>) -> Select<Self> {
        Self::find().filter(COLUMN.agency_id.is_in(agencies))
    }
}
