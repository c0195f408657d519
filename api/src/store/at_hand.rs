//! Connections that stay at hand from one statement to the next.
//!
//! The driver's pool asks a connection whether it is alive each time it comes back: a second round trip for every statement,
//! about a fifth of what a small one costs. A connection that answered is alive. It is kept here, the last one on top, so that
//! a few that are warm serve most statements; and it goes back to the pool as soon as somebody waits for one there.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnAcquireErr, DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::PgPool;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use tokio::time::Instant;

use super::breakage::Breakage;

/// So many connections of a pool are never kept from those who take one by themselves.
const LEFT_TO_THE_POOL: u32 = 2;

/// The connections of one pool that are at hand.
#[derive(Debug)]
pub(super) struct AtHand {
    pool: PgPool,
    breakage: Breakage,
    kept: Mutex<Kept>,
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Kept {
    most: usize,
    connections: Vec<HeldConnection>,
}

/// A connection out of the pool.
#[derive(Debug)]
struct HeldConnection {
    connection: PoolConnection<Postgres>,
    /// When the pool handed it out.
    taken: Instant,
    /// When it answered last.
    answered: Instant,
}

/// Somebody who waits for the pool. While there is one, nothing is kept from it.
#[derive(Debug)]
pub(super) struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl AtHand {
    /// Keeps connections of a pool at hand.
    pub(super) fn of(pool: PgPool, breakage: Breakage) -> Arc<Self> {
        let most = pool.options().get_max_connections();
        let most = most.saturating_sub(LEFT_TO_THE_POOL);
        Arc::new(Self {
            pool,
            breakage,
            kept: Mutex::new(Kept {
                most: usize::try_from(most).unwrap_or(usize::MAX),
                connections: Vec::new(),
            }),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Says that somebody waits for the pool, until what is returned is dropped. Gives it a connection where it has none.
    pub(super) fn wait(&self) -> Waits<'_> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        if self.pool.num_idle() == 0 {
            drop(self.top());
        }
        Waits(&self.waiting)
    }

    /// Makes one statement on a connection that is known to be good.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn drive<T>(
        &self,
        statement: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        let mut held = self.take().await.map_err(not_acquired)?;
        // Where it fails, or nobody waits for it any more, the pool finds out how the connection is.
        let answer = statement(&mut held.connection)
            .await
            .map_err(not_answered)?;
        self.keep(held);
        Ok(answer)
    }

    /// Returns the first row of an answer.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn query_one(
        &self,
        statement: &Statement,
    ) -> Result<Option<QueryResult>, DbErr> {
        let row = self.drive(async |connection| query(statement).fetch_optional(connection).await);
        Ok(row.await?.map(QueryResult::from))
    }

    /// Returns an answer.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn query_all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = self.drive(async |connection| query(statement).fetch_all(connection).await);
        Ok(rows.await?.into_iter().map(QueryResult::from).collect())
    }

    /// Returns a connection that is known to be good: one at hand, or one of the pool's.
    async fn take(&self) -> Result<HeldConnection, sqlx::Error> {
        while let Some(mut held) = self.top() {
            let [age, idle] = [held.taken.elapsed(), held.answered.elapsed()];
            let connection = &mut held.connection;
            if self.breakage.spares(connection, age, idle).await {
                return Ok(held);
            }
            held.connection.close_on_drop();
        }
        let _waits = self.wait();
        let connection = self.pool.acquire().await?;
        let now = Instant::now();
        Ok(HeldConnection {
            connection,
            taken: now,
            answered: now,
        })
    }

    /// Keeps a connection on which everything was answered.
    fn keep(&self, mut held: HeldConnection) {
        held.answered = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if self.waiting.load(Ordering::Acquire) == 0 && kept.connections.len() < kept.most {
            kept.connections.push(held);
        }
    }

    /// Gives every connection back to the pool, and keeps none any more.
    pub(super) fn let_go(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.most = 0;
        kept.connections.clear();
    }

    fn top(&self) -> Option<HeldConnection> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.connections.pop()
    }
}

/// Returns a statement as the driver takes it.
fn query(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(
        sqlx::AssertSqlSafe(statement.sql.as_str()),
        SqlxValues(values),
    )
}

fn not_acquired(fault: sqlx::Error) -> DbErr {
    if matches!(fault, sqlx::Error::PoolTimedOut) {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
    } else if matches!(fault, sqlx::Error::PoolClosed) {
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)
    } else {
        DbErr::Conn(RuntimeErr::SqlxError(fault.into()))
    }
}

fn not_answered(fault: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(fault.into()))
}
