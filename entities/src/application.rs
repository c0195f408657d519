//! A registered API client of an agency's.

use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;

use crate::ids::{AgencyId, ApplicationId};
use crate::instant::Instant;
use crate::vocabulary::{AgencyStatus, ClientAuthentication};

/// A program that calls the service for its agency.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "application")]
pub struct Model {
    /// The application's id, and the `client_id` of its tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApplicationId,
    /// The agency whose program it is.
    pub agency_id: AgencyId,
    /// Its name.
    pub name: String,
    /// Whether it may call.
    pub status: AgencyStatus,
    /// The widest scope that its tokens may carry.
    pub scope: String,
    /// How it proves that it is the one that was registered.
    pub authentication: ClientAuthentication,
    /// Its public keys, a JWK set (RFC 7517) as JSON.
    #[sea_orm(column_type = "Text")]
    pub keys: String,
    /// Whether all its tokens must be bound to a key of its own (RFC 9449, 5.2).
    pub dpop_bound: bool,
    /// The origins of the pages that may call with its tokens, as browsers send them, set apart by spaces.
    #[sea_orm(column_type = "Text")]
    pub allowed_origins: String,
    /// Whether it may execute its trusted documents alone.
    pub trusted_documents_only: bool,
    /// When it was registered.
    pub created_at: Instant,
    /// Who registered it, as their agency calls them; none where the operator did, or before 0.2.
    pub registered_by_subject: Option<String>,
    /// The `client_id` of the token that registered it.
    pub registered_by_client: Option<String>,
    /// Whose program it is.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
    /// What its secret is checked against.
    #[sea_orm(has_many)]
    pub secrets: HasMany<super::application_secret::Entity>,
    /// The documents that it may execute, where it may execute no others.
    #[sea_orm(has_many)]
    pub documents: HasMany<super::trusted_document::Entity>,
}

/// A set of no keys.
pub const NO_KEYS: &str = r#"{"keys":[]}"#;

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the applications of `agency`.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.agency_id.eq(agency))
    }

    /// Returns the applications of `agency` that may call.
    #[must_use]
    pub fn live(agency: AgencyId) -> Select<Self> {
        Self::of(agency).filter(COLUMN.status.eq(AgencyStatus::Active))
    }

    /// Returns the applications of `agency` that may call and that this person registered.
    #[must_use]
    pub fn live_registered_by(agency: AgencyId, subject: &str) -> Select<Self> {
        Self::live(agency).filter(COLUMN.registered_by_subject.eq(subject))
    }

    /// Returns the applications, of any agency, that take part and may be called from pages of their own: for saying so to
    /// browsers alone.
    #[must_use]
    pub fn called_from_pages() -> Select<Self> {
        Self::find()
            .filter(COLUMN.status.eq(AgencyStatus::Active))
            .filter(COLUMN.allowed_origins.ne(""))
    }

    /// Returns the application that a program names as itself, of any agency: for authentication alone.
    #[must_use]
    pub fn claimed(id: ApplicationId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }
}
