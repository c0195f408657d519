//! A registered API client of an agency's.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::{AgencyId, ApplicationId};
use crate::instant::Instant;
use crate::vocabulary::AgencyStatus;

/// A program that calls the service for its agency.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "application")]
pub struct Model {
    /// Which; it is the `client_id` of its tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApplicationId,
    /// Whose.
    pub agency_id: AgencyId,
    /// Its name.
    pub name: String,
    /// Whether it may call.
    pub status: AgencyStatus,
    /// The widest scope that its tokens may carry.
    pub scope: String,
    /// When it was registered.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The applications of `agency`.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::AgencyId.eq(agency))
    }
}
