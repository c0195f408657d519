//! People of an agency's whose tokens it ended, as staff who leave.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::AgencyId;
use crate::instant::Instant;

/// A person, as the agency calls them, whose tokens were ended. Kept for good: a token of before stays over.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_subject")]
pub struct Model {
    /// The agency whose person it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The `sub` of the tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// When their tokens were ended last.
    pub ended_at: Instant,
    /// From which second on their tokens count again, where they were reinstated.
    pub reinstated_at: Option<Instant>,
    /// The agency whose person it is.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what is known of a person of `agency`.
    #[must_use]
    pub fn of(agency: AgencyId, subject: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.subject.eq(subject))
    }
}
