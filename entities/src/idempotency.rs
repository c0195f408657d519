//! What an idempotency key has made already.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::AgencyId;
use crate::instant::Instant;

/// A key that a program sent along with something to create, and what it created.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// The agency that called.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// The program that called.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client_id: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The keyed hash of the operation's name and input: the same key with another input is a conflict. Empty where it was
    /// made by 0.1, without a key: nothing is compared with it.
    pub request_hash: Vec<u8>,
    /// The UUID of what was created.
    pub object_id: Uuid,
    /// When it was created.
    pub created_at: Instant,
    /// The agency that called.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Forgets the keys that made these, with the hashes of what they were sent along with.
    pub fn forget(made: impl IntoIterator<Item = Uuid>) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.object_id.is_in(made))
    }

    /// Returns the keys that made these, for the keyring's sweep.
    pub fn that_made(made: impl IntoIterator<Item = Uuid>) -> Select<Self> {
        Self::find().filter(COLUMN.object_id.is_in(made))
    }

    /// Forgets some of the keys that were used before this, the oldest first.
    #[must_use]
    pub fn forget_old(before: Instant, limit: u64) -> DeleteMany<Self> {
        let key = [Column::AgencyId, Column::ClientId, Column::Key];
        let some = Query::select()
            .columns(key)
            .from(Entity)
            .and_where(COLUMN.created_at.lt(before))
            .order_by(COLUMN.created_at, Order::Asc)
            .limit(limit)
            .to_owned();
        Self::delete_many().filter(Expr::tuple(key.map(Expr::col)).in_subquery(some))
    }

    /// Returns what `key` of this program made.
    #[must_use]
    pub fn used(agency: AgencyId, client: &str, key: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .filter(COLUMN.client_id.eq(client))
            .filter(COLUMN.key.eq(key))
    }
}
