//! The documents that an application may execute, where it may execute no others.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::ApplicationId;
use crate::instant::Instant;

/// A GraphQL document that an application may execute.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_document")]
pub struct Model {
    /// The application.
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_id: ApplicationId,
    /// The SHA-256 of its text, 64 hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    /// Its text.
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// When it was registered.
    pub created_at: Instant,
    /// Whose document it is.
    #[sea_orm(belongs_to, from = "application_id", to = "id")]
    pub application: BelongsTo<super::application::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the documents of `application`.
    #[must_use]
    pub fn of(application: ApplicationId) -> Select<Self> {
        Self::find().filter(COLUMN.application_id.eq(application))
    }

    /// Forgets those of the documents of `application` that have these hashes.
    #[must_use]
    pub fn forget(
        application: ApplicationId,
        hashes: impl IntoIterator<Item = String>,
    ) -> DeleteMany<Self> {
        Self::delete_many()
            .filter(COLUMN.application_id.eq(application))
            .filter(Column::Sha256.is_in(hashes))
    }

    /// Forgets every document of `application`.
    #[must_use]
    pub fn forget_all(application: ApplicationId) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.application_id.eq(application))
    }
}
