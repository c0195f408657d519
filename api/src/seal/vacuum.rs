//! On PostgreSQL a destroyed row stays in its table's file until the file is cleaned.
//!
//! VACUUM takes the row out of the table, and leaves the bytes of a page's last row where they were, in the middle of the
//! page. Only a rewritten table (`VACUUM (FULL)`) has nothing but live rows in its file; while it is made, nobody reads
//! the table. So a small table is rewritten within seconds of a destroying, a larger one is vacuumed then and rewritten
//! with the next round, and one above [`ROUND_LIMIT`] is left to its operator, who is told.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Row};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{info, warn};

use super::housekeeping::Housekeeping;
use crate::error::{Refusal, Result};
use crate::store::Connections;

/// The tables from which keys are destroyed.
const TABLES: [&str; 4] = ["document_key", "package_key", "record_key", "signing_key"];
/// How long to gather what is destroyed: it is cleaned up behind at most so often.
const GATHERING: Duration = Duration::from_secs(3);
/// How long after a start the first round comes.
const FIRST_ROUND: Duration = Duration::from_secs(30);
/// How often every table is looked at, for what other servers and commands destroyed.
const ROUND: Duration = Duration::from_mins(10);
/// Up to how many bytes a table is rewritten at once: some 30,000 keys, 0.1 seconds.
const AT_ONCE_LIMIT: i64 = 4 << 20;
/// Up to how many bytes a table is rewritten in a round: some 500,000 keys, 1.5 seconds.
const ROUND_LIMIT: i64 = 64 << 20;

/// A table as it stands.
struct Table {
    name: String,
    bytes: i64,
    /// How many of its rows have gone or changed since the counting began.
    gone: i64,
    is_ours: bool,
}

/// Cleans the keyring's files behind whatever destroys keys. On SQLite there is nothing to do.
pub struct Vacuum {
    keyring: Connections,
    housekeeping: Housekeeping,
    /// What had gone of each table when it was rewritten last.
    rewritten: HashMap<String, i64>,
    told: bool,
}

impl Vacuum {
    /// Makes the task of one server.
    #[must_use]
    pub fn new(keyring: &Connections, housekeeping: &Housekeeping) -> Self {
        Self {
            keyring: keyring.clone(),
            housekeeping: housekeeping.clone(),
            rewritten: HashMap::new(),
            told: false,
        }
    }

    /// Cleans up for as long as the server runs.
    pub async fn run(mut self) {
        if self.keyring.get_database_backend() != DbBackend::Postgres {
            return;
        }
        let mut round = Instant::now() + FIRST_ROUND;
        loop {
            let called = self.housekeeping.keys_were_destroyed();
            let limit = if timeout_at(round, called).await.is_ok() {
                sleep(GATHERING).await;
                AT_ONCE_LIMIT
            } else {
                round = Instant::now() + ROUND;
                ROUND_LIMIT
            };
            if let Err(fault) = self.clean(limit).await {
                info!(%fault, "the keyring's tables are cleaned later");
            }
        }
    }

    /// Rewrites each table of which something has gone since the last time, up to this size; vacuums a larger one.
    async fn clean(&mut self, limit: i64) -> Result<(), sqlx::Error> {
        let connection = self.keyring.acquire().await?;
        let mut connection = connection.detach();
        sqlx::raw_sql("SET statement_timeout = 0; SET lock_timeout = 500")
            .execute(&mut connection)
            .await?;
        for table in tables(&mut connection).await? {
            if self.rewritten.get(&table.name) == Some(&table.gone) {
                continue;
            }
            if !table.is_ours {
                self.tell_once(&table.name);
                continue;
            }
            if table.bytes <= limit && rewrite(&mut connection, &table.name).await {
                self.rewritten.insert(table.name, table.gone);
                continue;
            }
            let vacuum = format!("VACUUM (SKIP_LOCKED) {}", table.name);
            sqlx::raw_sql(AssertSqlSafe(vacuum))
                .execute(&mut connection)
                .await?;
            if table.bytes > ROUND_LIMIT && limit == ROUND_LIMIT {
                warn!(
                    table = table.name,
                    "too large to be rewritten beside readers: run `VACUUM (FULL)` on it in a quiet hour, since its file \
                     may hold destroyed keys"
                );
            }
        }
        connection.close().await
    }

    fn tell_once(&mut self, table: &str) {
        if !std::mem::replace(&mut self.told, true) {
            warn!(
                table,
                "the keyring's tables belong to another role, so that their files are not cleaned of destroyed keys: run \
                 `ALTER TABLE ... OWNER TO` the service's role, or `VACUUM (FULL)` as their owner after endings"
            );
        }
    }
}

/// Rewrites an embedded keyring's file. What a row held before it was changed in place may be left in the room that a page
/// has free; nothing but live rows is in a file that was rewritten. Elsewhere the servers clean up.
///
/// # Errors
/// `UNAVAILABLE`: somebody keeps the keyring; what was changed stands.
pub async fn rewrite_file(keyring: &Connections) -> Result<()> {
    if keyring.get_database_backend() == DbBackend::Sqlite {
        let rewritten = keyring.execute_unprepared("VACUUM").await;
        rewritten.map_err(Refusal::unavailable)?;
    }
    Ok(())
}

/// Rewrites a table; returns whether it could be had alone, soon.
async fn rewrite(connection: &mut PgConnection, table: &str) -> bool {
    let rewrite = format!("VACUUM (FULL) {table}");
    let done = sqlx::raw_sql(AssertSqlSafe(rewrite))
        .execute(connection)
        .await;
    done.is_ok()
}

async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    const STATE: &str = "SELECT c.relname::text AS name, pg_relation_size(c.oid) AS bytes, \
         pg_stat_get_tuples_deleted(c.oid) + pg_stat_get_tuples_updated(c.oid) AS gone, \
         pg_has_role(c.relowner, 'USAGE') AS ours \
         FROM pg_class c WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name)";
    let rows = sqlx::query(STATE)
        .bind(TABLES.as_slice())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Table {
                name: row.try_get("name")?,
                bytes: row.try_get("bytes")?,
                gone: row.try_get("gone")?,
                is_ours: row.try_get("ours")?,
            })
        })
        .collect()
}
