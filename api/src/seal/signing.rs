//! The private keys that sign tokens and the ledger, kept in the keyring under the key-encryption key, so that every
//! replica has the same. What a token key is at a moment is told by the data store: see [`crate::access::token_keys`].

use std::collections::BTreeSet;

use concord_entities::instant::Instant;
use concord_entities::signing_key;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::envelope::{Holder, KeyEncryptionKey, SealBroken};
use crate::access::key::{KeyFault, SigningKey};
use crate::audit::checkpoint::{KeyError, LedgerKey};

/// What token keys and the ledger's key sign, as the keyring's table says it.
const TOKEN: &str = "token";
const LEDGER: &str = "ledger";

/// Why the signing keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoSigningKey {
    /// A store does not answer.
    #[error("the signing keys cannot be read or kept: {0}")]
    Store(#[from] DbErr),
    /// The key-encryption key is not the one that wrapped them.
    #[error("the key-encryption key does not open this keyring: {0}")]
    Sealed(#[from] SealBroken),
    /// A token key is broken.
    #[error("a token key is not usable: {0}")]
    Token(#[from] KeyFault),
    /// The ledger's key is broken.
    #[error("the ledger's key is not usable: {0}")]
    Ledger(#[from] KeyError),
    /// There is no randomness.
    #[error("the system has no randomness to give")]
    Random,
    /// No token key signs, or its private half is not in the keyring.
    #[error("no token key can sign")]
    NoCurrent,
}

/// A token key's private half, and when it was made.
#[derive(Debug)]
pub struct Kept {
    /// The key.
    pub key: SigningKey,
    /// When it was made.
    pub created_at: Instant,
}

/// Reads the ledger's key; makes it where there is none. Replicas that start together agree on one.
///
/// # Errors
/// [`NoSigningKey`].
pub async fn ledger(
    keyring: &DatabaseConnection,
    kek: &KeyEncryptionKey,
    origin: &str,
    now: Instant,
) -> Result<LedgerKey, NoSigningKey> {
    let found = signing_key::Entity::signing(LEDGER).one(keyring).await?;
    if found.is_none() {
        let mut secret = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(secret.as_mut()).map_err(|_| NoSigningKey::Random)?;
        // One name for the first ledger key, so that of two replicas only one can make it.
        keep(keyring, kek, LEDGER, "ledger-1", secret.as_ref(), now).await?;
    }
    let row = signing_key::Entity::signing(LEDGER)
        .one(keyring)
        .await?
        .ok_or(NoSigningKey::Random)?;
    let secret = open(kek, &row)?;
    let secret = Zeroizing::new(<[u8; 32]>::try_from(secret.as_slice()).map_err(|_| SealBroken)?);
    Ok(LedgerKey::new(origin, &secret)?)
}

/// Every token key in the keyring, newest first.
///
/// # Errors
/// [`NoSigningKey`].
pub async fn tokens(
    keyring: &DatabaseConnection,
    kek: &KeyEncryptionKey,
) -> Result<Vec<Kept>, NoSigningKey> {
    let rows = signing_key::Entity::signing(TOKEN).all(keyring).await?;
    let kept = |row: &signing_key::Model| {
        Ok(Kept {
            key: SigningKey::from_pkcs8_der(&open(kek, row)?)?,
            created_at: row.created_at,
        })
    };
    rows.iter().map(kept).collect()
}

/// The names of the token keys in the keyring.
///
/// # Errors
/// What the keyring says.
pub async fn token_names(keyring: &DatabaseConnection) -> Result<BTreeSet<String>, DbErr> {
    let rows = signing_key::Entity::signing(TOKEN).all(keyring).await?;
    Ok(rows.into_iter().map(|row| row.kid).collect())
}

/// The token key of this name, where the keyring has it.
///
/// # Errors
/// [`NoSigningKey`].
pub async fn token(
    keyring: &DatabaseConnection,
    kek: &KeyEncryptionKey,
    kid: &str,
) -> Result<Option<SigningKey>, NoSigningKey> {
    let row = signing_key::Entity::named(kid)
        .filter(signing_key::Column::Signs.eq(TOKEN))
        .one(keyring)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(SigningKey::from_pkcs8_der(&open(kek, &row)?)?))
}

/// Keeps a token key.
///
/// # Errors
/// [`NoSigningKey`].
pub async fn keep_token(
    keyring: &DatabaseConnection,
    kek: &KeyEncryptionKey,
    key: &SigningKey,
    now: Instant,
) -> Result<(), NoSigningKey> {
    keep(keyring, kek, TOKEN, key.kid(), &key.to_pkcs8_der(), now).await
}

/// Destroys every token key but these.
///
/// # Errors
/// What the keyring says.
pub async fn destroy_tokens_but(
    keyring: &DatabaseConnection,
    needed: &BTreeSet<String>,
) -> Result<(), DbErr> {
    signing_key::Entity::destroy_but(TOKEN, needed)
        .exec(keyring)
        .await
        .map(|_| ())
}

async fn keep(
    keyring: &DatabaseConnection,
    kek: &KeyEncryptionKey,
    signs: &str,
    kid: &str,
    secret: &[u8],
    now: Instant,
) -> Result<(), NoSigningKey> {
    let row = signing_key::Model {
        kid: kid.to_owned(),
        signs: signs.to_owned(),
        wrapped: kek.wrap_secret(holder(kid), secret)?,
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

fn open(
    kek: &KeyEncryptionKey,
    row: &signing_key::Model,
) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
    kek.unwrap_secret(holder(&row.kid), &row.wrapped)
}

fn holder(kid: &str) -> Holder<'_> {
    Holder {
        purpose: kid,
        owner: Uuid::nil(),
        version: 1,
    }
}
