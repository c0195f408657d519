//! Exchanging the key-encryption key beside running servers, as an operator asks for it: on record before the first key is
//! wrapped anew, and interruptible at any moment.

use crate::audit::change::{ByOperator, Change};
use crate::audit::event::Event;
use crate::error::Result;
use crate::seal::kek_set::KekSet;
use crate::seal::vacuum;
use crate::seal::wrappings::{self, WrappingCounts};
use crate::store::Store;

/// What there was to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotatedKek {
    /// How many keys were wrapped anew.
    pub wrapped: u64,
    /// How many are still under other keys: these do not unwrap, or servers go on wrapping under another key.
    pub left: u64,
}

/// Wraps under the current key whatever is wrapped under another. `progress` is told how many are done, and of how many.
///
/// # Errors
/// `UNAVAILABLE`: run it again, it goes on.
pub async fn rotate(
    store: &Store,
    keks: &KekSet,
    mut progress: impl FnMut(u64, u64),
) -> Result<RotatedKek> {
    let kek = keks.current().id;
    let wrappings = under_others(&wrappings::count(&store.keyring).await?, keks);
    let mut wrapped = 0;
    if wrappings > 0 {
        let change = Change::at_command_line(store, ByOperator::default()).await?;
        change.commit(Event::KekRotated { kek, wrappings }).await?;
        wrappings::wrap_all_anew(&store.keyring, keks, |more| {
            wrapped += more;
            progress(wrapped, wrappings);
        })
        .await?;
    }
    vacuum::rewrite_file(&store.keyring).await?;
    let left = under_others(&wrappings::count(&store.keyring).await?, keks);
    Ok(RotatedKek { wrapped, left })
}

fn under_others(counts: &WrappingCounts, keks: &KekSet) -> u64 {
    let current = Some(keks.current().id.to_bytes());
    let others = counts.iter().filter(|(id, _)| **id != current);
    others.map(|(_, count)| count).sum()
}
