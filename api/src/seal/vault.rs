//! Packages, sealed and opened with the keys of the keyring.
//!
//! Writing goes key first, data second; ending goes deny first, destroy second. So a crash leaves a key without data
//! (harmless) or a denied package with a key (unreadable through us); [`Vault::sweep`] finishes what it left.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, DataCategory};
use concord_entities::{package_key, record_key, referral, sealed_part};
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};
use tracing::info;

use super::envelope::{KeyOwner, PackageBinding, PackageKey};
use super::kek_set::KekSet;
use crate::error::{Refusal, Result};
use crate::store::{Connections, Store};

/// What a package key is for, in its wrapping.
const PURPOSE: &str = "package";
/// The version of a package's key when it is drafted: what was sent along then is hashed under a key that goes with it.
const FIRST: i32 = 1;
/// How many keys the sweep looks at together.
const BATCH: u64 = 500;
/// How long a sweep leaves the stores to others between two batches.
pub const BETWEEN_BATCHES: Duration = Duration::from_millis(2);

/// The keyring with the key-encryption keys in hand.
#[derive(Clone, Debug)]
pub struct Vault {
    pub(super) keyring: Connections,
    pub(super) keks: Arc<KekSet>,
}

/// A package as it was sealed last, or was when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackageVersion {
    /// The referral whose package it is.
    pub referral: ReferralId,
    /// The version of its key, from 1.
    pub version: i32,
}

impl From<&referral::Model> for PackageVersion {
    fn from(row: &referral::Model) -> Self {
        Self {
            referral: row.id,
            version: row.key_version,
        }
    }
}

/// The unsealed categories of some packages. One that is missing is not what was decided on any more: it lost its key,
/// or was sealed anew.
pub type OpenedPackages = HashMap<ReferralId, Vec<(DataCategory, zeroize::Zeroizing<Vec<u8>>)>>;

impl Vault {
    /// Returns the vault of a store.
    #[must_use]
    pub fn new(store: &Store, keks: Arc<KekSet>) -> Self {
        Self {
            keyring: store.keyring.clone(),
            keks,
        }
    }

    /// Makes this version of a package's key, durable before anything is sealed under it, and seals each category. The
    /// versions before it stay until the change is durable. The caller holds the referral's row: no other writes this
    /// version.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be written.
    pub async fn seal(
        &self,
        package: PackageVersion,
        parts: &[(DataCategory, Vec<u8>)],
        now: Instant,
    ) -> Result<Vec<sealed_part::Model>> {
        let key = PackageKey::generate().map_err(Refusal::unavailable)?;
        let wrapped = self
            .keks
            .wrap(holder(package)?, &key)
            .map_err(Refusal::unavailable)?;
        let row = package_key::Model {
            referral_id: package.referral,
            version: package.version,
            wrapped: wrapped.bytes,
            kek_id: wrapped.kek_id,
            created_at: now,
        };
        // A change that was given up may have left its key.
        let replaced = OnConflict::columns([
            package_key::Column::ReferralId,
            package_key::Column::Version,
        ])
        .update_columns([
            package_key::Column::Wrapped,
            package_key::Column::KekId,
            package_key::Column::CreatedAt,
        ])
        .to_owned();
        package_key::Entity::insert(row.into_active_model())
            .on_conflict(replaced)
            .exec_without_returning(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        seal(&key, package, parts)
    }

    /// Opens the categories whose release is on record, of the packages as they were when that was decided, and nothing
    /// else.
    ///
    /// # Errors
    /// `UNAVAILABLE`: a store cannot be read. `INTERNAL`: a seal is broken.
    pub async fn open(
        &self,
        store: &Store,
        released: &HashMap<PackageVersion, Categories>,
    ) -> Result<OpenedPackages> {
        let released: HashMap<ReferralId, (i32, Categories)> = released
            .iter()
            .filter(|(_, categories)| !categories.is_empty())
            .map(|(package, categories)| (package.referral, (package.version, *categories)))
            .collect();
        if released.is_empty() {
            return Ok(OpenedPackages::new());
        }
        let keys = package_key::Entity::of(released.keys().copied())
            .all(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        let parts = sealed_part::Entity::of(released.keys().copied())
            .all(&store.read)
            .await?;
        let decided = |referral, version| {
            released
                .get(&referral)
                .filter(|(decided, _)| *decided == version)
                .map(|(_, categories)| *categories)
        };
        let mut unwrapped = HashMap::new();
        for key in keys {
            if decided(key.referral_id, key.version).is_some() {
                let holder = holder(PackageVersion::from(&key))?;
                let opened = self
                    .keks
                    .unwrap(holder, &key.wrapped, key.kek_id.as_deref());
                unwrapped.insert(key.referral_id, opened.map_err(Refusal::internal)?);
            }
        }
        let mut opened = OpenedPackages::new();
        for part in parts {
            let wanted = decided(part.referral_id, part.key_version)
                .is_some_and(|some| some.has(part.category));
            let (true, Some(key)) = (wanted, unwrapped.get(&part.referral_id)) else {
                continue;
            };
            let place = PackageBinding {
                referral: part.referral_id,
                category: part.category,
                version: numbered(part.key_version)?,
            };
            let plain = key.open(place, &part.sealed).map_err(Refusal::internal)?;
            opened
                .entry(part.referral_id)
                .or_default()
                .push((part.category, plain));
        }
        opened.retain(|referral, parts| {
            let wanted = released.get(referral).map(|(_, some)| some.iter().count());
            wanted == Some(parts.len())
        });
        Ok(opened)
    }

    /// Destroys every key in the keyring that opens nothing which may still be read.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn sweep_everything(&self, store: &Store, now: Instant) -> Result<()> {
        self.sweep(store, now).await?;
        self.sweep_documents(store, now).await?;
        self.sweep_records(store, now).await
    }

    /// Destroys the keys of packages whose consent has ended and those that another took the place of, and keys that are
    /// older than an hour and seal nothing: a change that was given up left them.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn sweep(&self, store: &Store, now: Instant) -> Result<()> {
        let hour_ago = now.minus(Duration::from_hours(1));
        let mut after = None;
        loop {
            let keys = package_key::Entity::in_order(after, BATCH)
                .all(&self.keyring)
                .await
                .map_err(Refusal::unavailable)?;
            let Some(last) = keys.last() else {
                return Ok(());
            };
            after = Some((last.referral_id, last.version));
            let ids = || keys.iter().map(|key| key.referral_id);
            let sealed = versions(referral::Entity::among(ids()), store).await?;
            let ended =
                versions(referral::Entity::whose_consent_has_ended(ids(), now), store).await?;
            // What is sealed anew meanwhile has a later version than any that is found dead here.
            let dead = keys
                .iter()
                .filter(|key| match sealed.get(&key.referral_id) {
                    Some(version) if key.version < *version => true,
                    Some(version) if key.version == *version => {
                        ended.get(&key.referral_id) == Some(version)
                    }
                    Some(_) | None => key.created_at < hour_ago,
                });
            let dead: Vec<_> = dead.collect();
            self.destroy(&dead).await.map_err(Refusal::unavailable)?;
            tokio::time::sleep(BETWEEN_BATCHES).await;
        }
    }
}

impl Vault {
    /// Destroys keys of packages together, each only where it is the one that was found.
    async fn destroy(&self, dead: &[&package_key::Model]) -> Result<(), DbErr> {
        if dead.is_empty() {
            return Ok(());
        }
        info!(
            keys = dead.len(),
            "destroying the keys of packages that have ended"
        );
        let together = self.keyring.begin().await?;
        for key in dead {
            if key.version == FIRST {
                record_key::Entity::destroy_inputs([key.referral_id.0])
                    .exec(&together)
                    .await?;
            }
            package_key::Entity::destroy_made_at(key.referral_id, key.version, key.created_at)
                .exec(&together)
                .await?;
        }
        together.commit().await
    }
}

impl From<&package_key::Model> for PackageVersion {
    fn from(key: &package_key::Model) -> Self {
        Self {
            referral: key.referral_id,
            version: key.version,
        }
    }
}

/// Seals each category under a package's key of this version.
fn seal(
    key: &PackageKey,
    package: PackageVersion,
    parts: &[(DataCategory, Vec<u8>)],
) -> Result<Vec<sealed_part::Model>> {
    let version = numbered(package.version)?;
    parts
        .iter()
        .map(|(category, plain)| {
            let place = PackageBinding {
                referral: package.referral,
                category: *category,
                version,
            };
            let sealed = key.seal(place, plain).map_err(Refusal::unavailable)?;
            Ok(sealed_part::Model {
                referral_id: package.referral,
                category: *category,
                key_version: package.version,
                sealed,
            })
        })
        .collect()
}

fn numbered(version: i32) -> Result<u32> {
    u32::try_from(version).map_err(Refusal::internal)
}

/// Returns the version of the key that each of these packages is sealed under.
async fn versions(
    rows: sea_orm::Select<referral::Entity>,
    store: &Store,
) -> Result<HashMap<ReferralId, i32>> {
    use sea_orm::QuerySelect;
    let found: Vec<(ReferralId, i32)> = rows
        .select_only()
        .columns([referral::Column::Id, referral::Column::KeyVersion])
        .into_tuple()
        .all(&store.read)
        .await?;
    Ok(found.into_iter().collect())
}

pub(super) fn holder(package: PackageVersion) -> Result<KeyOwner<'static>> {
    Ok(KeyOwner {
        purpose: PURPOSE,
        owner: package.referral.0,
        version: numbered(package.version)?,
    })
}
