//! The two stores, opened: the data store and the keyring, on SQLite files or on PostgreSQL.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use concord_entities::instant::Instant;
use concord_migration::{Data, Keyring, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};
use sqlx::Connection;

use crate::clock;
use crate::settings::{Settings, StoreLocation};

/// SQLite before this version can corrupt a WAL database.
const SAFE_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// The data store and the keyring, opened.
#[derive(Clone, Debug)]
pub struct Store {
    /// For reading what may be decided on.
    pub read: DatabaseConnection,
    /// For changes and for the ledger. On SQLite there is one such connection.
    pub write: DatabaseConnection,
    /// The keyring.
    pub keyring: DatabaseConnection,
    /// Which kind of database it is.
    pub backend: DbBackend,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or asked.
    #[error("the store cannot be opened: {0}")]
    Closed(#[from] DbErr),
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
    /// [`StoreError`]: it cannot be opened, or a PostgreSQL store is behind.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let store = Self::connect(settings).await?;
        match settings.database {
            StoreLocation::File(_) => store.migrate().await?,
            StoreLocation::Postgres { .. } => store.refuse_when_behind().await?,
        }
        Ok(store)
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
                    write: sqlite(file, 1).await?,
                    read: sqlite(file, settings.connections).await?,
                    keyring: connect_keyring(settings).await?,
                    backend: DbBackend::Sqlite,
                }
            }
            location @ StoreLocation::Postgres { .. } => {
                let data = postgres(location, settings.connections).await?;
                Self {
                    write: data.clone(),
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

    /// Brings both stores up to this program.
    ///
    /// # Errors
    /// What the database says.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        Data::up(&self.write, None).await?;
        if self.backend == DbBackend::Postgres {
            let make = "CREATE SCHEMA IF NOT EXISTS concord_keyring";
            self.write.execute_unprepared(make).await?;
        }
        Keyring::up(&self.keyring, None).await
    }

    /// Returns how many migrations each store is behind: the data store, the keyring.
    ///
    /// # Errors
    /// What the database says.
    pub async fn behind(&self) -> Result<(usize, usize), DbErr> {
        let data = Data::get_pending_migrations(&self.write).await?.len();
        let keyring = Keyring::get_pending_migrations(&self.keyring).await?.len();
        Ok((data, keyring))
    }

    async fn refuse_when_behind(&self) -> Result<(), StoreError> {
        let behind = |store, steps| Err(StoreError::Behind { store, steps });
        match self.behind().await {
            Ok((0, 0)) => Ok(()),
            Ok((0, steps)) => behind("keyring", steps),
            Ok((steps, _)) => behind("data store", steps),
            // The keyring's schema does not exist before the first migration.
            Err(_) if self.ping().await.is_ok() => behind("keyring", Keyring::migrations().len()),
            Err(fault) => Err(fault.into()),
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

async fn connect_keyring(settings: &Settings) -> Result<DatabaseConnection, DbErr> {
    match &settings.keyring {
        StoreLocation::File(file) => sqlite(file, 1).await,
        location @ StoreLocation::Postgres { .. } => postgres(location, settings.connections).await,
    }
}

async fn sqlite(file: &Path, connections: u32) -> Result<DatabaseConnection, DbErr> {
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
    Database::connect(options).await
}

async fn postgres(location: &StoreLocation, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let StoreLocation::Postgres { url, schema } = location else {
        return Err(DbErr::Custom("not a PostgreSQL location".to_owned()));
    };
    let mut options = common(url.clone(), connections);
    if let Some(schema) = schema {
        options.set_schema_search_path(schema.as_str());
    }
    options.map_sqlx_postgres_opts(|options| {
        options
            // Every statement is a look-up by key: planned once, never compiled, and joined row by row. Without the
            // bound LIMIT's value the planner would take a page for a tenth of the table, and hash whole tables.
            .options([
                ("plan_cache_mode", "force_generic_plan"),
                ("jit", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
                ("synchronous_commit", "on"),
            ])
            .statement_cache_capacity(200)
    });
    Database::connect(options).await
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
