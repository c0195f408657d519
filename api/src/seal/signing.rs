//! The keys that sign tokens and the ledger, kept in the keyring under the key-encryption key, so that every replica
//! has the same.

use concord_entities::instant::Instant;
use concord_entities::signing_key;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::envelope::{Holder, KeyEncryptionKey, SealBroken};
use crate::access::key::{KeyFault, KeySet, SigningKey};
use crate::audit::checkpoint::{KeyError, LedgerKey};

/// Why the signing keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoSigningKey {
    /// The keyring does not answer.
    #[error("the keyring does not answer: {0}")]
    Keyring(#[from] sea_orm::DbErr),
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
}

/// The keys that are in use.
#[derive(Debug)]
pub struct SigningKeys {
    /// The key that signs new tokens.
    pub token: SigningKey,
    /// The keys that prove tokens.
    pub accepted: KeySet,
    /// The key that signs checkpoints and receipts.
    pub ledger: LedgerKey,
}

/// Reads the signing keys; makes those that do not exist yet. Replicas that start together agree on one.
///
/// # Errors
/// [`NoSigningKey`].
pub async fn read(
    keyring: &DatabaseConnection,
    kek: &KeyEncryptionKey,
    origin: &str,
    now: Instant,
) -> Result<SigningKeys, NoSigningKey> {
    if signing_key::Entity::signing("token")
        .one(keyring)
        .await?
        .is_none()
    {
        let key = SigningKey::generate()?;
        keep(keyring, kek, "token", key.kid(), &key.to_pkcs8_der(), now).await?;
    }
    if signing_key::Entity::signing("ledger")
        .one(keyring)
        .await?
        .is_none()
    {
        let mut secret = Zeroizing::new([0_u8; 32]);
        aws_lc_rs::rand::fill(secret.as_mut()).map_err(|_| NoSigningKey::Random)?;
        // One name for the first ledger key, so that of two replicas only one can make it.
        keep(keyring, kek, "ledger", "ledger-1", secret.as_ref(), now).await?;
    }
    let mut tokens = Vec::new();
    for row in signing_key::Entity::signing("token").all(keyring).await? {
        tokens.push(SigningKey::from_pkcs8_der(&open(kek, &row)?)?);
    }
    let accepted = tokens.iter().map(|key| key.public().clone()).collect();
    let token = tokens.into_iter().next().ok_or(NoSigningKey::Random)?;
    let ledger = signing_key::Entity::signing("ledger")
        .one(keyring)
        .await?
        .ok_or(NoSigningKey::Random)?;
    let secret = open(kek, &ledger)?;
    let secret = Zeroizing::new(<[u8; 32]>::try_from(secret.as_slice()).map_err(|_| SealBroken)?);
    Ok(SigningKeys {
        token,
        accepted,
        ledger: LedgerKey::new(origin, &secret)?,
    })
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
