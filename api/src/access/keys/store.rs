//! The private halves of token keys in the keyring. What a token key is at a moment is told by the data store: see
//! [`super::token_keys`].

use std::collections::BTreeSet;

use concord_entities::instant::Instant;
use concord_entities::signing_key;
use sea_orm::{ColumnTrait, DbErr, QueryFilter};

use crate::jose::key::{SigningKey, SigningKeyError};
use crate::seal::kek_set::{KekSet, UnwrapError};
use crate::seal::signing::{self, KeyStoreError};
use crate::store::Connections;

/// What token keys sign, as the keyring's table says it.
const TOKEN: &str = "token";

/// Why token keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeyError {
    /// The keyring does not give or keep them.
    #[error(transparent)]
    Kept(#[from] KeyStoreError),
    /// A token key is broken.
    #[error("a token key is not usable: {0}")]
    Broken(#[from] SigningKeyError),
    /// No token key signs, or its private half is not in the keyring.
    #[error("no token key can sign")]
    NoCurrent,
}

impl From<DbErr> for TokenKeyError {
    fn from(fault: DbErr) -> Self {
        Self::Kept(fault.into())
    }
}

impl From<UnwrapError> for TokenKeyError {
    fn from(fault: UnwrapError) -> Self {
        Self::Kept(fault.into())
    }
}

/// A token key's private half, and when it was made.
#[derive(Debug)]
pub struct StoredTokenKey {
    /// The key.
    pub key: SigningKey,
    /// When it was made.
    pub created_at: Instant,
}

/// Returns every token key in the keyring, newest first.
///
/// # Errors
/// [`TokenKeyError`].
pub async fn all(
    keyring: &Connections,
    keks: &KekSet,
) -> Result<Vec<StoredTokenKey>, TokenKeyError> {
    let rows = signing_key::Entity::signing(TOKEN).all(keyring).await?;
    let kept = |row: &signing_key::Model| {
        Ok(StoredTokenKey {
            key: SigningKey::from_pkcs8_der(&signing::open(keks, row)?)?,
            created_at: row.created_at,
        })
    };
    rows.iter().map(kept).collect()
}

/// Returns the names of the token keys in the keyring.
///
/// # Errors
/// What the keyring says.
pub async fn names(keyring: &Connections) -> Result<BTreeSet<String>, DbErr> {
    let rows = signing_key::Entity::signing(TOKEN).all(keyring).await?;
    Ok(rows.into_iter().map(|row| row.kid).collect())
}

/// Returns the token key of this name, where the keyring has it.
///
/// # Errors
/// [`TokenKeyError`].
pub async fn named(
    keyring: &Connections,
    keks: &KekSet,
    kid: &str,
) -> Result<Option<SigningKey>, TokenKeyError> {
    let row = signing_key::Entity::named(kid)
        .filter(signing_key::Column::Signs.eq(TOKEN))
        .one(keyring)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SigningKey::from_pkcs8_der(&signing::open(
        keks, &row,
    )?)?))
}

/// Keeps a token key.
///
/// # Errors
/// [`TokenKeyError`].
pub async fn keep(
    keyring: &Connections,
    keks: &KekSet,
    key: &SigningKey,
    now: Instant,
) -> Result<(), TokenKeyError> {
    signing::keep(keyring, keks, TOKEN, key.kid(), &key.to_pkcs8_der(), now).await?;
    Ok(())
}

/// Destroys every token key but these.
///
/// # Errors
/// What the keyring says.
pub async fn destroy_all_but(
    keyring: &Connections,
    needed: &BTreeSet<String>,
) -> Result<(), DbErr> {
    signing_key::Entity::destroy_but(TOKEN, needed)
        .exec(keyring)
        .await
        .map(|_| ())
}
