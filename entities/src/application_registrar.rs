//! Through whom an application was registered.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::ApplicationId;

/// An application or an issuer with whose suspension another application's access falls: its token registered it, or one
/// that did was exchanged for its token, or the registrar was registered through it itself. Written with the application
/// and never changed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "application_registrar")]
pub struct Model {
    /// The application that was registered.
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: ApplicationId,
    /// Through whom: an application's id or an issuer's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub registrar_id: Uuid,
    /// The application that was registered.
    #[sea_orm(belongs_to, from = "application_id", to = "id")]
    pub application: BelongsTo<super::application::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns through whom these applications were registered.
    #[must_use]
    pub fn of(applications: impl IntoIterator<Item = ApplicationId>) -> Select<Self> {
        Self::find().filter(COLUMN.application_id.is_in(applications))
    }
}
