//! Who uses a store at this moment: for what must be done with no server running.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::copy;
use crate::settings::{Settings, StoreLocation};

/// Returns the servers that use a store, each as an operator knows it; none where there is no store.
///
/// # Errors
/// The database cannot be asked.
pub async fn servers(location: &StoreLocation, settings: &Settings) -> Result<Vec<String>, DbErr> {
    match location {
        StoreLocation::File(file) if !file.is_file() => Ok(Vec::new()),
        StoreLocation::File(file) => {
            let open = is_open_elsewhere(file).await;
            let told = format!("another process has {} open", file.display());
            Ok(open.then_some(told).into_iter().collect())
        }
        StoreLocation::Postgres { .. } => connected(location, settings).await,
    }
}

/// Returns the servers, of whatever version, that are connected to a PostgreSQL database.
async fn connected(location: &StoreLocation, settings: &Settings) -> Result<Vec<String>, DbErr> {
    const SERVERS: &str = "SELECT 'process ' || pid || ', ' || application_name || ', role ' || usename || ', at ' \
         || coalesce(host(client_addr), 'this machine') AS server FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND application_name LIKE 'concord/%' AND application_name NOT LIKE 'concord/% %' ORDER BY pid";
    let database = copy::connect(location, settings).await?;
    let asked = Statement::from_string(DbBackend::Postgres, SERVERS);
    let rows = database.query_all_raw(asked).await;
    let _ = database.close().await;
    rows?.iter().map(|row| row.try_get("", "server")).collect()
}

/// Returns whether another process has an SQLite file open. One with a write-ahead log stays locked, shared, for as long
/// as anybody has it open, so that it cannot be had alone.
async fn is_open_elsewhere(file: &Path) -> bool {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(Duration::from_millis(500))
        .pragma("trusted_schema", "OFF")
        .pragma("locking_mode", "EXCLUSIVE");
    let tried = async {
        let mut alone = SqliteConnection::connect_with(&options).await?;
        let had = sqlx::raw_sql("BEGIN EXCLUSIVE; ROLLBACK")
            .execute(&mut alone)
            .await;
        let _ = alone.close().await;
        had.map(|_| ())
    };
    // A file that is damaged is nobody's.
    tried.await.is_err_and(|fault| is_busy(&fault))
}

fn is_busy(fault: &sqlx::Error) -> bool {
    let code = fault
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    // SQLITE_BUSY, with its reasons in the higher bits.
    code.and_then(|code| code.parse::<u32>().ok())
        .is_some_and(|code| code % 256 == 5)
}
