//! A survivor: one agency's own pseudonym for a person it serves. Holds no identity.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{DeleteMany, QueryFilter, QueryOrder};

use crate::ids::{AgencyId, SurvivorAuditId, SurvivorId};
use crate::instant::Instant;

/// An agency's pseudonym for a person. No other agency ever sees it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survivor")]
pub struct Model {
    /// The survivor's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SurvivorId,
    /// The agency whose pseudonym this is.
    #[sea_orm(unique_key = "agency_pseudonym")]
    pub agency_id: AgencyId,
    /// The pseudonym; unique within the agency.
    #[sea_orm(unique_key = "agency_pseudonym")]
    pub pseudonym: String,
    /// Whether the person is under 18.
    pub minor: bool,
    /// The language the person understands best, BCP 47.
    pub language: Option<String>,
    /// What the audit log calls this person; erasing this row erases the link.
    pub audit_id: SurvivorAuditId,
    /// When it was registered.
    pub created_at: Instant,
    /// When the person was erased. What is left then names nobody: other records still point at its id.
    pub erased_at: Option<Instant>,
    /// The agency whose pseudonym this is.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
    /// The plan for safe contact, sealed.
    #[sea_orm(has_one)]
    pub safe_contact: HasOne<super::safe_contact::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the survivors of `agency` who are not erased, newest first.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.erased_at.is_null())
            .order_by_desc(COLUMN.created_at)
            .order_by_desc(COLUMN.id)
    }

    /// Returns the survivor `id` of `agency`, unless erased.
    #[must_use]
    pub fn one_of(agency: AgencyId, id: SurvivorId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.erased_at.is_null())
    }

    /// Returns the survivor `id`, erased or not, whose consent the caller ends.
    #[must_use]
    pub fn consenting(id: SurvivorId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }

    /// Returns the survivor whom the audit log knows by this id, for the command line alone.
    #[must_use]
    pub fn known_as(id: SurvivorAuditId) -> Select<Self> {
        Self::find().filter(COLUMN.audit_id.eq(id))
    }

    /// Removes the survivor `id`, whom the caller's agency serves and nothing points at any more.
    #[must_use]
    pub fn remove(id: SurvivorId) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.id.eq(id))
    }
}
