//! That an agency's staff were trained: which day, on what, how many.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};

use crate::ids::AgencyId;
use crate::instant::{Day, Instant};

/// One training of an agency's staff.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_training")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The day of the training.
    #[sea_orm(primary_key, auto_increment = false)]
    pub held_on: Day,
    /// What it was on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub topic: String,
    /// How many were trained.
    pub attended: i32,
    /// When it was recorded last.
    pub recorded_at: Instant,
    /// The agency.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How many trainings of an agency are shown.
const SHOWN: u64 = 20;

impl Entity {
    /// Returns the latest trainings of `agency`, newest first.
    #[must_use]
    pub fn latest_of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.held_on)
            .order_by_asc(COLUMN.topic)
            .limit(SHOWN)
    }

    /// Returns the training of `agency` on a day, on a topic.
    #[must_use]
    pub fn one_of(agency: AgencyId, held_on: Day, topic: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.held_on.eq(held_on))
            .filter(COLUMN.topic.eq(topic))
    }
}
