//! The sharing epoch: one counter, bumped with whatever ends some sharing.

use sea_orm::entity::prelude::*;

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
