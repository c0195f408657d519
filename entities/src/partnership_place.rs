//! In which task forces two agencies are partners, so that their coordinators find them by how far they have come.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{DeleteMany, QueryFilter, UpdateMany};

use crate::ids::{AgencyId, PartnershipId, TaskForceId};
use crate::partnership;

/// A partnership's place in a task force that both agencies belong to.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partnership_place")]
pub struct Model {
    /// The task force.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_force_id: TaskForceId,
    /// The partnership.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partnership_id: PartnershipId,
    /// How many steps the two have taken, as the partnership says.
    pub steps: i32,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<super::task_force::Entity>,
    /// The partnership.
    #[sea_orm(belongs_to, from = "partnership_id", to = "id")]
    pub partnership: BelongsTo<super::partnership::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Has the places of a partnership say how many steps it has taken.
    #[must_use]
    pub fn bring_to(id: PartnershipId, steps: i32) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Steps, Expr::value(steps))
            .filter(COLUMN.partnership_id.eq(id))
    }

    /// Takes the partnerships of an agency that leaves a task force out of it.
    #[must_use]
    pub fn take_out(agency: AgencyId, task_force: TaskForceId) -> DeleteMany<Self> {
        let own = Query::select()
            .column(partnership::COLUMN.id)
            .from(partnership::Entity)
            .cond_where(partnership::is_of(agency))
            .to_owned();
        Self::delete_many()
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.partnership_id.in_subquery(own))
    }
}
