//! What a database refused: as the log may see it, and whether it may pass by itself.

use std::fmt::Write;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::Error as SqlxError;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// What a database refused, as the log may see it: without the values that its messages and details can hold.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseFaultError(String);

impl From<&DbErr> for DatabaseFaultError {
    fn from(fault: &DbErr) -> Self {
        let refused = sqlx_error(fault).and_then(SqlxError::as_database_error);
        let Some(refused) = refused else {
            return Self(fault.to_string());
        };
        let code = refused.code().unwrap_or_default();
        let mut told = format!("the database refused with code {code}");
        for (what, name) in [
            ("table", refused.table()),
            ("constraint", refused.constraint()),
        ] {
            if let Some(name) = name {
                // Writing to a string does not fail.
                let _ = write!(told, ", {what} {name}");
            }
        }
        // What is wrong with a value is told with the value: data exceptions, and what a trigger or a check says.
        let tells_values = ["22", "23", "P0"]
            .iter()
            .any(|class| code.starts_with(class));
        if !tells_values {
            told.push_str(": ");
            told.push_str(refused.message());
        }
        Self(told)
    }
}

/// Returns the driver's error in a database's fault.
fn sqlx_error(fault: &DbErr) -> Option<&SqlxError> {
    if let DbErr::Conn(RuntimeErr::SqlxError(fault))
    | DbErr::Exec(RuntimeErr::SqlxError(fault))
    | DbErr::Query(RuntimeErr::SqlxError(fault)) = fault
    {
        Some(fault)
    } else {
        None
    }
}

/// Returns whether the connection to the database broke, so that nothing is known of what was asked on it.
#[must_use]
pub fn is_connection_lost(fault: &DbErr) -> bool {
    // Ended by its operator, by a crash or by a limit on idleness; shutting down or starting.
    const CODES: [&str; 6] = ["57P01", "57P02", "57P03", "57P05", "25P03", "25P04"];
    let Some(fault) = sqlx_error(fault) else {
        return false;
    };
    match fault.as_database_error() {
        Some(refused) => refused
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|refused| {
                CODES.contains(&refused.code()) || refused.code().starts_with("08")
            }),
        None => matches!(
            fault,
            SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::Protocol(_)
                | SqlxError::WorkerCrashed
                | SqlxError::BeginFailed
        ),
    }
}

/// Returns whether what a database refuses may pass by itself: it cannot be reached, is busy, full, restarting or
/// obstructed. Everything else is a fault of ours.
#[must_use]
pub fn may_pass(fault: &DbErr) -> bool {
    if matches!(fault, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(fault)) | DbErr::Query(RuntimeErr::SqlxError(fault))) =
        fault
    else {
        return false;
    };
    matches!(
        **fault,
        SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed
            | SqlxError::BeginFailed
    ) || fault.as_database_error().is_some_and(says_later)
}

fn says_later(fault: &(dyn DatabaseError + 'static)) -> bool {
    if let Some(fault) = fault.try_downcast_ref::<PgDatabaseError>() {
        is_passing_sqlstate(fault.code())
    } else if let Some(code) = fault.code().and_then(|code| code.parse().ok()) {
        is_passing_in_sqlite(code)
    } else {
        false
    }
}

/// Returns whether an SQLSTATE (PostgreSQL, appendix A) may pass.
fn is_passing_sqlstate(code: &str) -> bool {
    // Connections and logins; rolled back by a conflict; out of a resource; a lock; ended by its operator; the system.
    const CLASSES: [&str; 8] = ["08", "28", "3D", "40", "53", "55", "57", "58"];
    // Read-only, as a standby is; idle for too long in a transaction; a transaction that took too long; refused by a
    // trigger, of which we have none.
    const CODES: [&str; 4] = ["25006", "25P03", "25P04", "P0001"];
    CODES.contains(&code) || CLASSES.iter().any(|class| code.starts_with(class))
}

/// Returns whether a result code of SQLite may pass.
fn is_passing_in_sqlite(extended: i32) -> bool {
    const ABORT: i32 = 4;
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NO_MEMORY: i32 = 7;
    const READ_ONLY: i32 = 8;
    const INTERRUPT: i32 = 9;
    const IO: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    const LOCK_PROTOCOL: i32 = 15;
    // Refused by a trigger, of which we have none.
    const TRIGGER: i32 = 0x0713;
    // The primary code is the lowest byte.
    extended == TRIGGER
        || matches!(
            extended & 0xff,
            ABORT
                | BUSY
                | LOCKED
                | NO_MEMORY
                | READ_ONLY
                | INTERRUPT
                | IO
                | FULL
                | CANNOT_OPEN
                | LOCK_PROTOCOL
        )
}
