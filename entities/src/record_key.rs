//! The keyring's table of record keys, in a store of its own.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{DeleteMany, QueryFilter, QueryOrder, QuerySelect};

use crate::instant::Instant;

/// What kind of record it is that a call which made something was sent along with: only its hash is kept.
pub const INPUT: &str = "input";

/// The key of one sealed record, wrapped by the key-encryption key. Destroying this row destroys what it seals, in
/// every copy.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "record_key")]
pub struct Model {
    /// What kind of record it seals.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The UUID of the record's owner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: Uuid,
    /// The version of the key, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// The id of the key-encryption key that wrapped it; none where that was before they had ids.
    pub kek_id: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns every key, for moving them to another keyring.
    #[must_use]
    pub fn every_key() -> Select<Self> {
        Self::find()
    }

    /// Returns the keys of these owners' records, which the caller may read.
    pub fn of(kind: &str, owners: impl IntoIterator<Item = Uuid>) -> Select<Self> {
        Self::find()
            .filter(COLUMN.kind.eq(kind))
            .filter(COLUMN.owner.is_in(owners))
    }

    /// Returns the next keys older than `before` in the order of their owners, for the sweep.
    #[must_use]
    pub fn in_order(
        kind: &str,
        before: Instant,
        after: Option<(Uuid, i32)>,
        limit: u64,
    ) -> Select<Self> {
        let keys = Self::find()
            .filter(COLUMN.kind.eq(kind))
            .filter(COLUMN.created_at.lt(before))
            .order_by_asc(COLUMN.owner)
            .order_by_asc(COLUMN.version)
            .limit(limit);
        match after {
            Some((owner, version)) => {
                let last = Expr::tuple([Expr::value(owner), Expr::value(version)]);
                let place = [Column::Owner, Column::Version].map(Expr::col);
                keys.filter(Expr::tuple(place).gt(last))
            }
            None => keys,
        }
    }

    /// Destroys every key of these owners' records.
    pub fn destroy(kind: &str, owners: impl IntoIterator<Item = Uuid>) -> DeleteMany<Self> {
        Self::delete_many()
            .filter(COLUMN.kind.eq(kind))
            .filter(COLUMN.owner.is_in(owners))
    }

    /// Destroys the keys under which it is hashed what these were made with.
    pub fn destroy_inputs(made: impl IntoIterator<Item = Uuid>) -> DeleteMany<Self> {
        Self::destroy(INPUT, made)
    }

    /// Destroys this version of the key of an owner's record.
    #[must_use]
    pub fn destroy_version(kind: &str, owner: Uuid, version: i32) -> DeleteMany<Self> {
        Self::destroy(kind, [owner]).filter(COLUMN.version.eq(version))
    }

    /// Destroys this version where it was made before this, for the sweep.
    #[must_use]
    pub fn destroy_version_made_before(
        before: Instant,
        kind: &str,
        owner: Uuid,
        version: i32,
    ) -> DeleteMany<Self> {
        Self::destroy_version(kind, owner, version).filter(COLUMN.created_at.lt(before))
    }

    /// Destroys the keys of an owner's record before this version.
    #[must_use]
    pub fn destroy_older(kind: &str, owner: Uuid, version: i32) -> DeleteMany<Self> {
        Self::destroy(kind, [owner]).filter(COLUMN.version.lt(version))
    }
}
