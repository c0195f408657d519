//! The hash of what a call that made something was sent along with, so that the same call is told from another one.
//!
//! It can be of a name or of a narrative, which a plain hash would let anybody confirm who guesses it. So it is made under
//! a key of its own in the keyring ([`RecordKind::Input`]), which is destroyed with what was made: with the first key of a
//! referral's package, and with its survivor.

use concord_entities::instant::Instant;
use concord_entities::record_key;
use uuid::Uuid;

use super::Vault;
use super::record::RecordKind;
use crate::error::{Refusal, Result};

/// The version of the one key that there is for what was made.
const VERSION: i32 = 1;

impl Vault {
    /// Hashes what the call was sent along with that makes `made`, under a fresh key, which is durable before.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be written.
    pub async fn hash_input(&self, made: Uuid, input: &[u8], now: Instant) -> Result<Vec<u8>> {
        let key = self
            .make_record_key(RecordKind::Input, made, VERSION, now)
            .await?;
        Ok(key.hash(input))
    }

    /// Hashes what a later call is sent along with like that of the call that made `made`. Returns none where the key is
    /// destroyed: then nobody can compare them any more.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be read. `INTERNAL`: the key's seal is broken.
    pub async fn hash_input_again(&self, made: Uuid, input: &[u8]) -> Result<Option<Vec<u8>>> {
        let kind = RecordKind::Input;
        let key = record_key::Entity::of(kind.name(), [made])
            .one(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        let Some(key) = key else {
            return Ok(None);
        };
        let holder = kind.holder(made, VERSION)?;
        let key = self
            .keks
            .unwrap(holder, &key.wrapped, key.kek_id.as_deref())
            .map_err(Refusal::internal)?;
        Ok(Some(key.hash(input)))
    }
}
