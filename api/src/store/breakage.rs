//! Which connections of a pool are taken for broken, and how it is found out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnection, Postgres};
use tokio::time::{Instant, timeout};

/// How long a connection that comes back may still be at work before it is closed.
const SETTLING: Duration = Duration::from_millis(100);
/// A connection that nobody used for so long is tried out before it is handed out.
const FORGOTTEN: Duration = Duration::from_millis(250);
/// How long such a connection may take to answer.
const SIGN_OF_LIFE: Duration = Duration::from_millis(300);

/// When one of a pool's connections broke last.
#[derive(Clone, Debug, Default)]
pub(super) struct Breakage(Arc<Mutex<Option<Instant>>>);

impl Breakage {
    /// Remembers that a connection broke just now.
    pub(super) fn happened(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns whether a connection of this age is older than the last breakage.
    fn concerns(&self, age: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() <= age)
    }

    /// Returns whether a connection of this age, which nobody used for so long, can be handed out.
    pub(super) async fn spares(
        &self,
        connection: &mut PgConnection,
        age: Duration,
        idle: Duration,
    ) -> bool {
        if connection.is_in_transaction() || self.concerns(age) {
            return false;
        }
        if idle < FORGOTTEN {
            return true;
        }
        let answer = timeout(SIGN_OF_LIFE, connection.ping()).await;
        let lives = answer.is_ok_and(|answer| answer.is_ok());
        if !lives {
            self.happened();
        }
        lives
    }

    /// Has a pool hand out only connections that are known to be good, and keep no other.
    pub(super) fn watches(
        &self,
        pool: sqlx::pool::PoolOptions<Postgres>,
    ) -> sqlx::pool::PoolOptions<Postgres> {
        let breakage = self.clone();
        pool.before_acquire(move |connection, meta| {
            let breakage = breakage.clone();
            Box::pin(async move { Ok(breakage.spares(connection, meta.age, meta.idle_for).await) })
        })
        .after_release(|connection, _| {
            // Waits only where something was asked that was not answered: a rollback, or a statement that was given up.
            Box::pin(async move {
                let settled = timeout(SETTLING, connection.flush()).await;
                Ok(settled.is_ok_and(|settled| settled.is_ok()))
            })
        })
    }
}
