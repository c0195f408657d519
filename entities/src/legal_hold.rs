//! A legal hold: that somebody obliges an agency to keep what it holds of a survivor.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryFilter, QueryOrder, UpdateMany};

use crate::ids::{AgencyId, LegalHoldId, SurvivorId};
use crate::instant::{Day, Instant};
use crate::vocabulary::LegalHoldGround;

/// What obliges an agency to keep what it holds of a survivor, as its counsel's office had it recorded. Only that agency
/// reads it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "legal_hold")]
pub struct Model {
    /// The hold's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LegalHoldId,
    /// The agency that must keep.
    pub agency_id: AgencyId,
    /// Of whom it must keep what it holds.
    pub survivor_id: SurvivorId,
    /// What obliges it.
    pub ground: LegalHoldGround,
    /// The day on what obliges it.
    pub issued_on: Day,
    /// Its last day; none where it holds until it is released.
    pub ends_on: Option<Day>,
    /// The texts (counsel's office, reference), sealed: a case number is identity. Nothing, once the person is erased.
    pub sealed: Vec<u8>,
    /// When it was put on record.
    pub recorded_at: Instant,
    /// When the agency said that it holds no longer.
    pub released_at: Option<Instant>,
    /// The agency that must keep.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what obliges `agency` to keep what it holds of the survivor `person`, over or not, newest first.
    #[must_use]
    pub fn on(agency: AgencyId, person: SurvivorId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.survivor_id.eq(person))
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns the hold `id` that `agency` recorded.
    #[must_use]
    pub fn one_by(agency: AgencyId, id: LegalHoldId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.agency_id.eq(agency))
    }

    /// Returns those of these holds that exist, for the sweep.
    pub fn among(ids: impl IntoIterator<Item = LegalHoldId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids))
    }

    /// Removes the texts of the holds on the survivor `person`, and has them point at `nobody`, for their erasure. That
    /// there was a hold stays on record.
    #[must_use]
    pub fn forget_person(person: SurvivorId, nobody: SurvivorId) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Sealed, Expr::value(Vec::<u8>::new()))
            .col_expr(Column::SurvivorId, Expr::value(nobody))
            .filter(COLUMN.survivor_id.eq(person))
    }
}
