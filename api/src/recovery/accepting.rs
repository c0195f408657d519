//! Accepting stores as the newest there are, where nothing apart from them can show it: their operator answers for it.

use crate::audit::change::{ByOperator, Change};
use crate::audit::event::Event;
use crate::audit::tree::Head;
use crate::audit::witness::{self, Progress};
use crate::audit::witnesses::{Remembered, Witnesses};
use crate::error::{Refusal, Result};
use crate::store::Store;

/// What was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedStores {
    /// How far the stores had come.
    pub progress: Progress,
    /// Whether the keyring has witnessed them: then it was held against them, and nothing else was.
    pub keyring_agrees: bool,
}

/// Puts on record that the operator takes these stores for the newest there are, and has the state folder know them; none
/// where it knows them already.
///
/// # Errors
/// `UNAVAILABLE`: what a witness remembers contradicts it, or a store does not answer.
pub async fn accept(store: &Store) -> Result<Option<AcceptedStores>> {
    let witnesses = Witnesses::of(store);
    let keyring = match witnesses.compare_wholly(store).await {
        Ok(compared) if compared.folder != Remembered::Nothing => return Ok(None),
        Ok(compared) => compared.keyring?,
        Err(other) => return Err(Refusal::unavailable(other)),
    };
    let present = witness::present(store).await;
    let before = present.map_err(Refusal::unavailable)?.progress;
    let Head { size, root } = before.head;
    let change = Change::at_command_line(store, ByOperator::default()).await?;
    change.commit(Event::StoresAccepted { size, root }).await?;
    let followed = witnesses.follow(store).await;
    Ok(Some(AcceptedStores {
        progress: followed.map_err(Refusal::unavailable)?,
        keyring_agrees: matches!(keyring, Remembered::Agrees(_)),
    }))
}
