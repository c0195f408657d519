//! What an agency has used of its allowance to end tokens and programs, for all servers together.

use sea_orm::entity::prelude::*;

use crate::ids::AgencyId;
use crate::instant::Instant;

/// The allowance of an agency that has ended something.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ending_allowance")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// From when on its allowance is full again.
    pub full_at: Instant,
    /// The agency.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what `agency` has used.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.agency_id.eq(agency))
    }
}
