//! The private keys that sign tokens and the ledger, kept in the keyring under the key-encryption key, so that every
//! replica has the same.

use concord_entities::instant::Instant;
use concord_entities::signing_key;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::envelope::{KeyOwner, SealError};
use super::kek_set::{KekSet, UnwrapError};

use crate::store::Connections;

/// Why a private key cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// A store does not answer.
    #[error("the signing keys cannot be read or kept: {0}")]
    Store(#[from] DbErr),
    /// They cannot be wrapped, or are no longer what they were.
    #[error("a signing key is not usable: {0}")]
    Sealed(#[from] SealError),
    /// They do not unwrap.
    #[error(transparent)]
    Wrapped(#[from] UnwrapError),
    /// There is no randomness.
    #[error("the system has no randomness to give")]
    Random,
}

/// Keeps a private key, unless there is one of this name already.
///
/// # Errors
/// [`KeyStoreError`].
pub async fn keep(
    keyring: &Connections,
    keks: &KekSet,
    signs: &str,
    kid: &str,
    secret: &[u8],
    now: Instant,
) -> Result<(), KeyStoreError> {
    let wrapped = keks.wrap_secret(holder(kid), secret)?;
    let row = signing_key::Model {
        kid: kid.to_owned(),
        signs: signs.to_owned(),
        wrapped: wrapped.bytes,
        kek_id: wrapped.kek_id,
        created_at: now,
    };
    signing_key::Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::column(signing_key::Column::Kid)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(keyring)
        .await?;
    Ok(())
}

/// Unwraps a private key.
///
/// # Errors
/// [`UnwrapError`]: such as that another key-encryption key wrapped it.
pub fn open(keks: &KekSet, row: &signing_key::Model) -> Result<Zeroizing<Vec<u8>>, UnwrapError> {
    keks.unwrap_secret(holder(&row.kid), &row.wrapped, row.kek_id.as_deref())
}

pub(super) fn holder(kid: &str) -> KeyOwner<'_> {
    KeyOwner {
        purpose: kid,
        owner: Uuid::nil(),
        version: 1,
    }
}
