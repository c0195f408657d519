//! The key that signs checkpoints and receipts, as the keyring keeps it.

use concord_entities::instant::Instant;
use concord_entities::{ledger_reopening, signing_key};
use sea_orm::ConnectionTrait;
use zeroize::Zeroizing;

use super::checkpoint::{KeyError, LedgerKey, Reopening};
use super::tree::{Digest, Head};
use crate::seal::envelope::SealError;
use crate::seal::kek_set::KekSet;
use crate::seal::signing::{self, KeyStoreError};
use crate::store::Connections;

/// What the ledger's key signs, as the keyring's table says it.
const LEDGER: &str = "ledger";

/// Why the ledger's key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LedgerKeyError {
    /// The keyring does not give it.
    #[error(transparent)]
    Kept(#[from] KeyStoreError),
    /// It is broken.
    #[error("the ledger's key is not usable: {0}")]
    Broken(#[from] KeyError),
    /// What the store says of its reopenings cannot be.
    #[error("the table ledger_reopening holds no size or root: it was changed")]
    Reopening,
}

/// Returns the key under the name that the ledger has by now, by the data store's own word: it is another one since each
/// time that an operator went on from an older copy.
///
/// # Errors
/// [`LedgerKeyError`].
pub async fn as_named_now(
    key: LedgerKey,
    database: &impl ConnectionTrait,
) -> Result<LedgerKey, LedgerKeyError> {
    let reopenings = ledger_reopening::Entity::in_order().all(database).await;
    let mut reopenings = reopenings.map_err(KeyStoreError::from)?.into_iter();
    reopenings.try_fold(key, |key, row| {
        let root = row.root.try_into().map_err(|_| LedgerKeyError::Reopening)?;
        let reopening = Reopening {
            event: row.event_id.to_string(),
            signed: Head {
                size: u64::try_from(row.size).map_err(|_| LedgerKeyError::Reopening)?,
                root: Digest(root),
            },
        };
        Ok(key.reopened(&reopening)?)
    })
}

/// Reads the ledger's key; makes it where there is none. Replicas that start together agree on one.
///
/// # Errors
/// [`LedgerKeyError`].
pub async fn open(
    keyring: &Connections,
    keks: &KekSet,
    origin: &str,
    now: Instant,
) -> Result<LedgerKey, LedgerKeyError> {
    let found = signing_key::Entity::signing(LEDGER)
        .one(keyring)
        .await
        .map_err(KeyStoreError::from)?;
    if found.is_none() {
        let mut secret = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(secret.as_mut()).map_err(|_| KeyStoreError::Random)?;
        // One name for the first ledger key, so that of two replicas only one can make it.
        signing::keep(keyring, keks, LEDGER, "ledger-1", secret.as_ref(), now).await?;
    }
    let row = signing_key::Entity::signing(LEDGER)
        .one(keyring)
        .await
        .map_err(KeyStoreError::from)?
        .ok_or(KeyStoreError::Random)?;
    let secret = signing::open(keks, &row).map_err(KeyStoreError::from)?;
    let secret = Zeroizing::new(
        <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| KeyStoreError::Sealed(SealError))?,
    );
    Ok(LedgerKey::new(origin, &secret)?)
}
