//! The keyring's table of package keys, in a store of its own.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{DeleteMany, QueryFilter, QueryOrder, QuerySelect};

use crate::ids::ReferralId;
use crate::instant::Instant;

/// A package's key, wrapped by the key-encryption key. Destroying this row destroys the package, in every copy.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "package_key")]
pub struct Model {
    /// The referral whose package it seals.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: ReferralId,
    /// The version of the key, from 1: a package that is sealed anew has the next one.
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

    /// Returns the keys of these referrals, whose disclosure the caller has decided and recorded.
    pub fn of(referrals: impl IntoIterator<Item = ReferralId>) -> Select<Self> {
        Self::find().filter(COLUMN.referral_id.is_in(referrals))
    }

    /// Returns the next keys in the order of their referrals and versions, for the sweep.
    #[must_use]
    pub fn in_order(after: Option<(ReferralId, i32)>, limit: u64) -> Select<Self> {
        let keys = Self::find()
            .order_by_asc(COLUMN.referral_id)
            .order_by_asc(COLUMN.version)
            .limit(limit);
        match after {
            Some((referral, version)) => {
                let last = Expr::tuple([Expr::value(referral), Expr::value(version)]);
                let place = [Column::ReferralId, Column::Version].map(Expr::col);
                keys.filter(Expr::tuple(place).gt(last))
            }
            None => keys,
        }
    }

    /// Destroys this version of a package's key.
    #[must_use]
    pub fn destroy(referral: ReferralId, version: i32) -> DeleteMany<Self> {
        Self::delete_many()
            .filter(COLUMN.referral_id.eq(referral))
            .filter(COLUMN.version.eq(version))
    }

    /// Destroys this version of a package's key where it is the one that was made then, for the sweep.
    #[must_use]
    pub fn destroy_made_at(referral: ReferralId, version: i32, made: Instant) -> DeleteMany<Self> {
        Self::destroy(referral, version).filter(COLUMN.created_at.eq(made))
    }

    /// Destroys the keys of these packages, up to this version.
    pub fn destroy_up_to(
        version: i32,
        referrals: impl IntoIterator<Item = ReferralId>,
    ) -> DeleteMany<Self> {
        Self::delete_many()
            .filter(COLUMN.referral_id.is_in(referrals))
            .filter(COLUMN.version.lte(version))
    }
}
