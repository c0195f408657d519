//! A referral package's content: one sealed row a category.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::ReferralId;
use crate::vocabulary::DataCategory;

/// One category of one package, sealed under the package's own key.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sealed_part")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: ReferralId,
    /// The category.
    #[sea_orm(primary_key, auto_increment = false)]
    pub category: DataCategory,
    /// The version of the key that sealed it.
    pub key_version: i32,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// The referral whose package it is a part of.
    #[sea_orm(belongs_to, from = "referral_id", to = "id")]
    pub referral: BelongsTo<super::referral::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the parts of these referrals, whose disclosure the caller has decided and recorded.
    pub fn of(referrals: impl IntoIterator<Item = ReferralId>) -> Select<Self> {
        Self::find().filter(COLUMN.referral_id.is_in(referrals))
    }

    /// Removes the parts of these referrals, which the caller wrote.
    pub fn remove_of(referrals: impl IntoIterator<Item = ReferralId>) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.referral_id.is_in(referrals))
    }
}
