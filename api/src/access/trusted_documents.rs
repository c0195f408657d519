//! The documents that an application may execute, where it may execute no others.

use std::sync::Arc;
use std::time::Duration;

use concord_entities::ids::ApplicationId;
use concord_entities::vocabulary::AgencyStatus;
use concord_entities::{application, trusted_document};
use moka::sync::Cache;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::error::Result;
use crate::store::Store;

/// For how long another server's change may go unnoticed here.
const FRESH: Duration = Duration::from_secs(2);
/// How many texts of an application's are kept that long.
const KEPT: u64 = 200;

/// What was read lately of applications' documents. One for all workers.
#[derive(Clone, Debug)]
pub struct TrustedDocuments {
    read: Cache<ApplicationId, Arc<Lately>>,
}

/// What was read lately of one application's.
#[derive(Debug)]
struct Lately {
    only_trusted: bool,
    texts: Cache<String, Arc<str>>,
}

impl Default for TrustedDocuments {
    fn default() -> Self {
        Self {
            read: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(FRESH)
                .build(),
        }
    }
}

impl TrustedDocuments {
    /// Returns whether an application may execute its trusted documents alone.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn are_all_for(&self, store: &Store, application: ApplicationId) -> Result<bool> {
        Ok(self.lately(store, application).await?.only_trusted)
    }

    /// Returns the text of an application's trusted document with this SHA-256.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn text(
        &self,
        store: &Store,
        application: ApplicationId,
        sha256: &str,
    ) -> Result<Option<Arc<str>>> {
        let lately = self.lately(store, application).await?;
        if let Some(text) = lately.texts.get(sha256) {
            return Ok(Some(text));
        }
        let found = trusted_document::Entity::of(application)
            .filter(trusted_document::Column::Sha256.eq(sha256))
            .one(&store.read)
            .await?;
        let text: Option<Arc<str>> = found.map(|document| document.text.into());
        if let Some(text) = &text {
            lately.texts.insert(sha256.to_owned(), Arc::clone(text));
        }
        Ok(text)
    }

    /// Has an application's documents be read before they are used again.
    pub fn forget(&self, application: ApplicationId) {
        self.read.invalidate(&application);
    }

    async fn lately(&self, store: &Store, application: ApplicationId) -> Result<Arc<Lately>> {
        if let Some(lately) = self.read.get(&application) {
            return Ok(lately);
        }
        let found = application::Entity::claimed(application)
            .one(&store.read)
            .await?;
        let lately = Arc::new(Lately {
            // Of one that takes no part, no token counts: whoever brings one is told so, whatever they ask.
            only_trusted: found.is_some_and(|found| {
                found.trusted_documents_only && found.status == AgencyStatus::Active
            }),
            texts: Cache::new(KEPT),
        });
        self.read.insert(application, Arc::clone(&lately));
        Ok(lately)
    }
}
