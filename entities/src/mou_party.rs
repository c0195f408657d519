//! A party of an MOU, and its signature.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Query, SelectStatement};
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AgencyId, MouId};
use crate::instant::{Day, Instant};
use crate::promise::Promises;

/// One agency's part in an MOU.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou_party")]
pub struct Model {
    /// The MOU.
    #[sea_orm(primary_key, auto_increment = false)]
    pub mou_id: MouId,
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// What it takes on.
    pub responsibilities: String,
    /// Who signed for it.
    pub signatory: Option<String>,
    /// The signatory's title.
    pub title: Option<String>,
    /// By what authority they signed, as they declared.
    pub authority: Option<String>,
    /// The SHA-256 of the signed document, 64 lower-case hex digits.
    pub document_sha256: Option<String>,
    /// When it signed.
    pub signed_at: Option<Instant>,
    /// When it suspended the MOU, while that stands.
    pub suspended_at: Option<Instant>,
    /// Why it did last.
    pub suspension_reason: Option<String>,
    /// When it took that back.
    pub reinstated_at: Option<Instant>,
    /// When it said that the MOU is to end, or turned it down.
    pub ended_at: Option<Instant>,
    /// Why the MOU is to end, or why it leaves.
    pub end_reason: Option<String>,
    /// Whether it named a breach as it said so.
    pub breach: bool,
    /// From when it is no party any more, where it leaves and the others go on.
    pub leaves_at: Option<Instant>,
    /// The day of the next review, which it agrees to.
    pub reviewed_for: Option<Day>,
    /// What it promises, coded.
    pub promises: Promises,
    /// The MOU.
    #[sea_orm(belongs_to, from = "mou_id", to = "id")]
    pub mou: BelongsTo<super::mou::Entity>,
    /// The party.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns a party that takes something on, and has not said anything else yet.
    #[must_use]
    pub fn unsigned(mou_id: MouId, agency_id: AgencyId, responsibilities: String) -> Self {
        Self {
            mou_id,
            agency_id,
            responsibilities,
            signatory: None,
            title: None,
            authority: None,
            document_sha256: None,
            signed_at: None,
            suspended_at: None,
            suspension_reason: None,
            reinstated_at: None,
            ended_at: None,
            end_reason: None,
            breach: false,
            leaves_at: None,
            reviewed_for: None,
            promises: Promises::default(),
        }
    }
}

/// What coverage counts of a party.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct CountedParty {
    /// The MOU.
    pub mou_id: MouId,
    /// The agency.
    pub agency_id: AgencyId,
    /// When it signed.
    pub signed_at: Option<Instant>,
    /// From when it is no party any more.
    pub leaves_at: Option<Instant>,
    /// What it promises, coded.
    pub promises: Promises,
}

/// Returns the MOUs that `agency` is a party of, as a subquery.
#[must_use]
pub fn of_agency(agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(COLUMN.mou_id)
        .from(Entity)
        .and_where(COLUMN.agency_id.eq(agency))
        .to_owned()
}

/// Returns the MOUs that `agency` is a party of and has not signed, as a subquery.
#[must_use]
pub fn unsigned_by(agency: AgencyId) -> SelectStatement {
    of_agency(agency)
        .and_where(COLUMN.signed_at.is_null())
        .to_owned()
}

/// Returns the signatures under the MOU that `id` names, as a subquery.
pub(crate) fn signatures_of(id: impl IntoColumnRef) -> SelectStatement {
    Query::select()
        .column(COLUMN.agency_id)
        .from(Entity)
        .and_where(COLUMN.mou_id.into_expr().eq(Expr::col(id)))
        .and_where(COLUMN.signed_at.is_not_null())
        .to_owned()
}

/// Returns the MOUs that `agency` has signed, as a subquery.
pub(crate) fn signed_by(agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(COLUMN.mou_id)
        .from(Entity)
        .and_where(COLUMN.agency_id.eq(agency))
        .and_where(COLUMN.signed_at.is_not_null())
        .to_owned()
}

impl Entity {
    /// Returns the parties of the MOUs that a statement over what the caller follows found.
    #[must_use]
    pub fn under(mous: SelectStatement) -> Select<Self> {
        Self::find().filter(COLUMN.mou_id.in_subquery(mous))
    }

    /// Returns the parties of these MOUs, which the caller has found by a scoped finder, always in the same order.
    pub fn of(mous: impl IntoIterator<Item = MouId>) -> Select<Self> {
        Self::find()
            .filter(COLUMN.mou_id.is_in(mous))
            .order_by_asc(COLUMN.agency_id)
    }
}
