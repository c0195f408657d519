//! Whether another program has an SQLite file open. Servers are known by their locks (see [`serving`](super::serving));
//! this tells of programs that take none, such as a release before there were any.

use std::path::Path;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// Returns whether another process has an SQLite file open. One with a write-ahead log stays locked, shared, for as long
/// as anybody has it open, so that it cannot be had alone.
pub async fn is_open_elsewhere(file: &Path) -> bool {
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
