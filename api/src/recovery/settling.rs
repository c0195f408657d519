//! What a restore does around putting copies back: before it, what ended in the data store that is replaced is remembered;
//! after it, the stores are gone on from, and no key is left of what has ended.

use std::time::Duration;

use sea_orm::DbErr;

use super::contents;
use super::manifest::StorePart;
use super::reopening::{self, KnownEndings, Reopened};
use super::restore::{RestoreError, RestorePlan};
use crate::audit::state_folder::StateFolder;
use crate::audit::witnesses::endings_since;
use crate::error::Result;
use crate::seal::Vault;
use crate::settings::{Settings, StoreLocation};
use crate::store::{Store, copy};

/// Endings are read from so long before the copy was made: a database's clock may be turned back by less.
const OVERLAP: Duration = Duration::from_mins(10);

impl RestorePlan {
    /// Has the state folder remember what ended in the data store that is replaced, since the copy was made; says how many
    /// endings are known so, or why none can be read. An SQLite file is read where it is; a PostgreSQL database where
    /// `replaced` says.
    ///
    /// # Errors
    /// [`RestoreError`]: the state folder does not take it, or the database that was named cannot be read.
    pub async fn remember_replaced(
        &self,
        settings: &Settings,
        replaced: Option<String>,
    ) -> std::result::Result<String, RestoreError> {
        let Some(copied_at) = self.data_copied_at() else {
            return Ok("the data store stays as it is".to_owned());
        };
        let named = replaced.is_some();
        let location = match (replaced, &settings.database) {
            (Some(url), _) => StoreLocation::Postgres { url, schema: None },
            (None, StoreLocation::File(file)) if file.is_file() => settings.database.clone(),
            (None, _) => return Ok("there is no data store to read what ended since".to_owned()),
        };
        let read = async {
            let store = copy::connect(&location, settings).await?;
            let held = contents::read(StorePart::Data, &store).await?;
            let held = held.filter(|held| held.store_id == self.store);
            let held = held.ok_or_else(|| DbErr::Custom("it is another data store".to_owned()))?;
            let from = copied_at.minus(OVERLAP);
            let endings = endings_since(&store, from, held.epoch).await?;
            store.close().await?;
            Ok::<_, DbErr>(endings)
        };
        let endings = match read.await {
            Ok(endings) => endings,
            Err(fault) if named => {
                let part = StorePart::Data;
                return Err(RestoreError::Unread { part, fault });
            }
            Err(fault) => {
                return Ok(format!(
                    "what ended since cannot be read from the store that is replaced: {fault}"
                ));
            }
        };
        let folder = StateFolder::new(&settings.state, self.store);
        folder.remember_endings(&endings)?;
        Ok(format!(
            "{} endings are known from the store that is replaced",
            endings.len()
        ))
    }
}

/// Goes on from the stores that were put back.
///
/// # Errors
/// `UNAVAILABLE`: the same restore can be given again.
pub async fn settle(plan: &RestorePlan, store: &Store, vault: &Vault) -> Result<Reopened> {
    let known = if plan.accept_loss {
        KnownEndings::Nothing
    } else {
        KnownEndings::Remembered
    };
    let reopened = reopening::go_on(store, known).await?;
    if plan.brings_keyring() {
        // Keys that were destroyed since its copy was made are in it again.
        vault.sweep_everything(store, store.ping().await?).await?;
    }
    Ok(reopened)
}
