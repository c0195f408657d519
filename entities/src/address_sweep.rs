//! How far the network addresses of old audit events are forgotten.

use sea_orm::UpdateMany;
use sea_orm::entity::prelude::*;

use crate::ids::AuditEventId;

/// The one mark: up to which event, in the order of their ids, no event has its address any more.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address_sweep")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The last event that was looked at.
    pub through: AuditEventId,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the mark.
    #[must_use]
    pub fn mark() -> Select<Self> {
        Self::find()
    }

    /// Moves the mark on.
    #[must_use]
    pub fn moved_to(through: AuditEventId) -> UpdateMany<Self> {
        use sea_orm::sea_query::Expr;
        Self::update_many().col_expr(Column::Through, Expr::value(through))
    }
}
