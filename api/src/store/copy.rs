//! Copies of stores: how one is made beside a running server, read as it lies there, and what it holds.
//!
//! An SQLite file is copied by `VACUUM INTO`. It reads one snapshot, so that nobody is waited for where the file has a
//! write-ahead log; it writes one complete file; and it leaves out free pages, so that what was destroyed is not in the
//! copy. (SQLite's backup interface copies free pages as well, and in steps it never ends while others write.)

use std::path::Path;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectionTrait, Database, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    Statement,
};

use super::Connections;
use super::breakage::Breakage;
use super::connected::{common, postgres};
use crate::settings::{Settings, StoreLocation};

/// How long a copy waits for whoever has the file to itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// Copies an SQLite file as it stands, beside whoever uses it. `into` is new or empty.
///
/// # Errors
/// What SQLite says, such as that there is no file.
pub async fn copy_file(file: &Path, into: &Path) -> Result<(), DbErr> {
    let source = sqlite(file, Access::Shared).await?;
    let values = [into.display().to_string().into()];
    let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO $1", values);
    let copied = source.execute_raw(copy).await;
    let closed = source.close().await;
    copied?;
    closed
}

/// Opens an SQLite file that nobody writes, as it lies there: neither it nor anything beside it is changed.
///
/// # Errors
/// What SQLite says.
pub async fn read_file(file: &Path) -> Result<Connections, DbErr> {
    sqlite(file, Access::Alone).await
}

/// Opens one SQLite file or PostgreSQL database for reading, beside whoever uses it. It must exist.
///
/// # Errors
/// What the database says.
pub async fn connect(location: &StoreLocation, settings: &Settings) -> Result<Connections, DbErr> {
    match location {
        StoreLocation::File(file) => sqlite(file, Access::Shared).await,
        StoreLocation::Postgres { .. } => postgres(location, settings).await,
    }
}

/// Returns what SQLite finds wrong with a file; nothing where it is whole.
///
/// # Errors
/// The file cannot be read at all.
pub async fn faults(file: &Connections) -> Result<Vec<String>, DbErr> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let rows = file.query_all_raw(check).await?;
    let said = rows.iter().map(|row| row.try_get_by_index(0));
    let said: Vec<String> = said.collect::<Result<_, _>>()?;
    Ok(said.into_iter().filter(|said| said != "ok").collect())
}

/// A moment of a PostgreSQL store, held so that others can look at it too.
#[derive(Debug)]
pub struct Snapshot {
    /// What is read by it is of that moment.
    pub transaction: DatabaseTransaction,
    /// The name by which another session takes it.
    pub name: String,
}

impl Snapshot {
    /// Holds the present moment of a store.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hold(store: &Connections) -> Result<Self, DbErr> {
        let transaction = store
            .begin_with_config(
                Some(IsolationLevel::RepeatableRead),
                Some(AccessMode::ReadOnly),
            )
            .await?;
        // Whoever takes it may be slow, and nobody waits for this session meanwhile.
        let patient = "SET LOCAL idle_in_transaction_session_timeout = 0";
        transaction.execute_unprepared(patient).await?;
        let export = "SELECT pg_export_snapshot() AS name";
        let export = Statement::from_string(DbBackend::Postgres, export);
        let row = transaction.query_one_raw(export).await?;
        let name = row
            .ok_or_else(|| DbErr::RecordNotFound("the snapshot's name".to_owned()))?
            .try_get("", "name")?;
        Ok(Self { transaction, name })
    }
}

/// Beside whom a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Beside others, who may write.
    Shared,
    /// Nobody writes.
    Alone,
}

async fn sqlite(file: &Path, access: Access) -> Result<Connections, DbErr> {
    let mode = match access {
        Access::Shared => "rw",
        Access::Alone => "ro&immutable=true",
    };
    let mut options = common(format!("sqlite://{}?mode={mode}", file.display()), 1);
    options.map_sqlx_sqlite_opts(|options| {
        options
            .busy_timeout(PATIENCE)
            .pragma("trusted_schema", "OFF")
    });
    let pool = Database::connect(options).await?;
    Ok(Connections::repeating(pool, Breakage::default(), None))
}
