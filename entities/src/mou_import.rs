//! What a coordinator's spreadsheet called an MOU that was taken in from it.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::{MouId, TaskForceId};
use crate::instant::Instant;

/// One MOU that was taken in: the same row is not taken in again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou_import")]
pub struct Model {
    /// The task force whose register it was.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_force_id: TaskForceId,
    /// What the spreadsheet calls it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reference: String,
    /// The MOU.
    pub mou_id: MouId,
    /// When it was taken in.
    pub imported_at: Instant,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<super::task_force::Entity>,
    /// The MOU.
    #[sea_orm(belongs_to, from = "mou_id", to = "id")]
    pub mou: BelongsTo<super::mou::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what was taken in for a task force, for the command line alone.
    #[must_use]
    pub fn of_task_force(task_force: TaskForceId) -> Select<Self> {
        Self::find().filter(COLUMN.task_force_id.eq(task_force))
    }

    /// Returns what was taken in for a task force under this reference, for the command line alone.
    #[must_use]
    pub fn called(task_force: TaskForceId, reference: &str) -> Select<Self> {
        Self::of_task_force(task_force).filter(COLUMN.reference.eq(reference))
    }
}
