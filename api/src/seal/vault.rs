//! Packages, sealed and opened with the keys of the keyring.
//!
//! Writing goes key first, data second; ending goes deny first, destroy second. So a crash leaves a key without data
//! (harmless) or a denied package with a key (unreadable through us); [`Vault::sweep`] finishes what it left.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, DataCategory};
use concord_entities::{package_key, referral, sealed_part};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, IntoActiveModel, QueryFilter};
use tracing::info;

use super::envelope::{Holder, KeyEncryptionKey, PackageKey, Place};
use crate::error::{Answer, Refusal};
use crate::store::Store;

/// What a package key is for, in its wrapping.
const PURPOSE: &str = "package";
/// How many keys the sweep looks at together.
const BATCH: u64 = 500;

/// The keyring with the key-encryption key in hand.
#[derive(Clone, Debug)]
pub struct Vault {
    pub(super) keyring: DatabaseConnection,
    pub(super) kek: Arc<KeyEncryptionKey>,
}

/// The unsealed categories of some packages. A referral that is missing has lost its key.
pub type Opened = HashMap<ReferralId, Vec<(DataCategory, zeroize::Zeroizing<Vec<u8>>)>>;

impl Vault {
    /// The vault of a store.
    #[must_use]
    pub fn new(store: &Store, kek: Arc<KeyEncryptionKey>) -> Self {
        Self {
            keyring: store.keyring.clone(),
            kek,
        }
    }

    /// Makes a key for a package, durable before anything is sealed under it, and seals each category.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be written.
    pub async fn seal(
        &self,
        referral: ReferralId,
        parts: &[(DataCategory, Vec<u8>)],
        now: Instant,
    ) -> Answer<Vec<sealed_part::Model>> {
        const VERSION: u32 = 1;
        let key = PackageKey::generate().map_err(Refusal::unavailable)?;
        let wrapped = self
            .kek
            .wrap(holder(referral, VERSION), &key)
            .map_err(Refusal::unavailable)?;
        let row = package_key::Model {
            referral_id: referral,
            version: 1,
            wrapped,
            created_at: now,
        };
        package_key::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.keyring)
            .await?;
        parts
            .iter()
            .map(|(category, plain)| {
                let place = Place {
                    referral,
                    category: *category,
                    version: VERSION,
                };
                let sealed = key.seal(place, plain).map_err(Refusal::unavailable)?;
                Ok(sealed_part::Model {
                    referral_id: referral,
                    category: *category,
                    key_version: 1,
                    sealed,
                })
            })
            .collect()
    }

    /// Opens the categories whose release is on record, and no other.
    ///
    /// # Errors
    /// `UNAVAILABLE`: a store cannot be read. `INTERNAL`: a seal is broken.
    pub async fn open(
        &self,
        store: &Store,
        released: &HashMap<ReferralId, Categories>,
    ) -> Answer<Opened> {
        let ids: Vec<ReferralId> = released
            .iter()
            .filter(|(_, categories)| !categories.is_empty())
            .map(|(id, _)| *id)
            .collect();
        if ids.is_empty() {
            return Ok(Opened::new());
        }
        let keys = package_key::Entity::of(ids.iter().copied())
            .all(&self.keyring)
            .await?;
        let parts = sealed_part::Entity::of(ids).all(&store.read).await?;
        let mut opened = Opened::new();
        let mut unwrapped = HashMap::new();
        for key in keys {
            let version = u32::try_from(key.version).map_err(Refusal::internal)?;
            let package = self
                .kek
                .unwrap(holder(key.referral_id, version), &key.wrapped)
                .map_err(Refusal::internal)?;
            unwrapped.insert(key.referral_id, (version, package));
            opened.insert(key.referral_id, Vec::new());
        }
        for part in parts {
            let wanted = released
                .get(&part.referral_id)
                .is_some_and(|some| some.has(part.category));
            let (true, Some((version, key))) = (wanted, unwrapped.get(&part.referral_id)) else {
                continue;
            };
            let place = Place {
                referral: part.referral_id,
                category: part.category,
                version: *version,
            };
            let plain = key.open(place, &part.sealed).map_err(Refusal::internal)?;
            opened
                .entry(part.referral_id)
                .or_default()
                .push((part.category, plain));
        }
        Ok(opened)
    }

    /// Destroys the keys of these packages: no copy of the data store can be read any more.
    ///
    /// # Errors
    /// `UNAVAILABLE`; the next [`sweep`](Self::sweep) tries again.
    pub async fn destroy(&self, referrals: &[ReferralId]) -> Answer<()> {
        if referrals.is_empty() {
            return Ok(());
        }
        package_key::Entity::delete_many()
            .filter(package_key::Column::ReferralId.is_in(referrals.iter().copied()))
            .exec(&self.keyring)
            .await?;
        Ok(())
    }

    /// Destroys the keys of packages whose consent has ended, and keys without a package older than an hour.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn sweep(&self, store: &Store, now: Instant) -> Answer<()> {
        let hour_ago = now.minus(std::time::Duration::from_hours(1));
        let mut after = None;
        loop {
            let keys = package_key::Entity::in_order(after, BATCH)
                .all(&self.keyring)
                .await?;
            let Some(last) = keys.last() else {
                return Ok(());
            };
            after = Some(last.referral_id);
            let ids: Vec<ReferralId> = keys.iter().map(|key| key.referral_id).collect();
            let known: HashSet<ReferralId> =
                ids_of(referral::Entity::among(ids.iter().copied()), store).await?;
            let ended: HashSet<ReferralId> = ids_of(
                referral::Entity::whose_consent_has_ended(ids.iter().copied(), now),
                store,
            )
            .await?;
            let dead: Vec<ReferralId> = keys
                .iter()
                .filter(|key| {
                    let id = key.referral_id;
                    ended.contains(&id) || (!known.contains(&id) && key.created_at < hour_ago)
                })
                .map(|key| key.referral_id)
                .collect();
            if !dead.is_empty() {
                info!(
                    keys = dead.len(),
                    "destroying the keys of packages that have ended"
                );
            }
            self.destroy(&dead).await?;
        }
    }
}

async fn ids_of(
    rows: sea_orm::Select<referral::Entity>,
    store: &Store,
) -> Answer<HashSet<ReferralId>> {
    use sea_orm::QuerySelect;
    let ids: Vec<ReferralId> = rows
        .select_only()
        .column(referral::Column::Id)
        .into_tuple()
        .all(&store.read)
        .await?;
    Ok(ids.into_iter().collect())
}

fn holder(referral: ReferralId, version: u32) -> Holder<'static> {
    Holder {
        purpose: PURPOSE,
        owner: referral.0,
        version,
    }
}
