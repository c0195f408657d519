//! Agencies of which a request tells more than their names, where it came upon them through another record.

use std::collections::HashMap;
use std::sync::Arc;

use concord_entities::agency;
use concord_entities::ids::AgencyId;
use tokio::sync::Mutex;

use crate::error::Result;

/// The agencies that a request has read and put on record, each once.
#[derive(Debug, Default)]
pub struct ToldAgencies(Mutex<HashMap<AgencyId, Arc<agency::Model>>>);

impl ToldAgencies {
    /// Returns an agency, by `read` where this request has not read it yet.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn once(
        &self,
        id: AgencyId,
        read: impl AsyncFnOnce() -> Result<agency::Model>,
    ) -> Result<Arc<agency::Model>> {
        let mut told = self.0.lock().await;
        if let Some(known) = told.get(&id) {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(read().await?);
        told.insert(id, Arc::clone(&known));
        Ok(known)
    }
}
