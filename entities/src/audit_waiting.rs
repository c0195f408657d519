//! An audit event that waits for its place in the tree.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::AuditEventId;
use crate::instant::Instant;

/// That an event waits. Written with the event, and gone when it has its place.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_waiting")]
pub struct Model {
    /// When the event was recorded, by the database's clock: an id's own time is that of whichever server made it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_at: Instant,
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: AuditEventId,
    /// The leaf's RFC 6962 hash, 32 bytes.
    pub leaf_hash: Vec<u8>,
    /// What the event changed, as JSON; none where it changed nothing that an agency is told of.
    #[sea_orm(column_type = "Text", nullable)]
    pub changed: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns those of these events that wait.
    #[must_use]
    pub fn of(events: impl IntoIterator<Item = AuditEventId>) -> Select<Self> {
        Self::find().filter(COLUMN.event_id.is_in(events))
    }

    /// Returns the events that wait, in the order of their time and id, from behind this one on, for verification.
    #[must_use]
    pub fn after(time: Instant, id: AuditEventId) -> Select<Self> {
        let place = Expr::tuple([COLUMN.recorded_at.into_expr(), COLUMN.event_id.into_expr()]);
        let last = Expr::tuple([Expr::value(time), Expr::value(id)]);
        Self::find()
            .filter(place.gt(last))
            .order_by_asc(COLUMN.recorded_at)
            .order_by_asc(COLUMN.event_id)
    }
}
