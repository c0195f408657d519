//! The signed papers behind consents, sealed one by one with keys of the keyring: key first, data second.
//!
//! Such a key outlives the consent's end, because the paper proves to its holder what was lawful before. Only erasure
//! destroys it: first the paper's row, then [the key](super::doomed::DoomedKeys::Documents); [`Vault::sweep_documents`]
//! finishes what a crash left in between.

use std::collections::HashSet;
use std::time::Duration;

use concord_entities::ids::ConsentId;
use concord_entities::instant::Instant;
use concord_entities::{consent_document, document_key};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel, QuerySelect};
use tracing::info;
use zeroize::Zeroizing;

use super::Vault;
use super::envelope::{DocumentBinding, KeyOwner, PackageKey};
use super::vault::BETWEEN_BATCHES;
use crate::error::{Refusal, Result};
use crate::store::Store;

/// What a paper's key is for, in its wrapping.
const PURPOSE: &str = "document";
/// How many keys the sweep looks at together.
const BATCH: u64 = 500;
/// Each paper has one key so far.
const VERSION: i32 = 1;
/// How long a key may be without its paper: far longer than any upload.
const UNUSED: Duration = Duration::from_hours(1);

/// A paper, sealed, and the version of the key that seals it.
#[derive(Debug)]
pub struct SealedDocument {
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
    /// The version of the key.
    pub key_version: i32,
}

impl Vault {
    /// Makes a key for a consent's paper, durable before anything is sealed under it, and seals the paper. The caller
    /// holds the consent alone and has seen that it has no paper: a key that is there belongs to none.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be written.
    pub async fn seal_document(
        &self,
        consent: ConsentId,
        content_type: &str,
        plain: &[u8],
        now: Instant,
    ) -> Result<SealedDocument> {
        let version = u32::try_from(VERSION).map_err(Refusal::internal)?;
        let key = PackageKey::generate().map_err(Refusal::unavailable)?;
        let wrapped = self
            .keks
            .wrap(holder(consent, version), &key)
            .map_err(Refusal::unavailable)?;
        let row = document_key::Model {
            consent_id: consent,
            version: VERSION,
            wrapped: wrapped.bytes,
            kek_id: wrapped.kek_id,
            created_at: now,
        };
        let replaced = OnConflict::column(document_key::Column::ConsentId)
            .update_columns([
                document_key::Column::Version,
                document_key::Column::Wrapped,
                document_key::Column::KekId,
                document_key::Column::CreatedAt,
            ])
            .to_owned();
        document_key::Entity::insert(row.into_active_model())
            .on_conflict(replaced)
            .exec_without_returning(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        let paper = DocumentBinding {
            consent,
            content_type,
            version,
        };
        let bytes = key.seal_paper(paper, plain).map_err(Refusal::unavailable)?;
        Ok(SealedDocument {
            bytes,
            key_version: VERSION,
        })
    }

    /// Opens a paper whose release is on record; none where its key is destroyed.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be read. `INTERNAL`: a seal is broken.
    pub async fn open_document(
        &self,
        document: &consent_document::Model,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let consent = document.consent_id;
        let Some(row) = document_key::Entity::of(consent)
            .one(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?
        else {
            return Ok(None);
        };
        let version = u32::try_from(row.version).map_err(Refusal::internal)?;
        let key = self
            .keks
            .unwrap(
                holder(consent, version),
                &row.wrapped,
                row.kek_id.as_deref(),
            )
            .map_err(Refusal::internal)?;
        let paper = DocumentBinding {
            consent,
            content_type: &document.content_type,
            version,
        };
        let plain = key
            .open_paper(paper, &document.sealed)
            .map_err(Refusal::internal)?;
        Ok(Some(plain))
    }

    /// Destroys keys older than an hour whose paper is not stored: it was erased, or never came to be.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn sweep_documents(&self, store: &Store, now: Instant) -> Result<()> {
        let begun = now.minus(UNUSED);
        let mut after = None;
        loop {
            let keys = document_key::Entity::in_order(after, BATCH)
                .all(&self.keyring)
                .await
                .map_err(Refusal::unavailable)?;
            let Some(last) = keys.last() else {
                return Ok(());
            };
            after = Some(last.consent_id);
            let stored: Vec<ConsentId> =
                consent_document::Entity::among(keys.iter().map(|key| key.consent_id))
                    .select_only()
                    .column(consent_document::Column::ConsentId)
                    .into_tuple()
                    .all(&store.read)
                    .await?;
            let stored: HashSet<ConsentId> = stored.into_iter().collect();
            let dead: Vec<ConsentId> = keys
                .iter()
                .filter(|key| !stored.contains(&key.consent_id) && key.created_at < begun)
                .map(|key| key.consent_id)
                .collect();
            if !dead.is_empty() {
                info!(
                    keys = dead.len(),
                    "destroying the keys of papers that are gone"
                );
            }
            // Not one that was made meanwhile, for an upload that is tried again.
            document_key::Entity::destroy_made_before(begun, dead)
                .exec(&self.keyring)
                .await
                .map_err(Refusal::unavailable)?;
            tokio::time::sleep(BETWEEN_BATCHES).await;
        }
    }
}

pub(super) fn holder(consent: ConsentId, version: u32) -> KeyOwner<'static> {
    KeyOwner {
        purpose: PURPOSE,
        owner: consent.0,
        version,
    }
}
