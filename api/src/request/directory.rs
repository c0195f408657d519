//! Agencies' names, kept for a minute: names, never states. Whether an agency takes part is always read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use concord_entities::agency;
use concord_entities::ids::AgencyId;
use moka::sync::Cache;

use crate::error::Result;
use crate::store::Store;

/// For how long a changed name may still be shown.
const FRESH: Duration = Duration::from_mins(1);

/// The names of agencies, as last read.
#[derive(Clone, Debug)]
pub struct Directory {
    known: Cache<AgencyId, Arc<agency::Model>>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(FRESH)
                .build(),
        }
    }
}

/// Some agencies, by id.
pub type AgenciesById = HashMap<AgencyId, Arc<agency::Model>>;

impl Directory {
    /// Returns these agencies, from memory or else by one statement.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn among(
        &self,
        store: &Store,
        ids: impl IntoIterator<Item = AgencyId>,
    ) -> Result<AgenciesById> {
        let mut found = AgenciesById::new();
        let mut unknown = Vec::new();
        for id in ids {
            if found.contains_key(&id) || unknown.contains(&id) {
                continue;
            }
            match self.known.get(&id) {
                Some(agency) => drop(found.insert(id, agency)),
                None => unknown.push(id),
            }
        }
        if !unknown.is_empty() {
            for agency in agency::Entity::among(unknown).all(&store.read).await? {
                let agency = Arc::new(agency);
                self.known.insert(agency.id, Arc::clone(&agency));
                found.insert(agency.id, agency);
            }
        }
        Ok(found)
    }
}
