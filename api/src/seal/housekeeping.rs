//! What an ending leaves to the tasks in the background: keys that the keyring did not give up in time, and the room of
//! those that it did.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::doomed::DoomedKeys;
use crate::store::Connections;

/// How long an answer waits for keys to be destroyed: their content is denied already.
const PATIENCE: Duration = Duration::from_secs(2);

/// Calls the tasks that clean up behind endings. All clones call the same.
#[derive(Clone, Debug, Default)]
pub struct Housekeeping {
    left: Arc<Notify>,
    destroyed: Arc<Notify>,
    due: Arc<AtomicUsize>,
}

impl Housekeeping {
    /// Destroys the keys of what is denied already; returns whether all of them were destroyed in time. What takes longer
    /// goes on behind the answer, and what fails is left to a sweep, which is called.
    pub async fn destroy(
        &self,
        keyring: &Connections,
        doomed: Vec<DoomedKeys>,
        request: &str,
    ) -> bool {
        if doomed.iter().all(DoomedKeys::is_empty) {
            return true;
        }
        let (keyring, request) = (keyring.clone(), request.to_owned());
        let due = Arc::clone(&self.due);
        due.fetch_add(doomed.iter().map(DoomedKeys::count).sum(), Relaxed);
        let destroying = tokio::spawn(async move {
            let mut all = true;
            for keys in &doomed {
                if let Err(refusal) = keys.destroy(&keyring).await {
                    let code = refusal.error.code();
                    tracing::warn!(request, code, keys = %keys, "keys are left to the sweep");
                    all = false;
                } else {
                    // A sweep may have counted them as done meanwhile.
                    let done = keys.count();
                    let _ =
                        due.fetch_update(Relaxed, Relaxed, |due| Some(due.saturating_sub(done)));
                }
            }
            all
        });
        let destroyed = matches!(timeout(PATIENCE, destroying).await, Ok(Ok(true)));
        if !destroyed {
            self.left.notify_one();
        }
        self.destroyed.notify_one();
        destroyed
    }

    /// Returns how many keys are decided to be destroyed, and not known to be.
    #[must_use]
    pub fn due(&self) -> u32 {
        u32::try_from(self.due.load(Relaxed)).unwrap_or(u32::MAX)
    }

    /// Says that a sweep destroyed keys, or may have.
    pub fn swept(&self) {
        self.due.store(0, Relaxed);
        self.destroyed.notify_one();
    }

    /// Waits until keys are left to a sweep.
    pub async fn keys_are_left(&self) {
        self.left.notified().await;
    }

    /// Waits until keys were destroyed.
    pub async fn keys_were_destroyed(&self) {
        self.destroyed.notified().await;
    }
}
