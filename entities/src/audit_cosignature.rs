//! A witness's signature under a checkpoint. It is forgotten with the checkpoint.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{InsertMany, IntoActiveModel, QueryFilter, QueryOrder};

use crate::instant::Instant;

/// A cosignature.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_cosignature")]
pub struct Model {
    /// The size of the checkpoint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// The witness's verifier key, in which its name is.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub vkey: String,
    /// The signature, base64, as the line of a note has it.
    #[sea_orm(column_type = "Text")]
    pub signature: String,
    /// When it was signed, by the witness's clock.
    pub cosigned_at: Instant,
    /// The checkpoint.
    #[sea_orm(belongs_to, from = "size", to = "size", on_delete = "Cascade")]
    pub checkpoint: BelongsTo<super::audit_checkpoint::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what was cosigned of the checkpoint of this size, in the order of the keys.
    #[must_use]
    pub fn of(size: i64) -> Select<Self> {
        Self::find()
            .filter(COLUMN.size.eq(size))
            .order_by_asc(COLUMN.vkey)
    }

    /// Returns what the witness with this key cosigned, newest first.
    #[must_use]
    pub fn by(vkey: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.vkey.eq(vkey))
            .order_by_desc(COLUMN.size)
    }

    /// Keeps a cosignature, in the place of an earlier one of the same checkpoint.
    #[must_use]
    pub fn keep(cosignature: Model) -> InsertMany<ActiveModel> {
        let again = OnConflict::columns([Column::Size, Column::Vkey])
            .update_columns([Column::Signature, Column::CosignedAt])
            .to_owned();
        Self::insert_many([cosignature.into_active_model()]).on_conflict(again)
    }
}
