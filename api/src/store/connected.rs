//! How a store is connected to, whatever is in it: SQLite files with what we rely on, pools of sessions with PostgreSQL.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, Statement};
use sqlx::Connection;
use sqlx::sqlite::SqliteJournalMode::{self, Delete, Wal};
use sqlx::sqlite::SqliteSynchronous::{self, Extra, Full};

use super::breakage::Breakage;
use super::connections::Connections;
use super::error::StoreError;
use super::session;
use crate::private_files;
use crate::settings::{Settings, StoreLocation};

/// SQLite before this version can corrupt a WAL database.
const SAFE_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// The data store and the keyring, connected to. What is in them may be older or newer than this program, or not belong
/// together.
#[derive(Clone, Debug)]
pub(super) struct Connected {
    pub(super) read: Connections,
    pub(super) write: Connections,
    pub(super) keyring: Connections,
    pub(super) backend: DbBackend,
}

impl Connected {
    /// Connects to both stores.
    ///
    /// # Errors
    /// [`StoreError`]: PostgreSQL cannot be relied on, or a store cannot be opened.
    pub(super) async fn to(settings: &Settings) -> Result<Self, StoreError> {
        for location in [&settings.database, &settings.keyring] {
            if let StoreLocation::Postgres { url, .. } = location {
                session::check(url, settings.sessions).await?;
            }
        }
        let connected = match &settings.database {
            StoreLocation::File(file) => {
                private_files::make_folder(&settings.data)?;
                private_files::make_file(file)?;
                Self {
                    write: sqlite(file, 1, Wal, Full).await?.once(),
                    read: sqlite(file, settings.connections, Wal, Full).await?,
                    keyring: keyring(settings).await?,
                    backend: DbBackend::Sqlite,
                }
            }
            location @ StoreLocation::Postgres { .. } => {
                let data = postgres(location, settings).await?;
                Self {
                    write: data.once(),
                    read: data,
                    keyring: keyring(settings).await?,
                    backend: DbBackend::Postgres,
                }
            }
        };
        connected.refuse_old_sqlite().await?;
        Ok(connected)
    }

    async fn refuse_old_sqlite(&self) -> Result<(), StoreError> {
        for store in [&self.read, &self.keyring] {
            let backend = store.get_database_backend();
            if backend == DbBackend::Sqlite {
                let statement =
                    Statement::from_string(backend, "SELECT sqlite_version() AS version");
                let row = store.query_one_raw(statement).await?;
                let found: String = row
                    .ok_or_else(|| DbErr::RecordNotFound("sqlite_version".to_owned()))?
                    .try_get("", "version")?;
                refuse_before_safe(found)?;
            }
        }
        Ok(())
    }
}

fn refuse_before_safe(found: String) -> Result<(), StoreError> {
    let mut parts = found.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < SAFE_SQLITE {
        return Err(StoreError::OldSqlite { found });
    }
    Ok(())
}

/// Connects to the keyring that the settings name; a file is made where it is missing.
pub(super) async fn keyring(settings: &Settings) -> Result<Connections, StoreError> {
    match &settings.keyring {
        StoreLocation::File(file) => {
            private_files::make_folder(&private_files::folder_of(file))?;
            private_files::make_file(file)?;
            Ok(keyring_file(file).await?)
        }
        location @ StoreLocation::Postgres { .. } => Ok(postgres(location, settings).await?),
    }
}

/// Opens an embedded keyring, whose file is complete at every moment: what is committed is in it and nowhere else, and
/// what is destroyed is overwritten in it before the statement returns. One connection serves all workers, so that they
/// wait for one another in a queue and never for a lock; beside it there are only commands.
pub(super) async fn keyring_file(file: &Path) -> Result<Connections, DbErr> {
    let had_log = has_write_ahead_log(file);
    // EXTRA: a deleted journal that came back with a power cut would undo what it was kept for.
    let keyring = sqlite(file, 1, Delete, Extra).await?;
    if had_log {
        // It has been folded in, and is gone. What older programs left on free pages goes too.
        keyring.execute_unprepared("VACUUM").await?;
    }
    Ok(keyring)
}

/// Returns whether an SQLite file says that a write-ahead log belongs to it: its file format (bytes 18 and 19) is 2.
fn has_write_ahead_log(file: &Path) -> bool {
    let mut header = [0; 20];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header.ends_with(&[2, 2])
}

async fn sqlite(
    file: &Path,
    connections: u32,
    journal: SqliteJournalMode,
    synchronous: SqliteSynchronous,
) -> Result<Connections, DbErr> {
    let mut options = common(format!("sqlite://{}?mode=rwc", file.display()), connections);
    options.map_sqlx_sqlite_opts(move |options| {
        options
            .journal_mode(journal)
            .synchronous(synchronous)
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

pub(super) async fn postgres(
    location: &StoreLocation,
    settings: &Settings,
) -> Result<Connections, DbErr> {
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

/// Returns what all pools have in common.
pub(super) fn common(url: String, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(4))
        .test_before_acquire(false)
        // Whether a connection is good is asked when it is handed out (`Breakage::watches`). sqlx's upkeep of idle ones must
        // not run: where a pool closes meanwhile, its count of them can fall below zero, and it then goes over 2^64 of them.
        .max_lifetime(None)
        .idle_timeout(None)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}
