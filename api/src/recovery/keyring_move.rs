//! Moving the keys to another keyring, as an operator asks for it: on record, and interruptible at any moment.

use concord_entities::store_identity;

use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::Event;
use crate::error::Refusal;
use crate::settings::{Settings, StoreLocation};
use crate::store::error::StoreError;
use crate::store::keyring_move::KeyringMove;

/// Why the keys were not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The stores cannot be used for it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be recorded.
    #[error("the move could not be recorded: {}: run it again", .0.error)]
    Unrecorded(Refusal),
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedKeys {
    /// So many rows were moved.
    Now(u64),
    /// They had been moved, and what was left in the old keyring was destroyed.
    Before,
}

/// Moves every key to the keyring that the settings name, and destroys those in the old one. No server may be running. Run
/// again after an interruption, it goes on.
///
/// # Errors
/// [`MoveError`]: run it again.
pub async fn move_keys(settings: &Settings, from: &StoreLocation) -> Result<MovedKeys, MoveError> {
    let moving = KeyringMove::prepare(settings, from).await?;
    let moved = if moving.is_decided() {
        MovedKeys::Before
    } else {
        MovedKeys::Now(decide(&moving).await?)
    };
    moving.finish().await?;
    Ok(moved)
}

/// Fills the new keyring, and has the data store name it, while nobody changes anything.
async fn decide(moving: &KeyringMove) -> Result<u64, MoveError> {
    let change = Ending::at_command_line(&moving.old, ByOperator::default())
        .await
        .map_err(MoveError::Unrecorded)?;
    let rows = moving.copy().await?;
    let keyring = moving.keyring;
    store_identity::Entity::keep_keys_in(keyring)
        .exec(&change)
        .await
        .map_err(|fault| MoveError::Unrecorded(fault.into()))?;
    change
        .commit(Event::KeyringMoved { keyring })
        .await
        .map_err(MoveError::Unrecorded)?;
    Ok(rows)
}
