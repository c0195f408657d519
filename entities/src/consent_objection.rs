//! A parent's or guardian's objection to a consent.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::ConsentId;
use crate::instant::{Day, Instant};

/// That one of a minor's parents or guardians objects. Never their name: the paper has it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_objection")]
pub struct Model {
    /// The consent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub consent_id: ConsentId,
    /// Which of the parents or guardians, by the number that their signature would have.
    #[sea_orm(primary_key, auto_increment = false)]
    pub signer: i32,
    /// The day on which they objected.
    pub objected_on: Day,
    /// When it was recorded here. Whoever signs later objects no longer.
    pub recorded_at: Instant,
    /// The consent.
    #[sea_orm(belongs_to, from = "consent_id", to = "id")]
    pub consent: BelongsTo<super::consent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the objections to these consents, which the caller has found by a scoped finder.
    pub fn to(consents: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        Self::find().filter(COLUMN.consent_id.is_in(consents))
    }
}
