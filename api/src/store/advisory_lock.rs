//! The advisory locks that are taken on PostgreSQL, all in one list: two of one number would be one lock, and do not
//! compile.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// An advisory lock, by its number.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub(crate) enum AdvisoryLock {
    /// Everybody's who records, changes or ends: see [`sharing_lock`](super::sharing_lock).
    Sharing = 0x00C0_4C0D,
    /// Whoever gives events their places.
    Integrating = 0x00C0_4C0E,
    /// Whoever sweeps.
    Sweeping = 0x00C0_4C0F,
    /// Whoever migrates.
    Migrating = 0x00C0_4C10,
    /// Every server's, shared, for as long as it serves; alone, whoever moves the keys or puts a store back.
    Serving = 0x00C0_4C11,
    /// Whoever makes something with an idempotency key: with the key beside it, see [`lock_within`].
    Creating = 0x00C0_4C12,
}

/// Takes one of the many locks of this name until the transaction ends. Others with the same number wait; should two things
/// have one number, one waits for the other in vain, and no more. An embedded store has one writer, and no such lock.
pub(crate) async fn lock_within(
    transaction: &impl ConnectionTrait,
    name: AdvisoryLock,
    number: i32,
) -> Result<(), DbErr> {
    let backend = transaction.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock($1::bigint::int, $2)";
        let values = [name.number().into(), number.into()];
        let lock = Statement::from_sql_and_values(backend, sql, values);
        transaction.execute_raw(lock).await?;
    }
    Ok(())
}

impl AdvisoryLock {
    /// Returns its number.
    #[expect(clippy::as_conversions, reason = "a variant is its number")]
    pub(crate) const fn number(self) -> i64 {
        self as i64
    }
}
