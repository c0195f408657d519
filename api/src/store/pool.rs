//! The two stores, opened: the data store and the keyring, on SQLite files or on PostgreSQL.

use std::path::PathBuf;
use std::sync::Arc;

use concord_entities::instant::Instant;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use uuid::Uuid;

use super::connected::{Connected, postgres};
use super::connections::Connections;
use super::error::StoreError;
use super::identity::{self, StoreIdentity};
use super::standby::Standby;
use crate::clock;
use crate::settings::{SessionKind, Settings, StoreLocation};

/// The data store and the keyring, opened.
#[derive(Clone, Debug)]
pub struct Store {
    /// For reading what may be decided on.
    pub read: Connections,
    /// For changes and for the ledger. On SQLite there is one such connection.
    pub write: Connections,
    /// The keyring. All that is written there can be written twice.
    pub keyring: Connections,
    /// Which kind of database the data store is. The keyring may be on another kind: it is asked itself.
    pub backend: DbBackend,
    /// Who the stores are.
    pub identity: StoreIdentity,
    /// The folder in which this server remembers how far the stores had come.
    pub state: PathBuf,
    /// The standby that must have what was committed, where one is demanded.
    pub standby: Standby,
    /// Who gives commands over it.
    pub operator: OperatorAtWork,
}

/// An operator, and the command that they gave.
#[derive(Clone, Debug)]
pub struct OperatorAtWork {
    /// Their name.
    pub name: Arc<str>,
    /// The command; none for a server.
    pub command: Option<&'static str>,
}

impl Store {
    /// Opens both stores for one worker, on that worker's runtime. Embedded ones are made and migrated.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot be opened or relied on, a PostgreSQL store is behind, or the keyring is not its own.
    pub async fn open(settings: &Settings) -> Result<Self, StoreError> {
        let connected = Connected::known(settings).await?;
        match settings.database {
            StoreLocation::File(_) => connected.migrate(settings).await?,
            StoreLocation::Postgres { .. } => connected.refuse_when_behind().await?,
        }
        Self::bound(connected, settings).await
    }

    /// Opens both stores as they stand: one that is missing or behind is left as it is, and refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_as_it_stands(settings: &Settings) -> Result<Self, StoreError> {
        for location in [&settings.database, &settings.keyring] {
            if let Some(file) = location.file().filter(|file| !file.is_file()) {
                let file = file.to_owned();
                return Err(StoreError::NoFile { file });
            }
        }
        let connected = Connected::known(settings).await?;
        connected.refuse_when_behind().await?;
        Self::bound(connected, settings).await
    }

    /// Opens the same stores for another worker, on that worker's runtime. SQLite has one writer: its connections are
    /// shared.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer.
    pub async fn for_another_worker(&self, settings: &Settings) -> Result<Self, StoreError> {
        let mut store = self.clone();
        if let location @ StoreLocation::Postgres { .. } = &settings.database {
            store.read = postgres(location, settings).await?;
            store.write = store.read.once();
        }
        if let location @ StoreLocation::Postgres { .. } = &settings.keyring {
            store.keyring = postgres(location, settings).await?;
        }
        Ok(store)
    }

    /// Returns the stores with a keyring that the data store no longer names.
    pub(super) fn with_earlier_keyring(
        connected: Connected,
        store: Uuid,
        settings: &Settings,
    ) -> Self {
        let identity = StoreIdentity {
            store,
            keyring_apart: false,
            fresh: false,
        };
        Self::of(connected, identity, settings)
    }

    /// Returns the stores once they are known to belong together.
    pub(super) async fn bound(
        connected: Connected,
        settings: &Settings,
    ) -> Result<Self, StoreError> {
        let identity = identity::bind(&connected, settings).await?;
        Ok(Self::of(connected, identity, settings))
    }

    fn of(connected: Connected, identity: StoreIdentity, settings: &Settings) -> Self {
        let Connected {
            read,
            write,
            keyring,
            backend,
        } = connected;
        Self {
            read,
            write,
            keyring,
            backend,
            identity,
            state: settings.state.clone(),
            standby: Standby::demanded_by(settings),
            operator: OperatorAtWork {
                name: settings.operator.as_str().into(),
                command: match settings.sessions {
                    SessionKind::Server => None,
                    SessionKind::Command(name) | SessionKind::LongCommand(name) => Some(name),
                },
            },
        }
    }

    /// Ends every connection; an embedded store is folded into its one file.
    pub async fn close(self) {
        for pool in [self.read, self.write, self.keyring] {
            // A pool that two fields share is closed once, and says so the second time.
            let _ = pool.close().await;
        }
    }

    /// Returns the sharing epoch in force.
    ///
    /// # Errors
    /// What the database says.
    pub async fn epoch(&self) -> Result<i64, DbErr> {
        let statement = Statement::from_string(self.backend, "SELECT epoch FROM sharing_epoch");
        let row = self.read.query_one_raw(statement).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?
            .try_get("", "epoch")
    }

    /// Shows that the keyring answers.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ping_keyring(&self) -> Result<(), DbErr> {
        let one = "SELECT 1 AS one FROM package_key LIMIT 1";
        let statement = Statement::from_string(self.keyring.get_database_backend(), one);
        self.keyring.query_one_raw(statement).await.map(|_| ())
    }

    /// Returns the time by the database's clock; shows that the data store answers.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ping(&self) -> Result<Instant, DbErr> {
        clock::of(&self.read).await
    }
}
