//! That a set of rules binds an agency, from a day and until a day.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AgencyId, RulePackId};
use crate::instant::{Day, Instant};
use crate::vocabulary::Pack;

/// A rule pack that an agency said binds it. Ended, it stays readable: a consent is judged by the rules of its day.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_pack")]
pub struct Model {
    /// The id of this statement.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RulePackId,
    /// The agency that it binds.
    pub agency_id: AgencyId,
    /// The rules that bind it.
    pub pack: Pack,
    /// Its first day.
    pub from_on: Day,
    /// Its last day; none where it goes on.
    pub until_on: Option<Day>,
    /// A state's own maximum, in days; none where the usual one holds.
    pub max_days: Option<i32>,
    /// Where a state's rule is written.
    pub citation: Option<String>,
    /// Whether a state's law asks for each of a minor's parents or guardians.
    pub both_guardians: bool,
    /// When it was said.
    pub created_at: Instant,
    /// The agency that it binds.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what `agency` said of itself, newest first.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns what these agencies, the parties of an MOU, said of themselves.
    pub fn of_parties(agencies: impl IntoIterator<Item = AgencyId>) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.is_in(agencies))
            .order_by_asc(COLUMN.id)
    }

    /// Returns the rule pack `id` of `agency`.
    #[must_use]
    pub fn one_of(agency: AgencyId, id: RulePackId) -> Select<Self> {
        Self::of(agency).filter(COLUMN.id.eq(id))
    }
}
