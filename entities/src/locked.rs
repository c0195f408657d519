//! Reading a row to change it: locked until the transaction ends.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QuerySelect};

/// Reading for a change what a scoped finder selects. No finder locks by itself, so that each lock is seen where it is
/// taken. On SQLite, which has one writer, nothing needs to be locked.
pub trait SelectLocked<E: EntityTrait>: Sized {
    /// Returns the row, locked until the transaction ends.
    fn one_locked<C: ConnectionTrait>(
        self,
        transaction: &C,
    ) -> impl Future<Output = Result<Option<E::Model>, DbErr>> + Send;
}

impl<E: EntityTrait> SelectLocked<E> for Select<E> {
    async fn one_locked<C: ConnectionTrait>(
        self,
        transaction: &C,
    ) -> Result<Option<E::Model>, DbErr> {
        self.lock_exclusive().one(transaction).await
    }
}
