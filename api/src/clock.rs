//! The only place that asks for the time.
//!
//! Tokens are judged by this machine's clock; everything that is stored or shared is judged by the database's,
//! read in the same statement as the facts, so that every replica agrees. Where the two differ by more than
//! [`TOLERANCE`], the service refuses: an expiry would be judged wrongly.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use concord_entities::instant::Instant;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::error::{Refusal, Result};

/// How far this machine's clock and the database's may differ.
pub const TOLERANCE: Duration = Duration::from_secs(30);

/// Returns the time by this machine's clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place that asks")]
pub fn now() -> Instant {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Instant(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Returns the SQL expression for the time by the database's clock, in microseconds since the Unix epoch.
#[must_use]
pub fn sql(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres {
        "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
    } else {
        "cast(unixepoch('subsec') * 1000000 as integer)"
    }
}

/// Returns the SQL expression for the time at which the statement began, the same throughout it, so that an index can be walked
/// by it; otherwise as [`sql`].
#[must_use]
pub fn of_statement(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres {
        "(extract(epoch from statement_timestamp()) * 1000000)::bigint"
    } else {
        sql(backend)
    }
}

/// Returns the time by a database's clock; shows that it answers.
///
/// # Errors
/// What the database says.
pub async fn of(database: &impl ConnectionTrait) -> std::result::Result<Instant, DbErr> {
    let backend = database.get_database_backend();
    let now = format!("SELECT {} AS now", sql(backend));
    let row = database
        .query_one_raw(Statement::from_string(backend, now))
        .await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the time".to_owned()))?
        .try_get("", "now")
}

/// Returns whether the two clocks agree well enough to judge an expiry by.
#[must_use]
pub fn agree(machine: Instant, database: Instant) -> bool {
    machine.since(database).max(database.since(machine)) <= TOLERANCE
}

/// Checks that the database's clock can be trusted to judge an expiry by.
///
/// # Errors
/// `UNAVAILABLE`.
pub fn trust(database: Instant) -> Result<()> {
    if agree(now(), database) {
        Ok(())
    } else {
        Err(Refusal::unavailable(ClockSkewError))
    }
}

/// This machine's clock and the database's differ too much to judge an expiry by.
#[derive(Debug, thiserror::Error)]
#[error("this machine's clock and the database's differ by more than 30 seconds")]
struct ClockSkewError;
