//! Going on where a key-encryption key was lost: what it wrapped can be opened by nobody, and is given up.

use concord_entities::{audit_checkpoint, audit_tree, signing_key};
use sea_orm::QuerySelect;

use super::reopening::{self, KnownEndings, Reopened};
use crate::audit::change::{ByOperator, Change};
use crate::error::Result;
use crate::seal::kek_set::KekSet;
use crate::seal::{signing, wrappings};
use crate::store::Store;

/// Gives up every key that does not unwrap: destroys it, takes back each consent whose package it sealed, and ends every
/// token. Where the ledger's own key is among them, the checkpoints that it signed are forgotten, and the next key signs the
/// same tree. No server may be running. It can be done twice.
///
/// # Errors
/// `UNAVAILABLE`: run it again, it goes on.
pub async fn give_up(store: &Store, keks: &KekSet) -> Result<Reopened> {
    if !has_ledger_key(store, keks).await? {
        let change = Change::at_command_line(store, ByOperator::default()).await?;
        audit_checkpoint::Entity::forget_all().exec(&change).await?;
        audit_tree::Entity::unsign().exec(&change).await?;
        change.commit_as_recorded().await?;
    }
    wrappings::destroy_unopenable(&store.keyring, keks).await?;
    reopening::go_on(store, KnownEndings::Remembered).await
}

/// Returns whether the key that signs the ledger unwraps.
async fn has_ledger_key(store: &Store, keks: &KekSet) -> Result<bool> {
    let row = signing_key::Entity::signing("ledger")
        .limit(1)
        .one(&store.keyring)
        .await?;
    Ok(row.is_some_and(|row| signing::open(keks, &row).is_ok()))
}
