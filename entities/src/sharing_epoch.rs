//! The sharing epoch: one counter, bumped with whatever ends some sharing.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryFilter, UpdateMany};

/// The counter. A read that was decided under another number is decided again.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sharing_epoch")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The number in force.
    pub epoch: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Brings the epoch up to this number, where it is smaller.
    #[must_use]
    pub fn raise(to: i64) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Epoch, Expr::value(to))
            .filter(COLUMN.epoch.lt(to))
    }

    /// Has every decision that is under way made again: the epoch is one more from then on.
    #[must_use]
    pub fn bump() -> UpdateMany<Self> {
        Self::update_many().col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
    }
}
