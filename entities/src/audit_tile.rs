//! A tile of the audit tree: up to 256 hashes of one level, as C2SP tlog-tiles lays them out.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

/// A tile. The right-edge tile of each level grows until it is full.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_tile")]
pub struct Model {
    /// The level; 0 holds leaf hashes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: i32,
    /// The place within the level.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i64,
    /// The hashes, 32 bytes each.
    pub hashes: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns every tile, to read the tree.
    #[must_use]
    pub fn all() -> Select<Self> {
        Self::find()
    }

    /// Returns the tile at this place of a level.
    #[must_use]
    pub fn at(level: i32, place: i64) -> Select<Self> {
        Self::find()
            .filter(COLUMN.level.eq(level))
            .filter(COLUMN.place.eq(place))
    }
}
