//! Whose turn it is to end some sharing: of an agency's endings one at a time, on this server.
//!
//! An ending holds the sharing lock alone, and has every decision under way made again. Those of one agency wait for one
//! another here, in front of the lock, and after each the agency lets at least as much time pass as that one held it. So
//! whoever ends without end leaves the others their time, and nobody is refused: a survivor's revocation only waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord_entities::ids::AgencyId;
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};
use tokio::time::{Instant, sleep_until};

/// How long an agency pauses at least between two endings: longer than a read takes, so that most are overtaken once.
pub const PAUSE: Duration = Duration::from_millis(50);

/// The queues in front of the sharing lock, one for each agency that has ended something lately. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Turnstile {
    queues: Arc<Mutex<HashMap<AgencyId, AgencyQueue>>>,
}

/// The queue of one agency: it holds from when on its next ending may begin, and serves in order of arrival.
type AgencyQueue = Arc<Queue<Instant>>;

/// An agency's turn to end something, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    next: OwnedMutexGuard<Instant>,
    held_since: Option<Instant>,
}

impl Turnstile {
    /// Waits until it is the agency's turn.
    pub async fn turn(&self, agency: AgencyId) -> Turn {
        let next = self.queue(agency).lock_owned().await;
        sleep_until(*next).await;
        Turn {
            next,
            held_since: None,
        }
    }

    /// Returns how many agencies are remembered: those that wait, act or pause.
    #[must_use]
    pub fn agencies(&self) -> usize {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        forget_idle(&mut queues);
        queues.len()
    }

    fn queue(&self, agency: AgencyId) -> AgencyQueue {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        forget_idle(&mut queues);
        let queue = queues
            .entry(agency)
            .or_insert_with(|| Arc::new(Queue::new(Instant::now())));
        Arc::clone(queue)
    }
}

/// Forgets the agencies that nobody waits for and whose pause is over.
fn forget_idle(queues: &mut HashMap<AgencyId, AgencyQueue>) {
    let now = Instant::now();
    queues.retain(|_, queue| {
        let is_used = Arc::strong_count(queue) > 1;
        is_used || queue.try_lock().is_ok_and(|next| *next > now)
    });
}

impl Turn {
    /// Notes that the sharing lock is held from now on.
    pub(super) fn has_the_lock(&mut self) {
        self.held_since = Some(Instant::now());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(since) = self.held_since {
            let now = Instant::now();
            *self.next = now + now.duration_since(since).max(PAUSE);
        }
    }
}
