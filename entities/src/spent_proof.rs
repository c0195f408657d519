//! What may be used once and has been: the `jti` of client assertions (RFC 7523) and of `DPoP` proofs (RFC 9449).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Order, Query};
use sea_orm::{DeleteMany, QueryFilter};

use crate::instant::Instant;

/// A proof that was accepted once. Kept until it would be refused for its age.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spent_proof")]
pub struct Model {
    /// SHA-256 of who made it and what it calls itself, 32 bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    /// When its age alone refuses it.
    pub expires_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Forgets some of the proofs that their age alone refuses by `now`, the oldest first.
    #[must_use]
    pub fn forget_expired(now: Instant, limit: u64) -> DeleteMany<Self> {
        let some = Query::select()
            .column(COLUMN.digest)
            .from(Entity)
            .and_where(COLUMN.expires_at.lt(now))
            .order_by(COLUMN.expires_at, Order::Asc)
            .limit(limit)
            .to_owned();
        Self::delete_many().filter(COLUMN.digest.in_subquery(some))
    }
}
