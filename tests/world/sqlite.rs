//! An SQLite file, behind the back of the service that keeps it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row, TypeInfo, ValueRef};
use tokio::runtime::Builder;

/// Runs `sql` (one statement, or several as one transaction) on a file and returns its rows as `psql` prints them: a
/// line each, columns separated by `|`, nothing for NULL, bytes in hexadecimal.
///
/// # Panics
/// When SQLite refuses, with its message.
pub fn runs(file: &Path, sql: &str) -> String {
    let rows = on_its_own(file, async |connection| {
        let mut alone = connection.begin_with("BEGIN IMMEDIATE").await?;
        let rows = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_all(&mut *alone)
            .await?;
        alone.commit().await?;
        Ok(rows)
    });
    let rows = rows.unwrap_or_else(|why| panic!("SQLite refused `{sql}`: {why}"));
    let lines: Vec<String> = rows.iter().map(line).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Keeps everybody else from writing to a file for so long.
pub fn holds(file: &Path, how_long: Duration) {
    let held = on_its_own(file, async |connection| {
        let alone = connection.begin_with("BEGIN IMMEDIATE").await?;
        tokio::time::sleep(how_long).await;
        alone.rollback().await
    });
    held.unwrap();
}

/// Copies a file, its write-ahead log folded in.
pub fn is_copied(file: &Path, copy: &Path) {
    let made = on_its_own(file, async |connection| {
        let into = sqlx::query("VACUUM INTO ?").bind(copy.to_str().unwrap());
        into.execute(connection).await
    });
    made.unwrap();
}

/// Runs `sql` on a file as on one that is kept with a write-ahead log, and leaves it as a killed program does: with what was
/// written last in the log alone.
pub fn is_left_with_write_ahead_log(file: &Path, sql: &str) {
    let beside = |ending: &str| file.with_extension(ending);
    let log = beside("sqlite-wal");
    let aside = [(file, beside("aside")), (&log, beside("wal-aside"))];
    let written = on_its_own(file, async |connection| {
        for statement in [
            "PRAGMA journal_mode = WAL",
            "PRAGMA wal_autocheckpoint = 0",
            sql,
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut *connection)
                .await?;
        }
        for (from, to) in &aside {
            std::fs::copy(from, to)?;
        }
        Ok(())
    });
    written.unwrap();
    for (from, to) in &aside {
        std::fs::rename(to, from).unwrap();
    }
}

/// Works with a file on a thread of its own, so that a test may wait for it wherever it is.
fn on_its_own<T: Send>(
    file: &Path,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> sqlx::Result<T> + Send,
) -> sqlx::Result<T> {
    // What the service would refuse is what is wanted here: no foreign key is in the way.
    let options = SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(10));
    let works = || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let done = work(&mut connection).await;
            connection.close().await?;
            done
        })
    };
    thread::scope(|scope| scope.spawn(works).join().unwrap())
}

fn line(row: &SqliteRow) -> String {
    let columns = (0..row.len()).map(|column| {
        let kind = row.try_get_raw(column).unwrap().type_info().into_owned();
        match kind.name() {
            "NULL" => String::new(),
            "TEXT" => row.get_unchecked(column),
            "REAL" => row.get_unchecked::<f64, _>(column).to_string(),
            "BLOB" => format!(
                "\\x{}",
                hex::encode(row.get_unchecked::<Vec<u8>, _>(column))
            ),
            _ => row.get_unchecked::<i64, _>(column).to_string(),
        }
    });
    columns.collect::<Vec<_>>().join("|")
}
