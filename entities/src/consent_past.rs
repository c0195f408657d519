//! What a consent allowed and when, before that changed. Nothing of the person.

use sea_orm::entity::prelude::*;

use crate::grants::Grants;
use crate::ids::{AgencyId, ConsentId};
use crate::instant::Instant;

/// What a consent said before it was changed: the same columns.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_past")]
pub struct Model {
    /// The consent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    /// Until when it was so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// The version of the agreement.
    pub version: i32,
    /// The agency that might disclose.
    pub discloser_id: AgencyId,
    /// The one agency that might be told.
    pub recipient_id: AgencyId,
    /// What might be told, for what.
    pub grants: Grants,
    /// From when.
    pub effective_at: Instant,
    /// Until when it was to last.
    pub expires_at: Instant,
    /// When the last required signature had been recorded.
    pub signed_at: Option<Instant>,
    /// When the survivor had taken it back.
    pub revoked_at: Option<Instant>,
    /// When a later version had taken its place.
    pub superseded_at: Option<Instant>,
    /// When it had been found that it should never have been.
    pub entered_in_error_at: Option<Instant>,
    /// From when it was to allow nothing, for what it lacked.
    pub suspends_at: Option<Instant>,
    /// The consent.
    #[sea_orm(belongs_to, from = "id", to = "id", on_delete = "Cascade")]
    pub consent: BelongsTo<super::consent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
