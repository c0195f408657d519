//! How a survivor may be reached safely, sealed: how to reach a person is identity.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::SurvivorId;
use crate::instant::Instant;

/// A survivor's plan for safe contact, sealed under a key of its own.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "safe_contact")]
pub struct Model {
    /// The survivor whose plan it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survivor_id: SurvivorId,
    /// The version of the key that sealed it: every change has a new one.
    pub key_version: i32,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// When it was set.
    pub set_at: Instant,
    /// Whose plan it is.
    #[sea_orm(belongs_to, from = "survivor_id", to = "id", on_delete = "Cascade")]
    pub survivor: BelongsTo<super::survivor::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the plan of a survivor whom the caller's agency serves.
    #[must_use]
    pub fn of(survivor: SurvivorId) -> Select<Self> {
        Self::among([survivor])
    }

    /// Returns the plans of these, for the sweep.
    pub fn among(survivors: impl IntoIterator<Item = SurvivorId>) -> Select<Self> {
        Self::find().filter(COLUMN.survivor_id.is_in(survivors))
    }

    /// Removes the plan of a survivor whom the caller's agency serves.
    #[must_use]
    pub fn remove_of(survivor: SurvivorId) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.survivor_id.eq(survivor))
    }
}
