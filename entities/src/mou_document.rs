//! The text that the parties of an MOU sign, as a file, sealed under a key of its own.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QuerySelect};

use crate::ids::MouId;
use crate::instant::Instant;

/// The file of one version of an MOU. What is told of it stands on the MOU.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou_document")]
pub struct Model {
    /// The version of the MOU.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mou_id: MouId,
    /// Nonce, ciphertext and tag.
    pub sealed: Vec<u8>,
    /// When it was stored.
    pub created_at: Instant,
    /// The program that stored it.
    pub created_by: String,
    /// The MOU that it is the text of.
    #[sea_orm(belongs_to, from = "mou_id", to = "id")]
    pub mou: BelongsTo<super::mou::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the file of this MOU, which the caller has found by a scoped finder.
    #[must_use]
    pub fn of(mou: MouId) -> Select<Self> {
        Self::find().filter(COLUMN.mou_id.eq(mou))
    }

    /// Selects which of these MOUs have a file, for the keyring's sweep.
    pub fn stored_among(mous: impl IntoIterator<Item = MouId>) -> Select<Self> {
        Self::find()
            .filter(COLUMN.mou_id.is_in(mous))
            .select_only()
            .column(Column::MouId)
    }
}
