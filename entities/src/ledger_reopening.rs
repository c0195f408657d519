//! Where an operator went on from an older copy of the data store, whose log has another name from then on.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;

use crate::ids::AuditEventId;
use crate::instant::Instant;

/// A reopening. A copy of the data store that was made before it does not know of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_reopening")]
pub struct Model {
    /// The event that records it, after which the log is named.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: AuditEventId,
    /// When it was, by the database's clock.
    pub reopened_at: Instant,
    /// How many events had been signed for under the name before.
    pub size: i64,
    /// The RFC 6962 root over them, 32 bytes.
    pub root: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns every reopening, in the order in which they came.
    #[must_use]
    pub fn in_order() -> Select<Self> {
        Self::find()
            .order_by_asc(COLUMN.reopened_at)
            .order_by_asc(COLUMN.event_id)
    }
}
