//! What changed for an agency, in the ledger's order: which record, by which event, and nothing of what it says.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{DeleteMany, QueryFilter, QueryOrder};

use crate::audit_place;
use crate::ids::AgencyId;
use crate::instant::Instant;
use crate::vocabulary::ChangedKind;

/// A change. Written by the integrator when it gives the event its place, and never updated.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_change")]
pub struct Model {
    /// The agency that is told.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The place in the tree of the event that changed it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i64,
    /// The record that was changed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub object_id: Uuid,
    /// Its kind.
    pub kind: ChangedKind,
    /// When the event was recorded.
    pub changed_at: Instant,
    /// The agency that is told.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the first `most` changes for `agency` behind this place and record, each with the event that has the place;
    /// the record as `id`.
    #[must_use]
    pub fn behind(agency: AgencyId, place: i64, object: Uuid, most: u64) -> SelectStatement {
        let from = Expr::tuple([Expr::value(place), Expr::value(object)]);
        let event = Query::select()
            .column((audit_place::Entity, audit_place::Column::EventId))
            .from(audit_place::Entity)
            .and_where(
                Expr::col((audit_place::Entity, audit_place::Column::LeafIndex))
                    .equals((Entity, Column::Place)),
            )
            .to_owned();
        Query::select()
            .columns([
                (Entity, Column::Place),
                (Entity, Column::Kind),
                (Entity, Column::ChangedAt),
            ])
            .expr_as(Expr::col((Entity, Column::ObjectId)), "id")
            .expr_as(Expr::SubQuery(None, Box::new(event.into())), "event_id")
            .from(Entity)
            .and_where(COLUMN.agency_id.eq(agency))
            .and_where(in_order().gt(from))
            .order_by((Entity, Column::Place), Order::Asc)
            .order_by((Entity, Column::ObjectId), Order::Asc)
            .limit(most)
            .to_owned()
    }

    /// Returns the changes for `agency` up to this place and record, the newest first.
    #[must_use]
    pub fn up_to(agency: AgencyId, place: i64, object: Uuid) -> Select<Self> {
        let from = Expr::tuple([Expr::value(place), Expr::value(object)]);
        Self::newest_of(agency).filter(in_order().lte(from))
    }

    /// Returns the changes for `agency`, the newest first.
    #[must_use]
    pub fn newest_of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.place)
            .order_by_desc(COLUMN.object_id)
    }

    /// Forgets some of the changes of before this moment, the oldest first.
    #[must_use]
    pub fn forget_old(before: Instant, limit: u64) -> DeleteMany<Self> {
        const KEY: [Column; 3] = [Column::AgencyId, Column::Place, Column::ObjectId];
        let some = Query::select()
            .columns(KEY)
            .from(Entity)
            .and_where(COLUMN.changed_at.lt(before))
            .order_by(COLUMN.changed_at, Order::Asc)
            .limit(limit)
            .to_owned();
        Self::delete_many().filter(Expr::tuple(KEY.map(Expr::col)).in_subquery(some))
    }
}

/// Returns what the changes of an agency are sorted by.
fn in_order() -> Expr {
    Expr::tuple([Column::Place, Column::ObjectId].map(|column| Expr::col((Entity, column))))
}
