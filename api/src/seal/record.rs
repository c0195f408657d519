//! Single records, each sealed under a key of its own: what identifies a person outside a package.
//!
//! The same order as for packages: key first, data second on writing; a change takes a new key and destroys the old one
//! once the change is durable, so that no older copy of the data store can be read. [`Vault::sweep_records`] finishes
//! what a crash left.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use concord_entities::ids::{LegalHoldId, MandateId, MouId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::{
    idempotency, legal_hold, mandated_disclosure, mou_document, record_key, safe_contact,
};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};
use tracing::info;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Vault;
use super::envelope::{KeyOwner, PackageKey};
use super::vault::BETWEEN_BATCHES;
use crate::error::{Refusal, Result};
use crate::store::Store;

/// How many keys the sweep looks at together.
const BATCH: u64 = 500;

/// Each text of an MOU has one key: another text is another version's.
pub const MOU_DOCUMENT_VERSION: i32 = 1;

/// A kind of record that is sealed on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A survivor's plan for safe contact; its owner is the survivor.
    SafeContact,
    /// The texts of a mandated disclosure; its owner is the disclosure.
    Mandate,
    /// The texts of a legal hold; its owner is the hold.
    LegalHold,
    /// The text that the parties of an MOU sign; its owner is that version of the MOU. It goes with nobody: it is kept as long as
    /// the MOU is.
    MouDocument,
    /// What a call that made something was sent along with, of which only a hash is kept (see
    /// [`input_hash`](super::input_hash)); its owner is what was made.
    Input,
}

/// A sealed record and what its seal is bound to: it opens as nothing else.
#[derive(Clone, Copy, Debug)]
pub struct SealedRecord<'a> {
    /// The record's owner.
    pub owner: Uuid,
    /// Which of the owner's keys seals it.
    pub version: i32,
    /// Nonce, ciphertext and tag.
    pub bytes: &'a [u8],
}

/// The records that could be opened, by owner. An owner who is missing has lost the key.
pub type OpenedRecords = HashMap<Uuid, Zeroizing<Vec<u8>>>;

impl RecordKind {
    const ALL: [Self; 5] = [
        Self::SafeContact,
        Self::Mandate,
        Self::LegalHold,
        Self::MouDocument,
        Self::Input,
    ];

    /// Returns the word for this kind in the keyring and in the seals.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SafeContact => "safe-contact",
            Self::Mandate => "mandate",
            Self::LegalHold => "legal-hold",
            Self::MouDocument => "mou-document",
            Self::Input => record_key::INPUT,
        }
    }

    pub(super) fn holder(self, owner: Uuid, version: i32) -> Result<KeyOwner<'static>> {
        holder(self.name(), owner, version)
    }
}

/// Returns whose a key is, by the name of the record's kind.
pub(super) fn holder(kind: &str, owner: Uuid, version: i32) -> Result<KeyOwner<'_>> {
    Ok(KeyOwner {
        purpose: kind,
        owner,
        version: u32::try_from(version).map_err(Refusal::internal)?,
    })
}

impl Vault {
    /// Makes this version of the owner's key, durable before anything is sealed under it, and seals the record. The
    /// caller holds the owner's row: no other writes this version.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be written.
    pub async fn seal_record(
        &self,
        kind: RecordKind,
        owner: Uuid,
        version: i32,
        plain: &[u8],
        now: Instant,
    ) -> Result<Vec<u8>> {
        let key = self.make_record_key(kind, owner, version, now).await?;
        let holder = kind.holder(owner, version)?;
        key.seal_record(holder, plain).map_err(Refusal::unavailable)
    }

    /// Makes this version of the owner's key, durable before it is used.
    pub(super) async fn make_record_key(
        &self,
        kind: RecordKind,
        owner: Uuid,
        version: i32,
        now: Instant,
    ) -> Result<PackageKey> {
        let holder = kind.holder(owner, version)?;
        let key = PackageKey::generate().map_err(Refusal::unavailable)?;
        let wrapped = self.keks.wrap(holder, &key).map_err(Refusal::unavailable)?;
        let row = record_key::Model {
            kind: kind.name().to_owned(),
            owner,
            version,
            wrapped: wrapped.bytes,
            kek_id: wrapped.kek_id,
            created_at: now,
        };
        // A change that was given up may have left its key.
        let replaced = OnConflict::columns([
            record_key::Column::Kind,
            record_key::Column::Owner,
            record_key::Column::Version,
        ])
        .update_columns([
            record_key::Column::Wrapped,
            record_key::Column::KekId,
            record_key::Column::CreatedAt,
        ])
        .to_owned();
        record_key::Entity::insert(row.into_active_model())
            .on_conflict(replaced)
            .exec_without_returning(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        Ok(key)
    }

    /// Opens records that the caller may read; those of which nothing is left, or no key, are not among what it opened.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be read. `INTERNAL`: a seal is broken.
    pub async fn open_records(
        &self,
        kind: RecordKind,
        sealed: &[SealedRecord<'_>],
    ) -> Result<OpenedRecords> {
        let left = || sealed.iter().filter(|one| !one.bytes.is_empty());
        if left().next().is_none() {
            return Ok(OpenedRecords::new());
        }
        let keys = record_key::Entity::of(kind.name(), left().map(|one| one.owner))
            .all(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        let mut opened = OpenedRecords::new();
        for one in left() {
            let its =
                |key: &&record_key::Model| key.owner == one.owner && key.version == one.version;
            let Some(key) = keys.iter().find(its) else {
                continue;
            };
            let holder = kind.holder(one.owner, one.version)?;
            let plain = self
                .keks
                .unwrap(holder, &key.wrapped, key.kek_id.as_deref())
                .map_err(Refusal::internal)?
                .open_record(holder, one.bytes)
                .map_err(Refusal::internal)?;
            opened.insert(one.owner, plain);
        }
        Ok(opened)
    }

    /// Destroys keys older than an hour that seal no record any more.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn sweep_records(&self, store: &Store, now: Instant) -> Result<()> {
        let hour_ago = now.minus(Duration::from_hours(1));
        for kind in RecordKind::ALL {
            let mut after = None;
            loop {
                let keys = record_key::Entity::in_order(kind.name(), hour_ago, after, BATCH)
                    .all(&self.keyring)
                    .await
                    .map_err(Refusal::unavailable)?;
                let Some(last) = keys.last() else {
                    break;
                };
                after = Some((last.owner, last.version));
                let live = live(kind, store, keys.iter().map(|key| key.owner)).await?;
                let dead = keys
                    .into_iter()
                    .filter(|key| !live.contains(&(key.owner, key.version)));
                for key in dead {
                    info!(
                        kind = kind.name(),
                        "destroying the key of a record that is gone"
                    );
                    // Not one that was made meanwhile, for a change that is tried again.
                    record_key::Entity::destroy_version_made_before(
                        hour_ago,
                        kind.name(),
                        key.owner,
                        key.version,
                    )
                    .exec(&self.keyring)
                    .await
                    .map_err(Refusal::unavailable)?;
                }
                tokio::time::sleep(BETWEEN_BATCHES).await;
            }
        }
        Ok(())
    }
}

/// Returns the owners who have a record, and the version of the key that seals it.
async fn live(
    kind: RecordKind,
    store: &Store,
    owners: impl Iterator<Item = Uuid>,
) -> Result<HashSet<(Uuid, i32)>> {
    Ok(match kind {
        RecordKind::SafeContact => safe_contact::Entity::among(owners.map(SurvivorId))
            .all(&store.read)
            .await?
            .into_iter()
            .map(|row| (row.survivor_id.0, row.key_version))
            .collect(),
        RecordKind::Mandate => mandated_disclosure::Entity::among(owners.map(MandateId))
            .all(&store.read)
            .await?
            .into_iter()
            .filter(|row| !row.sealed.is_empty())
            .map(|row| (row.id.0, 1))
            .collect(),
        RecordKind::LegalHold => legal_hold::Entity::among(owners.map(LegalHoldId))
            .all(&store.read)
            .await?
            .into_iter()
            .filter(|row| !row.sealed.is_empty())
            .map(|row| (row.id.0, 1))
            .collect(),
        RecordKind::MouDocument => mou_document::Entity::stored_among(owners.map(MouId))
            .into_tuple::<MouId>()
            .all(&store.read)
            .await?
            .into_iter()
            .map(|id| (id.0, MOU_DOCUMENT_VERSION))
            .collect(),
        RecordKind::Input => idempotency::Entity::that_made(owners)
            .all(&store.read)
            .await?
            .into_iter()
            .map(|row| (row.object_id, 1))
            .collect(),
    })
}
