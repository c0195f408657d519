//! Which data store and which keyring belong together.
//!
//! Each carries its own identity and the other's, given when both are first opened. A data store that has none, or names
//! an earlier keyring, beside a keyring that knows it, is an older copy: it takes the keyring's word, and is then held
//! against the keyring's witness. A keyring is never taken for the store's own by its place alone: keys are sealed and
//! destroyed in the one that the data store names, and in no other.

use concord_entities::keyring_identity::{self, State};
use concord_entities::store_identity;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Set, Statement};
use uuid::Uuid;

use super::connected::Connected;
use super::connections::Connections;
use super::error::IdentityError;
use crate::settings::{Settings, StoreLocation};

/// Who the stores are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreIdentity {
    /// The data store; a copy of it has the same.
    pub store: Uuid,
    /// Whether the keyring is where no copy of the data store takes it along: in another cluster, or in a file outside the
    /// data folder.
    pub keyring_apart: bool,
    /// Whether the identity was given at this very opening.
    pub fresh: bool,
}

/// Has the stores know each other where they do not yet, and returns who they are.
///
/// # Errors
/// [`IdentityError`]: they do not belong together.
pub(super) async fn bind(
    stores: &Connected,
    settings: &Settings,
) -> Result<StoreIdentity, IdentityError> {
    let keyring_apart = is_apart(stores, settings).await?;
    let place = || settings.keyring.clone();
    let data = store_identity::Entity::only().one(&stores.write).await?;
    let keyring = keyring_identity::Entity::only()
        .one(&stores.keyring)
        .await?;
    let fresh = data.is_none() && keyring.is_none();
    let keyring = match keyring {
        Some(keyring) => keyring,
        None if has_keys(&stores.keyring).await? && data.is_some() => {
            return Err(IdentityError::Nameless { place: place() });
        }
        None if data.is_some()
            || (has_history(stores).await? && !has_keys(&stores.keyring).await?) =>
        {
            return Err(IdentityError::Missing { place: place() });
        }
        None => name_keyring(stores).await?,
    };
    let data = match data {
        Some(data) => data,
        None => name_store(stores, &keyring).await?,
    };
    check(&data, &keyring, &settings.keyring)?;
    if keyring.keyring_id != data.keyring_id {
        // An older copy of the data store, from before its keys were moved.
        store_identity::Entity::keep_keys_in(keyring.keyring_id)
            .exec(&stores.write)
            .await?;
    }
    Ok(StoreIdentity {
        store: data.store_id,
        keyring_apart,
        fresh,
    })
}

/// Checks that this keyring is the data store's own, as both say it now.
///
/// # Errors
/// [`IdentityError`]: it is not.
pub(super) async fn check_keyring(
    data: &Connections,
    keyring: &Connections,
    place: &StoreLocation,
) -> Result<(), IdentityError> {
    let data = store_identity::Entity::only().one(data).await?;
    let keyring = keyring_identity::Entity::only().one(keyring).await?;
    match (data, keyring) {
        (Some(data), Some(keyring)) => check(&data, &keyring, place),
        (None, _) | (_, None) => Err(IdentityError::Missing {
            place: place.clone(),
        }),
    }
}

/// Checks that a keyring is a data store's own, or a later one than it knows of.
fn check(
    data: &store_identity::Model,
    keyring: &keyring_identity::Model,
    place: &StoreLocation,
) -> Result<(), IdentityError> {
    let place = place.clone();
    let (ours, theirs) = (data.store_id, keyring.store_id);
    if ours != theirs {
        return Err(IdentityError::Foreign {
            place,
            theirs,
            ours,
        });
    }
    match keyring.state {
        _ if keyring.keyring_id < data.keyring_id => Err(IdentityError::Moved { place }),
        State::Moved => Err(IdentityError::Moved { place }),
        State::Filling if keyring.keyring_id != data.keyring_id => {
            Err(IdentityError::Filling { place })
        }
        State::Filling => {
            tracing::warn!(
                "the keys were moved to this keyring, and the earlier one may still hold them: run `concord keyring move` again"
            );
            Ok(())
        }
        State::Whole => Ok(()),
    }
}

/// Gives the keyring an identity, and returns the one that it has: another process may have been first.
async fn name_keyring(stores: &Connected) -> Result<keyring_identity::Model, DbErr> {
    let named = keyring_identity::ActiveModel {
        id: Set(1),
        keyring_id: Set(Uuid::now_v7()),
        store_id: Set(Uuid::now_v7()),
        state: Set(State::Whole),
    };
    keyring_identity::Entity::insert(named)
        .on_conflict(first_wins())
        .exec_without_returning(&stores.keyring)
        .await?;
    let named = keyring_identity::Entity::only()
        .one(&stores.keyring)
        .await?;
    named.ok_or_else(|| DbErr::RecordNotFound("the keyring's identity".to_owned()))
}

/// Has the data store take the identity that its keyring knows it by.
async fn name_store(
    stores: &Connected,
    keyring: &keyring_identity::Model,
) -> Result<store_identity::Model, DbErr> {
    let named = store_identity::ActiveModel {
        id: Set(1),
        store_id: Set(keyring.store_id),
        keyring_id: Set(keyring.keyring_id),
        reopened_by: Set(None),
        reopened_at: Set(None),
    };
    store_identity::Entity::insert(named)
        .on_conflict(first_wins())
        .exec_without_returning(&stores.write)
        .await?;
    let named = store_identity::Entity::only().one(&stores.write).await?;
    named.ok_or_else(|| DbErr::RecordNotFound("the data store's identity".to_owned()))
}

fn first_wins() -> OnConflict {
    OnConflict::column("id").do_nothing().to_owned()
}

/// Returns whether the data store was used: a task force is on record, or a key was published.
async fn has_history(stores: &Connected) -> Result<bool, DbErr> {
    let one = "SELECT (SELECT count(*) FROM (SELECT 1 FROM audit_event LIMIT 1) AS events) + \
         (SELECT count(*) FROM (SELECT 1 FROM token_key LIMIT 1) AS keys) > 0 AS used";
    is_true(&stores.write, one, "used").await
}

/// Returns whether the keyring keeps any key.
pub(super) async fn has_keys(keyring: &Connections) -> Result<bool, DbErr> {
    let one = "SELECT (SELECT count(*) FROM (SELECT 1 FROM signing_key LIMIT 1) AS signing) + \
         (SELECT count(*) FROM (SELECT 1 FROM package_key LIMIT 1) AS packages) > 0 AS used";
    is_true(keyring, one, "used").await
}

async fn is_true(database: &impl ConnectionTrait, sql: &str, column: &str) -> Result<bool, DbErr> {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let row = database.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound(column.to_owned()))?
        .try_get("", column)
}

/// Returns whether a copy of the data store leaves the keyring behind.
pub(super) async fn is_apart(
    stores: &Connected,
    settings: &Settings,
) -> Result<bool, IdentityError> {
    match (&settings.database, &settings.keyring) {
        (StoreLocation::File(_), StoreLocation::File(keyring)) => {
            let (data, keyring) = (absolute(&settings.data), absolute(keyring));
            Ok(!keyring.starts_with(data))
        }
        (_, StoreLocation::File(_)) | (StoreLocation::File(_), _) => Ok(true),
        (StoreLocation::Postgres { .. }, StoreLocation::Postgres { .. }) => {
            let data = PostgresPlace::of(&stores.write).await?;
            let keyring = PostgresPlace::of(&stores.keyring).await?;
            if data == keyring {
                return Err(IdentityError::SameDatabase);
            }
            let apart = data.cluster != keyring.cluster;
            if apart || settings.keyring_beside_data {
                Ok(apart)
            } else {
                Err(IdentityError::SameCluster)
            }
        }
    }
}

/// Returns the path that a file or folder is at, links followed where it exists.
fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    let there = path.canonicalize().or_else(|_| std::path::absolute(path));
    there.unwrap_or_else(|_| path.to_owned())
}

/// Where a store is in PostgreSQL, whatever its URL says.
#[derive(PartialEq, Eq)]
struct PostgresPlace {
    /// The cluster's `system_identifier`, which its base backups and standbys have as well.
    cluster: String,
    database: String,
    schema: Option<String>,
}

impl PostgresPlace {
    async fn of(database: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let sql = "SELECT system_identifier::text AS cluster, current_database()::text AS database, \
             current_schema()::text AS schema FROM pg_control_system()";
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let row = database.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("pg_control_system".to_owned()))?;
        Ok(Self {
            cluster: row.try_get("", "cluster")?,
            database: row.try_get("", "database")?,
            schema: row.try_get("", "schema")?,
        })
    }
}
