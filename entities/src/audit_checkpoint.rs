//! Checkpoints that were signed: what the ledger is held to, at each of its earlier sizes. They thin out with age.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{DeleteMany, QueryFilter, QueryOrder};

use crate::instant::Instant;

/// A signed size and root.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_checkpoint")]
pub struct Model {
    /// The number of leaves that it was signed for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// The checkpoint, a C2SP signed note.
    #[sea_orm(column_type = "Text")]
    pub note: String,
    /// When it was signed, by the database's clock.
    pub signed_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the checkpoints of more than `size` leaves, smallest first, for verification.
    #[must_use]
    pub fn beyond(size: i64) -> Select<Self> {
        Self::find()
            .filter(COLUMN.size.gt(size))
            .order_by_asc(COLUMN.size)
    }

    /// Returns the checkpoint of this size.
    #[must_use]
    pub fn of(size: i64) -> Select<Self> {
        Self::find().filter(COLUMN.size.eq(size))
    }

    /// Forgets every checkpoint, where the key that signed them was lost.
    #[must_use]
    pub fn forget_all() -> DeleteMany<Self> {
        Self::delete_many()
    }

    /// Forgets up to `batch` of the checkpoints that were signed before this moment, but for the last one of each
    /// `period`.
    #[must_use]
    pub fn thin(before: Instant, period: Duration, batch: u64) -> DeleteMany<Self> {
        // The period is a number of ours, and a function's arguments take no parameters everywhere.
        let last_first = format!(
            "row_number() OVER (PARTITION BY signed_at / {} ORDER BY size DESC)",
            period.as_micros()
        );
        let numbered = Query::select()
            .column(Column::Size)
            .expr_as(Expr::cust(last_first), "nth")
            .from(Entity)
            .and_where(COLUMN.signed_at.lt(before))
            .to_owned();
        let besides = Query::select()
            .column(Column::Size)
            .from_subquery(numbered, "numbered")
            .and_where(Expr::col("nth").gt(1))
            .limit(batch)
            .to_owned();
        Self::delete_many().filter(COLUMN.size.in_subquery(besides))
    }
}
