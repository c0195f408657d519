//! A survivor: one agency's own pseudonym for a person it serves. Holds no identity.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{QueryFilter, QueryOrder};

use crate::consent;
use crate::ids::{AgencyId, SurvivorAuditId, SurvivorId};
use crate::instant::Instant;

/// An agency's pseudonym for a person. No other agency ever sees it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "survivor")]
pub struct Model {
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SurvivorId,
    /// The agency whose pseudonym this is.
    pub agency_id: AgencyId,
    /// The pseudonym; unique within the agency.
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
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The survivors of `agency` who are not erased, newest first.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::AgencyId.eq(agency))
            .filter(Column::ErasedAt.is_null())
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
    }

    /// What comes after the survivor `id`, registered at `at`, in the order of [`of`](Self::of). Ids alone are random, and
    /// say nothing of it.
    #[must_use]
    pub fn after(at: Instant, id: SurvivorId) -> Expr {
        let place = Expr::tuple([Expr::value(at), Expr::value(id)]);
        Expr::tuple([Expr::col(Column::CreatedAt), Expr::col(Column::Id)]).lt(place)
    }

    /// The survivor `id` of `agency`, unless erased.
    #[must_use]
    pub fn one_of(agency: AgencyId, id: SurvivorId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::Id.eq(id))
            .filter(Column::AgencyId.eq(agency))
            .filter(Column::ErasedAt.is_null())
    }

    /// Whose consent this is, erased or not, for whoever ends it.
    #[must_use]
    pub fn consenting(consent: &consent::Model) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::Id.eq(consent.survivor_id))
    }
}
