//! Whether an agency took part, before that changed.

use sea_orm::entity::prelude::*;

use crate::ids::AgencyId;
use crate::instant::Instant;
use crate::vocabulary::AgencyStatus;

/// A version of an agency that is over.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_past")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgencyId,
    /// Until when it was so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// Whether it took part.
    pub status: AgencyStatus,
    /// The agency.
    #[sea_orm(belongs_to, from = "id", to = "id", on_delete = "Cascade")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
