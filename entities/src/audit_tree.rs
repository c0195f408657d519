//! The head of the audit tree: one row.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryFilter, UpdateMany};

/// How many leaves the tree has, and its signed checkpoint.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_tree")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The number of integrated leaves.
    pub size: i64,
    /// The RFC 6962 root over them, 32 bytes.
    pub root: Vec<u8>,
    /// The newest signed checkpoint, a C2SP signed note; it may be older than `size`.
    #[sea_orm(column_type = "Text")]
    pub note: String,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the head.
    #[must_use]
    pub fn head() -> Select<Self> {
        Self::find()
    }

    /// Takes the note away from the head, where the key that signed it was lost: the next key signs it.
    #[must_use]
    pub fn unsign() -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Note, Expr::value(""))
            .filter(COLUMN.id.eq(1))
    }

    /// Puts the signed `note` beside the head, where that still has `size` leaves.
    #[must_use]
    pub fn sign(size: i64, note: &str) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Note, Expr::value(note))
            .filter(COLUMN.id.eq(1))
            .filter(COLUMN.size.eq(size))
    }
}
