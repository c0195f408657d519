//! What an agency answered for itself when it met another one.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::{AgencyId, PartnershipId};
use crate::instant::{Day, Instant};

/// One agency's answers to the questions of a meeting.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partnership_answers")]
pub struct Model {
    /// The partnership.
    #[sea_orm(primary_key, auto_increment = false)]
    pub partnership_id: PartnershipId,
    /// The agency that answered.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The day of the answers.
    pub answered_on: Day,
    /// Whom to turn to at the agency.
    pub contacts: Option<String>,
    /// How the agency itself works with a person who is referred.
    pub procedures: Option<String>,
    /// Whether there is trust; for the agency alone.
    pub trust: Option<String>,
    /// The likely avenues for trafficking here; for the agency alone.
    pub avenues: Option<String>,
    /// When they were recorded last.
    pub recorded_at: Instant,
    /// The partnership.
    #[sea_orm(belongs_to, from = "partnership_id", to = "id")]
    pub partnership: BelongsTo<super::partnership::Entity>,
    /// The agency that answered.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the answers of either side of these partnerships, of which the caller's agency is one of the two.
    pub fn on(partnerships: impl IntoIterator<Item = PartnershipId>) -> Select<Self> {
        Self::find().filter(COLUMN.partnership_id.is_in(partnerships))
    }

    /// Returns what `agency` answered.
    #[must_use]
    pub fn of(agency: AgencyId, partnership: PartnershipId) -> Select<Self> {
        Self::on([partnership]).filter(COLUMN.agency_id.eq(agency))
    }
}
