//! Checkpoints that were signed: what the ledger is held to, at each of its earlier sizes. They thin out with age.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

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
}
