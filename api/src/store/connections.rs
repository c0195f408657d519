//! A pool of connections of which every one is in a known state, and on which what had no effect is done again.
//!
//! Four things are kept here, since the libraries beneath do not keep them:
//!
//! - A connection whose state is unknown is closed, never handed on. A BEGIN is never given up half-way, since the library
//!   would take the connection for one without a transaction; and a connection that comes back while a statement still runs
//!   on it is closed, upon which PostgreSQL ends that statement.
//! - Where one connection broke, all those that are as old are taken for broken, and none of them is handed out again.
//! - A read whose connection broke before it answered is made again; so is the opening of a change, which has done nothing
//!   yet. What may have had its effect is not.
//! - On PostgreSQL a connection that answered stays at hand, and is not asked once more whether it is alive (`at_hand`).

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    ExecResult, IsolationLevel, QueryResult, RuntimeErr, Statement, TransactionOptions,
    TransactionTrait,
};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use tokio::time::{Instant, sleep, timeout};

use super::at_hand::{AtHand, Waits};
use super::breakage::Breakage;
use crate::error::is_connection_lost;

/// For how long something is tried again on other connections, each of which broke.
const TRYING: Duration = Duration::from_secs(2);
/// How long to wait between two tries, after the second.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// How long a BEGIN that nobody waits for any more may go on.
const ABANDONED: Duration = Duration::from_mins(1);

/// A pool of connections. Cheap to clone; all clones are the same pool.
#[derive(Clone, Debug)]
pub struct Connections {
    pool: DatabaseConnection,
    /// On PostgreSQL only.
    at_hand: Option<Arc<AtHand>>,
    breakage: Breakage,
    limit: Option<Duration>,
    repeats: Repeats,
}

/// Whether a single statement is made again where its connection broke before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    /// It is: made twice, it does what it does once.
    Always,
    /// It is not: it may have had its effect.
    Never,
}

impl Connections {
    /// Returns a pool for statements that can be made twice: reads, and what is written so that it can be repeated.
    pub(super) fn repeating(
        pool: DatabaseConnection,
        breakage: Breakage,
        limit: Option<Duration>,
    ) -> Self {
        let at_hand = (pool.get_database_backend() == DbBackend::Postgres).then(|| {
            let driver = pool.get_postgres_connection_pool();
            AtHand::of(driver.clone(), breakage.clone())
        });
        Self {
            pool,
            at_hand,
            breakage,
            limit,
            repeats: Repeats::Always,
        }
    }

    /// Returns the same pool for statements that are made once.
    pub(super) fn once(&self) -> Self {
        Self {
            repeats: Repeats::Never,
            ..self.clone()
        }
    }

    /// Returns the library's own pool, for migrations.
    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Takes a connection out of the pool, for what the layer above the driver cannot say. On PostgreSQL only.
    ///
    /// # Errors
    /// What the driver says.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let _waits = self.waits();
        self.pool.get_postgres_connection_pool().acquire().await
    }

    /// Makes one statement by the driver itself, on a connection at hand. On PostgreSQL only.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn drive<T>(
        &self,
        statement: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, DbErr> {
        match &self.at_hand {
            Some(at_hand) => Box::pin(at_hand.drive(statement)).await,
            None => Err(DbErr::Custom("not PostgreSQL".to_owned())),
        }
    }

    /// Says that somebody waits for the pool, until what is returned is dropped.
    fn waits(&self) -> Option<Waits<'_>> {
        self.at_hand.as_deref().map(AtHand::wait)
    }

    /// Ends every connection.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        if let Some(at_hand) = &self.at_hand {
            at_hand.let_go();
        }
        self.pool.close().await
    }

    /// Does something that has no effect until it succeeds; does it again where a connection broke meanwhile.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn repeat<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        let deadline = Instant::now() + TRYING;
        let mut pause = Duration::ZERO;
        loop {
            match self.in_time(attempt()).await {
                Err(fault) if is_connection_lost(&fault) && Instant::now() < deadline => {
                    sleep(pause).await;
                    pause = BETWEEN_TRIES;
                }
                done => return done,
            }
        }
    }

    /// Waits for an answer for as long as one can be expected, and notes where a connection broke.
    pub(crate) async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let answered = match self.limit {
            Some(limit) => timeout(limit, answer)
                .await
                .unwrap_or_else(|_| Err(silent())),
            None => answer.await,
        };
        if answered.as_ref().is_err_and(is_connection_lost) {
            self.breakage.happened();
        }
        answered
    }

    async fn ask<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        match self.repeats {
            Repeats::Always => self.repeat(attempt).await,
            Repeats::Never => self.in_time(attempt()).await,
        }
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_with_options(TransactionOptions::default()).await
    }

    /// Opens a transaction of this isolation and access.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            isolation_level,
            access_mode,
            ..TransactionOptions::default()
        };
        self.begin_with_options(options).await
    }

    /// Opens a transaction. Whoever waits for it may go away at any time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_with_options(
        &self,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, DbErr> {
        self.repeat(|| self.begin_once(options)).await
    }

    /// Opens a transaction, in a task of its own: where nobody waits any more, the BEGIN is waited for all the same, and
    /// what it opened is rolled back.
    async fn begin_once(&self, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
        let (pool, breakage) = (self.pool.clone(), self.breakage.clone());
        let at_hand = self.at_hand.clone();
        let opening = tokio::spawn(async move {
            let _waits = at_hand.as_deref().map(AtHand::wait);
            let begun = timeout(ABANDONED, pool.begin_with_options(options)).await;
            begun.unwrap_or_else(|_| {
                // Its connection may come back and be in a transaction: nobody gets it.
                breakage.happened();
                Err(silent())
            })
        });
        opening.await.unwrap_or_else(|_| Err(silent()))
    }
}

/// The error of a connection on which nothing comes back.
fn silent() -> DbErr {
    let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer");
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(sqlx::Error::Io(late))))
}

/// What a statement comes to.
type Answered<'f, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'f>>;

impl ConnectionTrait for Connections {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    fn execute_raw<'s: 'f, 'f>(&'s self, statement: Statement) -> Answered<'f, ExecResult>
    where
        Self: 'f,
    {
        Box::pin(async move {
            let _waits = self.waits();
            self.ask(|| self.pool.execute_raw(statement.clone())).await
        })
    }

    fn execute_unprepared<'s: 'f, 't: 'f, 'f>(&'s self, sql: &'t str) -> Answered<'f, ExecResult>
    where
        Self: 'f,
    {
        Box::pin(async move {
            let _waits = self.waits();
            self.ask(|| self.pool.execute_unprepared(sql)).await
        })
    }

    fn query_one_raw<'s: 'f, 'f>(
        &'s self,
        statement: Statement,
    ) -> Answered<'f, Option<QueryResult>>
    where
        Self: 'f,
    {
        Box::pin(async move {
            match &self.at_hand {
                Some(at_hand) => self.ask(|| at_hand.query_one(&statement)).await,
                None => {
                    self.ask(|| self.pool.query_one_raw(statement.clone()))
                        .await
                }
            }
        })
    }

    fn query_all_raw<'s: 'f, 'f>(&'s self, statement: Statement) -> Answered<'f, Vec<QueryResult>>
    where
        Self: 'f,
    {
        Box::pin(async move {
            match &self.at_hand {
                Some(at_hand) => self.ask(|| at_hand.query_all(&statement)).await,
                None => {
                    self.ask(|| self.pool.query_all_raw(statement.clone()))
                        .await
                }
            }
        })
    }
}
