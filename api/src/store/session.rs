//! What every session with PostgreSQL is set to, and what a database must be to be trusted: nothing is left to the
//! defaults of whoever's database it is.
//!
//! The settings travel in the start-up message, so that a connection has them before its first statement. That they
//! arrived, and that they stay, is looked at when a store is opened ([`check`]): a pooler in between may drop them, or
//! give each transaction another session.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions, Connection, Row};
use uuid::Uuid;

use crate::settings::SessionKind;

/// The oldest PostgreSQL that ends the statement of a client which has gone.
const OLDEST: i32 = 140_000;

/// How long a request's statement may wait for a lock. A change that waits longer would outlive its request.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// How long a request's statement may take; a little less than the request itself may.
const STATEMENT_LIMIT: Duration = Duration::from_millis(4_500);

/// How long a commit may wait for a standby that must have it. No limit of PostgreSQL's ends that wait, so this is ours: a
/// little less than the request itself may take, and more than its statement may wait for a lock.
const STANDBY_LIMIT: Duration = Duration::from_secs(4);

/// How long a session may sit in a transaction without saying anything. A replica that was stopped in the middle of a
/// change holds the sharing lock for so long, and everybody else waits for it.
const IDLE_LIMIT: Duration = Duration::from_secs(2);

/// How often it is looked whether somebody else has the stores: the session of a process that has just ended stays until
/// the database has noticed.
pub(super) const TRIES: u32 = 5;
pub(super) const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// How long an operator's command may wait for a lock, beside servers that are busy.
const COMMAND_LOCK_PATIENCE: Duration = Duration::from_secs(20);

/// How long a command that reads or rewrites everything may sit in a transaction between two statements.
const LONG_IDLE_LIMIT: Duration = Duration::from_mins(5);

/// How much longer than the server's own limit we wait for an answer: then the connection leads nowhere.
const GRACE: Duration = Duration::from_secs(1);

/// Why PostgreSQL cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// It does not answer.
    #[error("PostgreSQL cannot be asked: {0}")]
    Unread(#[from] sqlx::Error),
    /// It is too old.
    #[error(
        "PostgreSQL {found} is too old: 14 or newer is needed, which ends the statement of a client that has gone"
    )]
    OldServer {
        /// The version found.
        found: String,
    },
    /// It is a standby.
    #[error("this PostgreSQL is a standby, and every read writes: name the primary's URL")]
    Standby,
    /// It forgets what it has acknowledged.
    #[error(
        "PostgreSQL runs with `{setting} = off`, so that it forgets what it acknowledged when the power goes: set it to \
         `on` and restart it"
    )]
    NotDurable {
        /// The server's setting.
        setting: &'static str,
    },
    /// It does not keep text as Unicode.
    #[error("the database's encoding is {found}: make one with `ENCODING 'UTF8'`")]
    Encoding {
        /// The encoding found.
        found: String,
    },
    /// A setting of ours is not in force.
    #[error(
        "`{name}` is `{found}` in our sessions and must be `{wanted}`: something between the service and PostgreSQL drops \
         the settings of a session. Connect to PostgreSQL itself, or have the pooler keep sessions (`pool_mode = session`) \
         and pass `options` on"
    )]
    Setting {
        /// The setting.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: String,
    },
    /// The settings were not taken at all.
    #[error(
        "PostgreSQL, or what is between the service and it, does not take the settings of a session: {0}. Connect to \
         PostgreSQL itself, or have the pooler keep sessions (`pool_mode = session`) and pass `options` on"
    )]
    Refused(sqlx::Error),
    /// A connection is not a session.
    #[error(
        "something between the service and PostgreSQL gives each transaction another session, in which settings, locks \
         and prepared statements are lost: connect to PostgreSQL itself, or set `pool_mode = session`"
    )]
    Pooled,
}

/// Returns what our sessions call themselves, by which an operator and a later migration know them.
#[must_use]
pub fn application_name(kind: SessionKind) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match kind {
        SessionKind::Server => format!("concord/{version}"),
        SessionKind::Command(command) | SessionKind::LongCommand(command) => {
            format!("concord/{version} {command}")
        }
    }
}

/// Returns how long to wait for the answer to a statement; none where it may take as long as it takes.
pub(super) fn answer_limit(kind: SessionKind) -> Option<Duration> {
    match kind {
        SessionKind::Server => Some(STATEMENT_LIMIT + GRACE),
        SessionKind::Command(_) | SessionKind::LongCommand(_) => None,
    }
}

/// Returns how long a commit may wait for a standby; none where it may take as long as it takes.
pub(super) fn standby_limit(kind: SessionKind) -> Option<Duration> {
    match kind {
        SessionKind::Server => Some(STANDBY_LIMIT),
        SessionKind::Command(_) | SessionKind::LongCommand(_) => None,
    }
}

/// Returns the options of a connection: its URL's, and what we rely on.
///
/// # Errors
/// The URL is none.
pub(super) fn options(url: &str, kind: SessionKind) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(with_settings(PgConnectOptions::from_str(url)?, kind))
}

/// Returns the same options with what we rely on.
pub(super) fn with_settings(options: PgConnectOptions, kind: SessionKind) -> PgConnectOptions {
    options
        .application_name(&application_name(kind))
        .options(settings(kind))
        .options(TRANSPORT)
        .statement_cache_capacity(200)
}

/// How a connection that leads nowhere is noticed by the server. A Unix socket has none of these, so they are not
/// looked at again.
const TRANSPORT: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// Returns each setting with its value as PostgreSQL shows it: times in milliseconds.
fn settings(kind: SessionKind) -> Vec<(&'static str, String)> {
    let (lock, statement, idle) = match kind {
        SessionKind::Server => (LOCK_PATIENCE, STATEMENT_LIMIT, IDLE_LIMIT),
        SessionKind::Command(_) => (COMMAND_LOCK_PATIENCE, Duration::ZERO, IDLE_LIMIT),
        SessionKind::LongCommand(_) => (COMMAND_LOCK_PATIENCE, Duration::ZERO, LONG_IDLE_LIMIT),
    };
    let fixed = [
        // A read that waits behind a revocation must see it: each statement has a snapshot of its own.
        ("default_transaction_isolation", "read committed"),
        ("default_transaction_deferrable", "off"),
        ("synchronous_commit", "on"),
        // Every statement is a look-up by key: planned once, never compiled, and joined row by row. Without the bound
        // LIMIT's value the planner would take a page for a tenth of the table, and hash whole tables.
        ("plan_cache_mode", "force_generic_plan"),
        ("jit", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        // The statement of a client that has gone is ended, also while it waits for a lock.
        ("client_connection_check_interval", "500"),
    ];
    let limits = [
        ("lock_timeout", lock),
        ("statement_timeout", statement),
        ("idle_in_transaction_session_timeout", idle),
    ];
    fixed
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .chain(limits.map(|(name, limit)| (name, limit.as_millis().to_string())))
        .collect()
}

/// Checks that the database at this URL can be relied on, and that our sessions are as we set them and stay so.
///
/// # Errors
/// [`SessionError`], which says what to do.
pub(super) async fn check(url: &str, kind: SessionKind) -> Result<(), SessionError> {
    let ours = options(url, kind)?.disable_statement_logging();
    let mut one = match PgConnection::connect_with(&ours).await {
        Ok(connection) => connection,
        Err(refused) => return Err(why_refused(url, refused).await),
    };
    let mark = Uuid::now_v7().to_string();
    let set = "SELECT set_config('concord.session', $1, false)";
    sqlx::query(set).bind(&mark).execute(&mut one).await?;
    // While another one holds a transaction, a pooler has to give the first another session.
    let mut other = PgConnection::connect_with(&ours).await?;
    let mut transaction = other.begin().await?;
    let marked = "SELECT current_setting('concord.session', true)";
    let theirs: Option<String> = sqlx::query_scalar(marked)
        .fetch_one(&mut *transaction)
        .await?;
    let kept: Option<String> = sqlx::query_scalar(marked).fetch_one(&mut one).await?;
    if theirs.as_ref() == Some(&mark) || kept.as_ref() != Some(&mark) {
        return Err(SessionError::Pooled);
    }
    transaction.rollback().await?;
    check_server(&mut one).await?;
    check_settings(&mut one, kind).await?;
    other.close().await?;
    one.close().await?;
    Ok(())
}

/// Returns why a connection with our settings was refused: looks whether one without them is let in.
async fn why_refused(url: &str, refused: sqlx::Error) -> SessionError {
    let Ok(plain) = PgConnectOptions::from_str(url) else {
        return SessionError::Unread(refused);
    };
    let Ok(mut plain) = PgConnection::connect_with(&plain).await else {
        return SessionError::Unread(refused);
    };
    match check_server(&mut plain).await {
        Err(unfit) => unfit,
        Ok(()) => SessionError::Refused(refused),
    }
}

/// Checks what no session can set.
async fn check_server(connection: &mut PgConnection) -> Result<(), SessionError> {
    let facts = "SELECT current_setting('server_version_num')::int AS version, \
         current_setting('server_version') AS found, pg_is_in_recovery() AS standby, \
         current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes, \
         current_setting('server_encoding') AS encoding, current_setting('log_error_verbosity') AS verbosity";
    let row: PgRow = sqlx::query(facts).fetch_one(connection).await?;
    if row.try_get::<i32, _>("version")? < OLDEST {
        let found = row.try_get("found")?;
        return Err(SessionError::OldServer { found });
    }
    if row.try_get("standby")? {
        return Err(SessionError::Standby);
    }
    for setting in ["fsync", "full_page_writes"] {
        if row.try_get::<String, _>(setting)? != "on" {
            return Err(SessionError::NotDurable { setting });
        }
    }
    let found: String = row.try_get("encoding")?;
    if found != "UTF8" {
        return Err(SessionError::Encoding { found });
    }
    if row.try_get::<String, _>("verbosity")? != "terse" {
        tracing::info!(
            "PostgreSQL's own log may show values of refused rows: set `log_error_verbosity = terse` there"
        );
    }
    Ok(())
}

/// Checks that every setting of ours is in force.
async fn check_settings(
    connection: &mut PgConnection,
    kind: SessionKind,
) -> Result<(), SessionError> {
    let wanted = settings(kind);
    let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    let read = "SELECT name, setting FROM pg_settings WHERE name = ANY($1)";
    let rows = sqlx::query(read).bind(names).fetch_all(connection).await?;
    let found: HashMap<String, String> = rows
        .iter()
        .map(|row| Ok((row.try_get("name")?, row.try_get("setting")?)))
        .collect::<Result<_, sqlx::Error>>()?;
    for (name, wanted) in wanted {
        let found = found.get(name).cloned().unwrap_or_default();
        if found != wanted {
            return Err(SessionError::Setting {
                name,
                found,
                wanted,
            });
        }
    }
    Ok(())
}
