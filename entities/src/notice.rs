//! What an agency is told without having asked: ids and codes, never content.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Order, Query};
use sea_orm::{DeleteMany, QueryFilter, QueryOrder};

use crate::ids::{AgencyId, ConsentId, NoticeId};
use crate::instant::Instant;
use crate::vocabulary::NoticeKind;

/// A notice. Written in the transaction of what it tells of.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    /// The notice's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoticeId,
    /// The agency that is told.
    pub agency_id: AgencyId,
    /// What it is told.
    pub kind: NoticeKind,
    /// The record that it is told of, by its id on the wire.
    pub object: String,
    /// When it was written.
    pub created_at: Instant,
    /// When the agency said that it has seen it.
    pub seen_at: Option<Instant>,
    /// The agency that is told.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns a notice to an agency that nobody has seen, of the record that is called so on the wire.
    #[must_use]
    pub fn unseen(agency_id: AgencyId, kind: NoticeKind, object: String, now: Instant) -> Self {
        Self {
            id: NoticeId::new(),
            agency_id,
            kind,
            object,
            created_at: now,
            seen_at: None,
        }
    }
}

impl Entity {
    /// Returns the notices to `agency`, newest first.
    #[must_use]
    pub fn to(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns the notice `id` to `agency`.
    #[must_use]
    pub fn one_to(agency: AgencyId, id: NoticeId) -> Select<Self> {
        Self::to(agency).filter(COLUMN.id.eq(id))
    }

    /// Returns the notices that `agency` has not seen.
    #[must_use]
    pub fn unseen_by(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.seen_at.is_null())
    }

    /// Returns the notices of these consents to any agency, for their discloser.
    #[must_use]
    pub fn of(consents: &[ConsentId]) -> Select<Self> {
        Self::find()
            .filter(
                COLUMN
                    .object
                    .is_in(consents.iter().map(ToString::to_string)),
            )
            .order_by_desc(COLUMN.id)
    }

    /// Forgets some of the notices that were read before this, the oldest first. What nobody read is kept.
    #[must_use]
    pub fn forget_seen(before: Instant, limit: u64) -> DeleteMany<Self> {
        let some = Query::select()
            .column(COLUMN.id)
            .from(Entity)
            .and_where(COLUMN.seen_at.lt(before))
            .order_by(COLUMN.seen_at, Order::Asc)
            .limit(limit)
            .to_owned();
        Self::delete_many().filter(COLUMN.id.in_subquery(some))
    }
}
