//! How many signed papers, each of 10 MiB at most, are in memory at a time, on their way in or out: of one agency, so that it
//! does not keep the others from theirs, and of all together. Each replica counts for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use concord_entities::ids::AgencyId;

use super::wait::Wait;

/// How many papers of one agency are on their way at a time.
pub const MOST_OF_AN_AGENCY: usize = 4;
/// How many papers are on their way at a time.
pub const MOST: usize = 16;
/// After how long it is worth another try.
const AGAIN: Duration = Duration::from_secs(2);

/// The papers that are on their way, by agency. A clone counts the same ones.
#[derive(Clone, Debug, Default)]
pub struct PapersInFlight(Arc<Mutex<HashMap<AgencyId, usize>>>);

/// One paper on its way, until this is dropped.
#[derive(Debug)]
pub struct PaperInFlight {
    all: PapersInFlight,
    agency: AgencyId,
}

impl PapersInFlight {
    /// Counts one more paper of an agency.
    ///
    /// # Errors
    /// How long to wait: so many of its own, or of all, are on their way.
    pub fn begin(&self, agency: AgencyId) -> Result<PaperInFlight, Wait> {
        let mut counted = self.counted();
        let all: usize = counted.values().sum();
        let own = counted.get(&agency).copied().unwrap_or(0);
        if own >= MOST_OF_AN_AGENCY || all >= MOST {
            return Err(Wait::of(AGAIN));
        }
        counted.insert(agency, own + 1);
        Ok(PaperInFlight {
            all: self.clone(),
            agency,
        })
    }

    fn counted(&self) -> MutexGuard<'_, HashMap<AgencyId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PaperInFlight {
    fn drop(&mut self) {
        let mut counted = self.all.counted();
        if let Some(own) = counted.get_mut(&self.agency) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                counted.remove(&self.agency);
            }
        }
    }
}
