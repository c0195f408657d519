//! The two stores, opened: the data store and the keyring, on SQLite files or on PostgreSQL.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use concord_entities::instant::Instant;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, Statement};
use sqlx::Connection;

use super::connections::{Breakage, Connections};
use super::session::{self, SessionError};
use crate::clock;
use crate::settings::{Settings, StoreLocation};

/// SQLite before this version can corrupt a WAL database.
const SAFE_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// The data store and the keyring, opened.
#[derive(Clone, Debug)]
pub struct Store {
    /// For reading what may be decided on.
    pub read: Connections,
    /// For changes and for the ledger. On SQLite there is one such connection.
    pub write: Connections,
    /// The keyring. All that is written there can be written twice.
    pub keyring: Connections,
    /// Which kind of database it is.
    pub backend: DbBackend,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or asked.
    #[error("the store cannot be opened: {0}")]
    Closed(#[from] DbErr),
    /// PostgreSQL cannot be relied on as it is.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The data folder cannot be made.
    #[error("the data folder cannot be made: {0}")]
    Folder(#[from] std::io::Error),
    /// A PostgreSQL store is behind this program.
    #[error("the {store} is {steps} migration(s) behind this program: run `concord migrate up`")]
    Behind {
        /// Which store.
        store: &'static str,
        /// By how many steps.
        steps: usize,
    },
    /// A store has been through a migration that this program does not know.
    #[error(
        "the {store} is newer than this program: it has been through `{migration}`, which concord {version} does not \
         know. Use the program that migrated it, or a later one",
        version = env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// Which store.
        store: &'static str,
        /// The first migration that is not known.
        migration: String,
    },
    /// Servers of another version are connected.
    #[error(
        "{} of another version use this database: {}. Stop them, then migrate; one that is gone and still listed ends by \
         `SELECT pg_terminate_backend(PID)`",
        if servers.len() == 1 { "a server" } else { "servers" },
        servers.join("; ")
    )]
    InUse {
        /// Each of their connections.
        servers: Vec<String>,
    },
    /// The SQLite library is too old to be trusted with data.
    #[error("SQLite {found} is too old: 3.51.3 is needed")]
    OldSqlite {
        /// The version found.
        found: String,
    },
}

impl Store {
    /// Opens both stores for one worker, on that worker's runtime. Embedded ones are made and migrated.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be opened or relied on, or a PostgreSQL store is behind.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        Self::check_sessions(settings).await?;
        let store = Self::connect(settings).await?;
        store.refuse_newer().await?;
        match settings.database {
            StoreLocation::File(_) => store.migrate().await?,
            StoreLocation::Postgres { .. } => store.refuse_when_behind().await?,
        }
        Ok(store)
    }

    /// Checks that PostgreSQL can be relied on, and sessions with it: see [`session`].
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn check_sessions(settings: &Settings) -> Result<(), SessionError> {
        for location in [&settings.database, &settings.keyring] {
            if let StoreLocation::Postgres { url, .. } = location {
                session::check(url, settings.sessions).await?;
            }
        }
        Ok(())
    }

    /// Connects without looking at migrations.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be opened.
    pub async fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let store = match &settings.database {
            StoreLocation::File(file) => {
                own_folder(&settings.data)?;
                Self {
                    write: sqlite(file, 1).await?.once(),
                    read: sqlite(file, settings.connections).await?,
                    keyring: connect_keyring(settings).await?,
                    backend: DbBackend::Sqlite,
                }
            }
            location @ StoreLocation::Postgres { .. } => {
                let data = postgres(location, settings).await?;
                Self {
                    write: data.once(),
                    read: data,
                    keyring: connect_keyring(settings).await?,
                    backend: DbBackend::Postgres,
                }
            }
        };
        store.refuse_old_sqlite().await?;
        Ok(store)
    }

    /// Ends every connection; an embedded store is folded into its one file.
    pub async fn close(self) {
        for pool in [self.read, self.write, self.keyring] {
            // A pool that two fields share is closed once, and says so the second time.
            let _ = pool.close().await;
        }
    }

    async fn refuse_old_sqlite(&self) -> Result<(), StoreError> {
        if self.backend != DbBackend::Sqlite {
            return Ok(());
        }
        let statement = Statement::from_string(self.backend, "SELECT sqlite_version() AS version");
        let row = self.read.query_one_raw(statement).await?;
        let found: String = row
            .ok_or_else(|| DbErr::RecordNotFound("sqlite_version".to_owned()))?
            .try_get("", "version")?;
        let mut parts = found.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        if (next(), next(), next()) < SAFE_SQLITE {
            return Err(StoreError::OldSqlite { found });
        }
        Ok(())
    }

    /// Returns the sharing epoch in force.
    ///
    /// # Errors
    /// What the database says.
    pub async fn epoch(&self) -> Result<i64, DbErr> {
        let statement = Statement::from_string(self.backend, "SELECT epoch FROM sharing_epoch");
        let row = self.read.query_one_raw(statement).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?
            .try_get("", "epoch")
    }

    /// Shows that the keyring answers.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ping_keyring(&self) -> Result<(), DbErr> {
        let statement =
            Statement::from_string(self.backend, "SELECT 1 AS one FROM package_key LIMIT 1");
        self.keyring.query_one_raw(statement).await.map(|_| ())
    }

    /// Returns the time by the database's clock; shows that the data store answers.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ping(&self) -> Result<Instant, DbErr> {
        let statement = Statement::from_string(
            self.backend,
            format!("SELECT {} AS now", clock::sql(self.backend)),
        );
        let row = self.read.query_one_raw(statement).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?
            .try_get("", "now")
    }
}

/// Returns the data folder, which nobody but its owner can look into.
fn own_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

async fn connect_keyring(settings: &Settings) -> Result<Connections, DbErr> {
    match &settings.keyring {
        StoreLocation::File(file) => sqlite(file, 1).await,
        location @ StoreLocation::Postgres { .. } => postgres(location, settings).await,
    }
}

async fn sqlite(file: &Path, connections: u32) -> Result<Connections, DbErr> {
    let mut options = common(format!("sqlite://{}?mode=rwc", file.display()), connections);
    options.map_sqlx_sqlite_opts(|options| {
        options
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(4))
            .pragma("trusted_schema", "OFF")
            .pragma("secure_delete", "ON")
            .statement_cache_capacity(200)
    });
    // A failed COMMIT makes SQLite roll back by itself. The library's own ROLLBACK then fails, it goes on counting a
    // transaction that is not there, and the next one would be a savepoint that no COMMIT ever follows: "recorded",
    // and lost.
    options.map_sqlx_sqlite_before_acquire(|connection, _| {
        let clean = !connection.is_in_transaction();
        Box::pin(async move { Ok(clean) })
    });
    let pool = Database::connect(options).await?;
    Ok(Connections::repeating(pool, Breakage::default(), None))
}

async fn postgres(location: &StoreLocation, settings: &Settings) -> Result<Connections, DbErr> {
    let StoreLocation::Postgres { url, schema } = location else {
        return Err(DbErr::Custom("not a PostgreSQL location".to_owned()));
    };
    let mut options = common(url.clone(), settings.connections);
    if let Some(schema) = schema {
        options.set_schema_search_path(schema.as_str());
    }
    let kind = settings.sessions;
    options.map_sqlx_postgres_opts(move |options| session::with_settings(options, kind));
    let breakage = Breakage::default();
    let watching = breakage.clone();
    options.map_sqlx_postgres_pool_opts(move |pool| watching.watches(pool));
    let pool = Database::connect(options).await?;
    let limit = session::answer_limit(kind);
    Ok(Connections::repeating(pool, breakage, limit))
}

fn common(url: String, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(4))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}
