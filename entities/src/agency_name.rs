//! What agencies were called before.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;
use crate::membership;
use crate::name_key::NameKey;

/// A former name of an agency.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_name")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Until when it was called so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub until: Instant,
    /// The name.
    pub name: String,
    /// What the name is compared by.
    pub name_key: NameKey,
    /// The agency.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How many former names of an agency are shown.
const SHOWN: u64 = 20;

impl Entity {
    /// Returns the latest former names of `agency`, newest first.
    #[must_use]
    pub fn latest_of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.until)
            .limit(SHOWN)
    }

    /// Returns the former names of these agencies.
    pub fn of_any(agencies: impl IntoIterator<Item = AgencyId>) -> Select<Self> {
        Self::find().filter(COLUMN.agency_id.is_in(agencies))
    }

    /// Returns the former names of other agencies of a task force that look like this one.
    #[must_use]
    pub fn alike(task_force: TaskForceId, agency: AgencyId, key: &NameKey) -> Select<Self> {
        let members = Query::select()
            .column(membership::COLUMN.agency_id)
            .from(membership::Entity)
            .and_where(membership::COLUMN.task_force_id.eq(task_force))
            .to_owned();
        Self::find()
            .filter(COLUMN.name_key.eq(key.clone()))
            .filter(COLUMN.agency_id.ne(agency))
            .filter(COLUMN.agency_id.in_subquery(members))
    }
}
