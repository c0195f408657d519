//! What was published of a month's referrals: the figures as they are shown, and none that is not.

use sea_orm::entity::prelude::*;
use sea_orm::{FromJsonQueryResult, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::ids::TaskForceId;
use crate::instant::Instant;
use crate::month::Month;

/// One month of one task force. Written once, after the month is over, and never changed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral_statistics")]
pub struct Model {
    /// The task force.
    #[sea_orm(primary_key, auto_increment = false)]
    pub task_force_id: TaskForceId,
    /// The month, as the task force counts its days.
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: Month,
    /// From when the month's referrals were sent.
    pub begins_at: Instant,
    /// Before when they were sent.
    pub ends_at: Instant,
    /// As of when it is.
    pub computed_at: Instant,
    /// What is published.
    pub tables: StoredTables,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<super::task_force::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// A month's two tables: each referral is in one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct StoredTables {
    /// What was answered.
    pub answered: StoredTable,
    /// What was not.
    pub unanswered: StoredTable,
}

/// A table: its total, and its cells by their codes and ids. A cell without figures is not published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTable {
    /// All of it.
    pub total: Option<StoredFigures>,
    /// By status.
    pub statuses: Vec<StoredCell>,
    /// By need.
    pub needs: Vec<StoredCell>,
    /// By the agency that was asked.
    pub agencies: Vec<StoredCell>,
}

/// A cell: the code or id that it is of, and its figures where they are published.
pub type StoredCell = (String, Option<StoredFigures>);

/// What is published of some referrals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFigures {
    /// How many they are.
    pub count: u32,
    /// Their median age, in days.
    pub age: u32,
    /// The median time to their answer, in hours; none where they have none.
    pub answer: Option<u32>,
}

impl Entity {
    /// Returns what is published of these months of a task force, the first first, for its coordinators.
    #[must_use]
    pub fn of(task_force: TaskForceId, first: Month, last: Month) -> Select<Self> {
        Self::find()
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.month.between(first, last))
            .order_by_asc(COLUMN.month)
    }

    /// Returns the months of a task force that are published next before and after this one.
    #[must_use]
    pub fn beside(task_force: TaskForceId, month: Month) -> [Select<Self>; 2] {
        let of = || Self::find().filter(COLUMN.task_force_id.eq(task_force));
        [
            of().filter(COLUMN.month.lt(month))
                .order_by_desc(COLUMN.month),
            of().filter(COLUMN.month.gt(month))
                .order_by_asc(COLUMN.month),
        ]
    }
}
