//! An audit event's place in the tree.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::AuditEventId;

/// A place. Written once, when the event is taken into the tree.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_place")]
pub struct Model {
    /// The leaf's index in the tree, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub leaf_index: i64,
    /// The event.
    #[sea_orm(unique)]
    pub event_id: AuditEventId,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the places of these events.
    #[must_use]
    pub fn of(events: impl IntoIterator<Item = AuditEventId>) -> Select<Self> {
        Self::find().filter(COLUMN.event_id.is_in(events))
    }

    /// Returns the places from `index` on, in order, for verification.
    #[must_use]
    pub fn from(index: i64) -> Select<Self> {
        Self::find()
            .filter(COLUMN.leaf_index.gte(index))
            .order_by_asc(COLUMN.leaf_index)
    }
}
