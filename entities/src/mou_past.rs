//! What an MOU permitted and when, before that changed.

use sea_orm::entity::prelude::*;

use crate::grants::Grants;
use crate::ids::{MouId, TaskForceId};
use crate::instant::Instant;

/// What an MOU said before it was changed: the same columns.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou_past")]
pub struct Model {
    /// The MOU.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MouId,
    /// Until when it was so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// The version of the agreement.
    pub version: i32,
    /// The task force that followed it.
    pub task_force_id: Option<TaskForceId>,
    /// What it permitted, for what.
    pub grants: Grants,
    /// When its first day began.
    pub begins_at: Instant,
    /// When its last day would be over.
    pub ends_at: Instant,
    /// When the last party had signed.
    pub signed_at: Option<Instant>,
    /// When it had been suspended.
    pub suspended_at: Option<Instant>,
    /// When it had been ended before its last day.
    pub terminated_at: Option<Instant>,
    /// When a party had turned it down.
    pub declined_at: Option<Instant>,
    /// When a later version had taken its place.
    pub superseded_at: Option<Instant>,
    /// The MOU.
    #[sea_orm(belongs_to, from = "id", to = "id", on_delete = "Cascade")]
    pub mou: BelongsTo<super::mou::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
