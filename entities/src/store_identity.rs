//! Which store the data store is, and which keyring is its own.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryFilter, UpdateMany};

use crate::ids::AuditEventId;
use crate::instant::Instant;

/// One row. A copy of the data store has the same.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "store_identity")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Which store it is.
    pub store_id: Uuid,
    /// The keyring that its packages' keys are in. A later one has a greater id.
    pub keyring_id: Uuid,
    /// The event by which an operator last went on from an older copy.
    pub reopened_by: Option<Uuid>,
    /// When that was, by the database's clock.
    pub reopened_at: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the identity.
    #[must_use]
    pub fn only() -> Select<Self> {
        Self::find()
    }

    /// Has the store point at the event by which its operator went on from an older copy.
    #[must_use]
    pub fn reopened(by: AuditEventId, at: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::ReopenedBy, Expr::value(by))
            .col_expr(Column::ReopenedAt, Expr::value(at))
            .filter(COLUMN.id.eq(1))
    }

    /// Has another keyring be the store's own.
    #[must_use]
    pub fn keep_keys_in(keyring: Uuid) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::KeyringId, Expr::value(keyring))
            .filter(COLUMN.id.eq(1))
    }
}
