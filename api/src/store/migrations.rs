//! Bringing the stores up to this program, and refusing those that are behind it or ahead of it.

use concord_migration::{Data, Keyring, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::time::sleep;

use super::advisory_lock::AdvisoryLock;
use super::connected::Connected;
use super::error::StoreError;
use super::session::{self, SessionError};
use super::{Connections, Store};
use crate::clock;
use crate::settings::{SessionKind, Settings, StoreLocation};

impl Store {
    /// Brings the stores up to this program, as an operator asks for it: alone, and while no server of another version is
    /// connected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn migrate_up(settings: &Settings) -> Result<Self, StoreError> {
        let StoreLocation::Postgres { url, .. } = &settings.database else {
            return Self::open(settings).await;
        };
        let connected = Connected::to(settings).await?;
        let mut alone = lock(url, settings.sessions).await?;
        connected.refuse_newer().await?;
        let pending = match connected.refuse_when_behind().await {
            Ok(()) => false,
            Err(StoreError::Behind { .. }) => true,
            Err(fault) => return Err(fault),
        };
        if pending {
            refuse_servers(&mut alone).await?;
            connected.migrate(settings).await?;
        }
        let store = Self::bound(connected, settings).await?;
        alone.close().await.map_err(SessionError::from)?;
        Ok(store)
    }

    /// Returns how many migrations each store is behind: the data store, the keyring.
    ///
    /// # Errors
    /// [`StoreError`]: a store cannot be opened.
    pub async fn behind(settings: &Settings) -> Result<(usize, usize), StoreError> {
        Ok(Connected::to(settings).await?.behind().await?)
    }
}

impl Connected {
    /// Connects to both stores, and refuses those that a newer program has migrated.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn known(settings: &Settings) -> Result<Self, StoreError> {
        let connected = Self::to(settings).await?;
        connected.refuse_newer().await?;
        Ok(connected)
    }

    /// Brings both stores up to this program.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn migrate(&self, settings: &Settings) -> Result<(), DbErr> {
        Data::up(self.write.pool(), None).await?;
        migrate_keyring(&self.keyring, &settings.keyring).await
    }

    async fn behind(&self) -> Result<(usize, usize), DbErr> {
        let data = Data::get_pending_migrations(self.write.pool()).await?.len();
        let keyring = Keyring::get_pending_migrations(self.keyring.pool())
            .await?
            .len();
        Ok((data, keyring))
    }

    pub(super) async fn refuse_when_behind(&self) -> Result<(), StoreError> {
        let behind = |store, steps| Err(StoreError::Behind { store, steps });
        match self.behind().await {
            Ok((0, 0)) => Ok(()),
            Ok((0, steps)) => behind("keyring", steps),
            Ok((steps, _)) => behind("data store", steps),
            // The keyring's schema does not exist before the first migration.
            Err(_) if clock::of(&self.read).await.is_ok() => {
                behind("keyring", Keyring::migrations().len())
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Refuses stores that a newer program has migrated: what they mean is not known here.
    async fn refuse_newer(&self) -> Result<(), StoreError> {
        let known = [
            ("data store", &self.write, names::<Data>()),
            ("keyring", &self.keyring, names::<Keyring>()),
        ];
        for (store, connections, known) in known {
            let unknown = applied(connections)
                .await?
                .into_iter()
                .find(|name| !known.contains(name));
            if let Some(migration) = unknown {
                return Err(StoreError::Newer { store, migration });
            }
        }
        Ok(())
    }
}

/// Brings a keyring up to this program.
///
/// # Errors
/// What the database says.
pub(super) async fn migrate_keyring(
    keyring: &Connections,
    location: &StoreLocation,
) -> Result<(), DbErr> {
    if let StoreLocation::Postgres {
        schema: Some(schema),
        ..
    } = location
    {
        let make = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        keyring.execute_unprepared(&make).await?;
    }
    Keyring::up(keyring.pool(), None).await
}

fn names<M: MigratorTrait>() -> Vec<String> {
    let migrations = M::migrations();
    migrations
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect()
}

/// Returns the migrations that a store has been through; none where it has been through none.
///
/// # Errors
/// What the database says.
pub(crate) async fn applied(connections: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let backend = connections.get_database_backend();
    let made = if backend == DbBackend::Postgres {
        "SELECT 1 AS one FROM information_schema.tables \
         WHERE table_name = 'seaql_migrations' AND table_schema = current_schema()"
    } else {
        "SELECT 1 AS one FROM sqlite_master WHERE name = 'seaql_migrations'"
    };
    let made = Statement::from_string(backend, made);
    if connections.query_one_raw(made).await?.is_none() {
        return Ok(Vec::new());
    }
    let names = "SELECT version FROM seaql_migrations ORDER BY version";
    let names = Statement::from_string(backend, names);
    let rows = connections.query_all_raw(names).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

/// Returns a session that keeps every other migration away for as long as it is open.
pub(super) async fn lock(url: &str, kind: SessionKind) -> Result<PgConnection, SessionError> {
    let options = session::options(url, kind)?.disable_statement_logging();
    let mut connection = PgConnection::connect_with(&options).await?;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(AdvisoryLock::Migrating.number())
        .execute(&mut connection)
        .await?;
    Ok(connection)
}

/// Refuses where a server of another version is connected to the same database. Before 0.2, servers did not name
/// themselves; nor do we see the name of a session that another role has.
async fn refuse_servers(connection: &mut PgConnection) -> Result<(), StoreError> {
    let own_version = session::application_name(SessionKind::Server);
    let servers = servers_but(connection, &own_version).await?;
    if servers.is_empty() {
        Ok(())
    } else {
        Err(StoreError::InUse { servers })
    }
}

/// Returns the connections of the servers to the same database whose version is not this one. It looks for a moment: those of
/// a server that has just ended go.
pub(super) async fn servers_but(
    connection: &mut PgConnection,
    own_version: &str,
) -> Result<Vec<String>, SessionError> {
    const OTHERS: &str = "SELECT pid, usename::text AS role, coalesce(host(client_addr), 'this machine') AS address, \
         coalesce(application_name, '') AS name \
         FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL \
         AND coalesce(backend_type, 'client backend') = 'client backend' \
         AND (coalesce(application_name, '') = '' \
         OR (application_name LIKE 'concord/%' AND application_name NOT LIKE 'concord/% %' AND application_name <> $1)) \
         ORDER BY pid";
    let mut rows = Vec::new();
    for _ in 0..session::TRIES {
        let others = sqlx::query(OTHERS).bind(own_version);
        rows = others.fetch_all(&mut *connection).await?;
        if rows.is_empty() {
            break;
        }
        sleep(session::BETWEEN_TRIES).await;
    }
    let described = rows.iter().map(described);
    Ok(described.collect::<Result<Vec<_>, _>>()?)
}

fn described(row: &PgRow) -> Result<String, sqlx::Error> {
    let pid: i32 = row.try_get("pid")?;
    let role: Option<String> = row.try_get("role")?;
    let (address, name): (String, String) = (row.try_get("address")?, row.try_get("name")?);
    let name = if name.is_empty() {
        "no name, as concord 0.1".to_owned()
    } else {
        name
    };
    let role = role.unwrap_or_default();
    Ok(format!("PID {pid}, role {role}, from {address} ({name})"))
}
