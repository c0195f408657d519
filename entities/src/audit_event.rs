//! An entry of the audit log: the exact bytes that were hashed, and copies of what is searched for.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, Query, SelectStatement, UnionType};
use sea_orm::{QueryFilter, QueryOrder};

use crate::consent;
use crate::ids::{AgencyId, AuditEventId, ConsentId, SurvivorId};
use crate::instant::Instant;
use crate::mandated_disclosure;
use crate::membership;
use crate::vocabulary::{AuditOutcome, AuditType};

/// An audit event. Never changed, but for its place in the tree.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// The event's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// When it was recorded, by the database's clock.
    pub recorded_at: Instant,
    /// The agency that acted.
    pub agency_id: Option<AgencyId>,
    /// The agency that was told or acted upon.
    pub recipient_id: Option<AgencyId>,
    /// What was done.
    pub kind: AuditType,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// The leaf: the JSON text that was hashed.
    #[sea_orm(column_type = "Text")]
    pub leaf: String,
    /// The leaf's RFC 6962 hash, 32 bytes.
    pub leaf_hash: Vec<u8>,
    /// The leaf's place in the tree; none until it is integrated.
    #[sea_orm(unique)]
    pub leaf_index: Option<i64>,
    /// Where the request came from; outside the leaf, which holds a commitment to it.
    pub address: Option<String>,
    /// What the commitment to the address is salted with, 16 bytes.
    pub salt: Option<Vec<u8>>,
    /// The consent, or the record of a mandate, under which something was told; none where nothing was.
    pub disclosed_under: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Returns the ids of the events with an agency within reach of `agency` in this column.
fn involving(column: Column, agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(COLUMN.id)
        .from(Entity)
        .and_where(column.in_subquery(membership::coordinated_with(agency)))
        .to_owned()
}

impl Entity {
    /// Returns the events that `agency` may read about: those in which it, or an agency of a task force that it
    /// coordinates, acted or was told, and to a coordinator those of nobody's. Newest first.
    #[must_use]
    pub fn within_reach_of(agency: AgencyId) -> Select<Self> {
        // Each branch is answered by its own index: an `OR` of the two would walk the whole log for a quiet agency.
        let told = involving(COLUMN.recipient_id, agency);
        // Nobody's, such as a refused token's: for whoever coordinates some task force.
        let nobodys = Query::select()
            .column(COLUMN.id)
            .from(Entity)
            .and_where(COLUMN.agency_id.is_null())
            .and_where(COLUMN.recipient_id.is_null())
            .and_where(Expr::exists(membership::coordination(agency)))
            .to_owned();
        let either = involving(COLUMN.agency_id, agency)
            .union(UnionType::All, told)
            .union(UnionType::All, nobodys)
            .to_owned();
        Self::find()
            .filter(COLUMN.id.in_subquery(either))
            .order_by_desc(COLUMN.id)
    }

    /// Returns what was told under these consents of `discloser`'s, newest first.
    #[must_use]
    pub fn told_under(
        discloser: AgencyId,
        consents: impl IntoIterator<Item = ConsentId>,
    ) -> Select<Self> {
        let own = Query::select()
            .column(consent::COLUMN.id)
            .from(consent::Entity)
            .and_where(consent::COLUMN.discloser_id.eq(discloser))
            .and_where(consent::COLUMN.id.is_in(consents))
            .to_owned();
        Self::disclosures(own)
    }

    /// Returns what was told of the survivor `id` of `discloser`'s, under any consent and by any mandate, newest first.
    #[must_use]
    pub fn told_of(discloser: AgencyId, id: SurvivorId) -> Select<Self> {
        let mandates = Query::select()
            .column(mandated_disclosure::COLUMN.id)
            .from(mandated_disclosure::Entity)
            .and_where(mandated_disclosure::COLUMN.agency_id.eq(discloser))
            .and_where(mandated_disclosure::COLUMN.survivor_id.eq(id))
            .to_owned();
        let own = Query::select()
            .column(consent::COLUMN.id)
            .from(consent::Entity)
            .and_where(consent::COLUMN.discloser_id.eq(discloser))
            .and_where(consent::COLUMN.survivor_id.eq(id))
            .union(UnionType::All, mandates)
            .to_owned();
        Self::disclosures(own)
    }

    fn disclosures(under: SelectStatement) -> Select<Self> {
        Self::find()
            .filter(COLUMN.disclosed_under.in_subquery(under))
            .order_by_desc(COLUMN.id)
    }

    /// Returns the events that are not in the tree yet, oldest first by the database's clock: an id's own time is that
    /// of whichever server made it.
    #[must_use]
    pub fn awaiting_integration() -> Select<Self> {
        Self::find()
            .filter(COLUMN.leaf_index.is_null())
            .order_by_asc(COLUMN.recorded_at)
            .order_by_asc(COLUMN.id)
    }

    /// Returns the leaves from `index` on, in order, for verification.
    #[must_use]
    pub fn leaves_from(index: i64) -> Select<Self> {
        Self::find()
            .filter(COLUMN.leaf_index.gte(index))
            .order_by_asc(COLUMN.leaf_index)
    }
}
