//! Who serves from the stores, and that nobody else does who must not.
//!
//! A server has the file beside the keyring's locked for as long as it lives, and the system lets go of that lock when the
//! process ends, however it ends. Where the data is in PostgreSQL such a keyring is for one server, which has the lock
//! alone. Over PostgreSQL, each server holds an advisory lock, shared, by a session of its own. Whoever moves the keys to
//! another keyring, or puts a store back, takes all of these alone.

use std::fs::{File, TryLockError};
use std::path::Path;

use sea_orm::DbBackend;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection};
use tokio::time::sleep;

use super::Store;
use super::advisory_lock::AdvisoryLock;
use super::error::StoreError;
use super::identity;
use super::migrations;
use super::session::{self, SessionError};
use crate::private_files;
use crate::settings::{Settings, StoreLocation};

/// A server's hold on its stores, for as long as it is kept.
#[derive(Debug)]
pub struct Serving {
    _file: Option<File>,
    _session: Option<PgConnection>,
}

impl Store {
    /// Begins to serve from the stores.
    ///
    /// # Errors
    /// [`StoreError`]: another server has the keyring's file, or the keys are being moved, or have been.
    pub async fn begin_serving(&self, settings: &Settings) -> Result<Serving, StoreError> {
        let file = match &settings.keyring {
            StoreLocation::File(file) if self.backend == DbBackend::Postgres => Some(take(file)?),
            StoreLocation::File(file) => Some(share_file(file)?),
            StoreLocation::Postgres { .. } => None,
        };
        let session = match &settings.database {
            StoreLocation::File(_) => None,
            StoreLocation::Postgres { url, .. } => Some(share(url, settings).await?),
        };
        // They may have been moved since the stores were opened.
        identity::check_keyring(&self.write, &self.keyring, &settings.keyring).await?;
        Ok(Serving {
            _file: file,
            _session: session,
        })
    }
}

async fn share(url: &str, settings: &Settings) -> Result<PgConnection, StoreError> {
    let mut session = connect(url, settings).await?;
    if takes(&mut session, "SELECT pg_try_advisory_lock_shared($1)").await? {
        Ok(session)
    } else {
        Err(StoreError::BeingMoved)
    }
}

/// Whoever has the stores to itself: no server serves from them.
#[derive(Debug)]
pub struct Alone {
    _files: Vec<File>,
    _sessions: Vec<PgConnection>,
}

impl Alone {
    /// Takes the stores for oneself, or what is in their places.
    ///
    /// # Errors
    /// [`StoreError`]: a server serves from them.
    pub async fn over(settings: &Settings) -> Result<Self, StoreError> {
        Self::with(settings, &[&settings.keyring]).await
    }

    /// Takes the stores and these keyrings for oneself.
    pub(super) async fn with(
        settings: &Settings,
        keyrings: &[&StoreLocation],
    ) -> Result<Self, StoreError> {
        let files = keyrings.iter().filter_map(|keyring| keyring.file());
        let files = files.map(take).collect::<Result<_, _>>()?;
        let mut sessions = Vec::new();
        if let StoreLocation::Postgres { url, .. } = &settings.database {
            sessions.push(migrations::lock(url, settings.sessions).await?);
            let mut session = connect(url, settings).await?;
            let alone = takes(&mut session, "SELECT pg_try_advisory_lock($1)").await?;
            let servers = migrations::servers_but(&mut session, "").await?;
            if !alone || !servers.is_empty() {
                return Err(StoreError::Served { servers });
            }
            sessions.push(session);
        }
        Ok(Self {
            _files: files,
            _sessions: sessions,
        })
    }
}

async fn connect(url: &str, settings: &Settings) -> Result<PgConnection, SessionError> {
    let options = session::options(url, settings.sessions)?.disable_statement_logging();
    Ok(PgConnection::connect_with(&options).await?)
}

/// Tries a lock for a moment, until the sessions of those that have just ended are gone.
async fn takes(connection: &mut PgConnection, lock: &'static str) -> Result<bool, SessionError> {
    for tried in 1.. {
        let taken = sqlx::query_scalar(lock).bind(AdvisoryLock::Serving.number());
        let taken = taken.fetch_one(&mut *connection).await?;
        if taken || tried == session::TRIES {
            return Ok(taken);
        }
        sleep(session::BETWEEN_TRIES).await;
    }
    Ok(false)
}

/// Takes a keyring's file for this process alone, until it ends.
fn take(keyring: &Path) -> Result<File, StoreError> {
    let lock = open_lock(keyring)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(refused) => Err(why(refused, keyring)),
    }
}

/// Takes a keyring's file for this process and others that serve from it.
fn share_file(keyring: &Path) -> Result<File, StoreError> {
    let lock = open_lock(keyring)?;
    match lock.try_lock_shared() {
        Ok(()) => Ok(lock),
        Err(refused) => Err(why(refused, keyring)),
    }
}

fn open_lock(keyring: &Path) -> std::io::Result<File> {
    let mut name = keyring.as_os_str().to_owned();
    name.push(".lock");
    let lock = Path::new(&name);
    private_files::make_folder(&private_files::folder_of(lock))?;
    private_files::make_file(lock)?;
    File::open(lock)
}

fn why(refused: TryLockError, keyring: &Path) -> StoreError {
    match refused {
        TryLockError::WouldBlock => StoreError::FileInUse {
            file: keyring.to_owned(),
        },
        TryLockError::Error(fault) => fault.into(),
    }
}
