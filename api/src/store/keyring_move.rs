//! Moving every key from one keyring to another: what is done to the two keyrings, step by step.
//!
//! The new keyring says `filling` until the old one holds no key any more. Until the data store names the new one, the
//! old one is in force, and the move begins anew where it was interrupted; from then on the new one is, and what is left
//! is to destroy the keys in the old one. The data store's word is the one moment between the two.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;

use concord_entities::keyring_identity::{self, State};
use concord_entities::{
    document_key, ledger_witness, package_key, record_key, signing_key, store_identity,
};
use futures_util::TryStreamExt;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, IntoActiveModel, Select, Set,
};
use uuid::Uuid;

use super::Store;
use super::connected::{self, Connected};
use super::connections::Connections;
use super::error::{IdentityError, StoreError};
use super::identity;
use super::migrations;
use super::serving::Alone;
use crate::settings::{Settings, StoreLocation};

/// How many rows are copied by one statement.
const TOGETHER: usize = 500;

/// The tables that are moved: nothing else that a keyring holds is worth anything to anybody.
const TABLES: [&str; 5] = [
    "package_key",
    "document_key",
    "record_key",
    "signing_key",
    "ledger_witness",
];

/// A move of the keys, under way. Nobody serves from the stores while it is kept.
#[derive(Debug)]
pub struct KeyringMove {
    /// The stores, with the old keyring.
    pub old: Store,
    /// Which keyring the new one is.
    pub keyring: Uuid,
    new: Connections,
    decided: bool,
    _alone: Alone,
}

impl KeyringMove {
    /// Opens the data store and both keyrings: the new one, which the settings name, and the one `from` which keys are
    /// moved.
    ///
    /// # Errors
    /// [`StoreError`]: a server is connected, or these are not the keyrings of such a move.
    pub async fn prepare(settings: &Settings, from: &StoreLocation) -> Result<Self, StoreError> {
        if let StoreLocation::File(file) = from
            && !file.exists()
        {
            return Err(StoreError::NoKeyring { file: file.clone() });
        }
        if *from == settings.keyring {
            return Err(StoreError::SameKeyring {
                place: from.clone(),
            });
        }
        let as_it_was = Settings {
            keyring: from.clone(),
            keyring_beside_data: true,
            ..settings.clone()
        };
        let connected = Connected::known(&as_it_was).await?;
        let alone = Alone::with(settings, &[from, &settings.keyring]).await?;
        match connected.refuse_when_behind().await {
            Err(StoreError::Behind { .. }) => connected.migrate(&as_it_was).await?,
            known => known?,
        }
        let new = connected::keyring(settings).await?;
        migrations::migrate_keyring(&new, &settings.keyring).await?;
        let beside = Connected {
            keyring: new.clone(),
            ..connected.clone()
        };
        identity::is_apart(&beside, settings).await?;
        let named = keyring_identity::Entity::only().one(&new).await?;
        let data = store_identity::Entity::only().one(&connected.write).await?;
        let in_force = data
            .zip(named.clone())
            .filter(|(data, named)| data.keyring_id == named.keyring_id);
        if let Some((data, named)) = in_force {
            let old = keyring_identity::Entity::only()
                .one(&connected.keyring)
                .await?;
            check_old(old.as_ref(), &data, from)?;
            return Ok(Self {
                old: Store::with_earlier_keyring(connected, data.store_id, settings),
                keyring: named.keyring_id,
                new,
                decided: true,
                _alone: alone,
            });
        }
        let old = Store::bound(connected, &as_it_was).await?;
        let keyring = Uuid::now_v7();
        check_new(named.as_ref(), &old, &new, settings).await?;
        check_finished(&old, from).await?;
        name_filling(&new, keyring, old.identity.store).await?;
        Ok(Self {
            old,
            keyring,
            new,
            decided: false,
            _alone: alone,
        })
    }

    /// Returns whether the data store names the new keyring already, so that what is left is to finish.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    /// Fills the new keyring with what the old one holds, and with nothing else. Returns how many rows it copied. Keep the
    /// sharing lock meanwhile, alone.
    ///
    /// # Errors
    /// [`StoreError`]: the new keyring is as it was.
    pub async fn copy(&self) -> Result<u64, StoreError> {
        let from = self.old.keyring.begin().await?;
        let to = self.new.begin().await?;
        for table in TABLES {
            let empty = if to.get_database_backend() == DbBackend::Postgres {
                // What an interrupted move left is gone with the table's file.
                format!("TRUNCATE {table}")
            } else {
                format!("DELETE FROM {table}")
            };
            to.execute_unprepared(&empty).await?;
        }
        let mut rows = 0;
        rows += copy("package_key", package_key::Entity::every_key, &from, &to).await?;
        rows += copy("document_key", document_key::Entity::every_key, &from, &to).await?;
        rows += copy("record_key", record_key::Entity::every_key, &from, &to).await?;
        rows += copy("signing_key", signing_key::Entity::every_key, &from, &to).await?;
        rows += copy("ledger_witness", ledger_witness::Entity::newest, &from, &to).await?;
        to.commit().await?;
        from.rollback().await?;
        Ok(rows)
    }

    /// Destroys the keys in the old keyring, once the data store names the new one.
    ///
    /// # Errors
    /// What the databases say.
    pub async fn finish(self) -> Result<(), StoreError> {
        let old = &self.old.keyring;
        let ending = old.begin().await?;
        for table in TABLES {
            // PostgreSQL removes a dropped table's file; SQLite overwrites its pages.
            let drop = format!("DROP TABLE IF EXISTS {table}");
            ending.execute_unprepared(&drop).await?;
        }
        keyring_identity::Entity::becomes(State::Moved)
            .exec(&ending)
            .await?;
        ending.commit().await?;
        if old.get_database_backend() == DbBackend::Sqlite {
            old.execute_unprepared("VACUUM").await?;
            let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
            old.execute_unprepared(fold).await?;
        }
        keyring_identity::Entity::becomes(State::Whole)
            .exec(&self.new)
            .await?;
        self.old.close().await;
        // A pool may be closed already.
        let _ = self.new.close().await;
        Ok(())
    }
}

/// Checks that a keyring is an earlier one of the data store, whose keys are to be destroyed.
fn check_old(
    old: Option<&keyring_identity::Model>,
    data: &store_identity::Model,
    place: &StoreLocation,
) -> Result<(), StoreError> {
    let place = place.clone();
    let Some(old) = old else {
        return Err(IdentityError::Missing { place }.into());
    };
    if old.store_id != data.store_id {
        let (ours, theirs) = (data.store_id, old.store_id);
        return Err(IdentityError::Foreign {
            place,
            theirs,
            ours,
        }
        .into());
    }
    if old.keyring_id == data.keyring_id {
        return Err(StoreError::SameKeyring { place });
    }
    Ok(())
}

/// Checks that the new keyring is empty, or was being filled by such a move.
async fn check_new(
    named: Option<&keyring_identity::Model>,
    old: &Store,
    new: &Connections,
    settings: &Settings,
) -> Result<(), StoreError> {
    let free = match named {
        Some(named) => named.state == State::Filling && named.store_id == old.identity.store,
        None => !identity::has_keys(new).await?,
    };
    if free {
        Ok(())
    } else {
        let place = settings.keyring.clone();
        Err(StoreError::NotEmpty { place })
    }
}

/// Checks that the keys are in the old keyring alone.
async fn check_finished(old: &Store, place: &StoreLocation) -> Result<(), StoreError> {
    let named = keyring_identity::Entity::only().one(&old.keyring).await?;
    if named.is_some_and(|named| named.state == State::Filling) {
        let place = place.clone();
        return Err(StoreError::UnfinishedMove { place });
    }
    Ok(())
}

async fn name_filling(new: &Connections, keyring: Uuid, store: Uuid) -> Result<(), DbErr> {
    let named = keyring_identity::ActiveModel {
        id: Set(1),
        keyring_id: Set(keyring),
        store_id: Set(store),
        state: Set(State::Filling),
    };
    let renamed = OnConflict::column("id")
        .update_columns(["keyring_id", "store_id", "state"])
        .to_owned();
    keyring_identity::Entity::insert(named)
        .on_conflict(renamed)
        .exec_without_returning(new)
        .await
        .map(|_| ())
}

/// Copies a table's rows, and checks that those which arrived are those which were sent.
async fn copy<E>(
    table: &'static str,
    every: fn() -> Select<E>,
    from: &DatabaseTransaction,
    to: &DatabaseTransaction,
) -> Result<u64, StoreError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel> + FromQueryResult + Send + Sync,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let mut sent = Sum::default();
    {
        let rows = every().stream(from).await?;
        let mut batches = pin!(rows.try_chunks(TOGETHER));
        while let Some(batch) = batches.try_next().await.map_err(|broken| broken.1)? {
            for row in &batch {
                sent.add(row);
            }
            let rows = batch.into_iter().map(IntoActiveModel::into_active_model);
            E::insert_many(rows).exec_without_returning(to).await?;
        }
    }
    let mut arrived = Sum::default();
    let mut rows = pin!(every().stream(to).await?);
    while let Some(row) = rows.try_next().await? {
        arrived.add(&row);
    }
    if arrived == sent {
        Ok(sent.rows)
    } else {
        Err(StoreError::NotTheSame { table })
    }
}

/// How many rows there were, and what they came to in whatever order.
#[derive(Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hashes: u64,
}

impl Sum {
    fn add(&mut self, row: &impl std::fmt::Debug) {
        let mut hash = DefaultHasher::new();
        format!("{row:?}").hash(&mut hash);
        self.rows += 1;
        self.hashes = self.hashes.wrapping_add(hash.finish());
    }
}
