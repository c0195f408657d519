//! What the coordinator of a task force found when it looked into one of its agencies.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryFilter};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::{Day, Instant};
use crate::membership;
use crate::vocabulary::VettingAttribute;

/// That one attribute of an agency was looked into, for one task force: the latest check of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_vetting")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The task force.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_force_id: TaskForceId,
    /// The attribute.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attribute: VettingAttribute,
    /// What showed it; for the coordinators of the task force alone.
    pub evidence: String,
    /// The day on which it was checked.
    pub checked_on: Day,
    /// The last day on which the check counts.
    pub lapses_on: Day,
    /// The coordinating agency that checked.
    pub checked_by: AgencyId,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The agency.
    #[sea_orm(belongs_to, from = "agency_id", to = "id", relation_enum = "Vetted")]
    pub agency: BelongsTo<super::agency::Entity>,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<super::task_force::Entity>,
    /// The coordinating agency that checked.
    #[sea_orm(belongs_to, from = "checked_by", to = "id", relation_enum = "Checker")]
    pub checker: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns how `agency` was vetted, in the task forces in which `reader` takes part; its own everywhere.
    #[must_use]
    pub fn seen_by(reader: AgencyId, agency: AgencyId) -> Select<Self> {
        let shared = COLUMN
            .task_force_id
            .in_subquery(membership::task_forces_of(reader));
        let own = Expr::value(reader == agency);
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(Condition::any().add(shared).add(own))
    }

    /// Returns the check of an attribute of `agency` in a task force, for its coordinator's change.
    #[must_use]
    pub fn of(
        agency: AgencyId,
        task_force: TaskForceId,
        attribute: VettingAttribute,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.attribute.eq(attribute))
    }
}
