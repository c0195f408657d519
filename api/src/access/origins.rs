//! From which pages a request may come (CORS): those of the settings may call with any application's token, those of an
//! application with that application's alone. What is no page names no origin, and is not judged here.
//!
//! This protects no record: a token does. It keeps a page that got hold of a token from using it in somebody's browser.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_entities::application::{self, Column};
use concord_entities::ids::ApplicationId;
use sea_orm::QuerySelect;
use tokio::sync::{Mutex, watch};
use url::Url;

use crate::error::Result;
use crate::settings::Settings;
use crate::store::Store;

/// For how long another server's change may go unnoticed here.
const FRESH: Duration = Duration::from_secs(5);

/// The origins that are allowed. One for all workers.
#[derive(Clone, Debug)]
pub struct AllowedOrigins {
    of_all: Arc<HashSet<String>>,
    registered: Arc<watch::Sender<Registered>>,
    reading: Arc<Mutex<()>>,
}

/// What applications had registered when they were last read.
#[derive(Debug, Default)]
struct Registered {
    read: Option<Instant>,
    by_application: HashMap<ApplicationId, HashSet<String>>,
}

impl AllowedOrigins {
    /// Returns the origins that these settings allow, with those under which the service itself is reached.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        let own = [&settings.issuer, &settings.audience].into_iter();
        let own = own.filter_map(|url| Url::parse(url).ok());
        let own = own.map(|url| url.origin().ascii_serialization());
        let allowed = settings.allowed_origins.iter().cloned();
        Self {
            of_all: Arc::new(allowed.chain(own).collect()),
            registered: Arc::new(watch::Sender::new(Registered::default())),
            reading: Arc::default(),
        }
    }

    /// Returns whether pages of this origin may call with somebody's token, as far as was read last. A browser asks so before
    /// it sends the token.
    #[must_use]
    pub fn is_of_any(&self, origin: &str) -> bool {
        let registered = self.registered.borrow();
        let mut registered = registered.by_application.values();
        self.of_all.contains(origin) || registered.any(|own| own.contains(origin))
    }

    /// Returns whether pages of this origin may call with a token of this application: of none, where the token is another
    /// issuer's.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn admit(
        &self,
        store: &Store,
        application: Option<ApplicationId>,
        origin: &str,
    ) -> Result<bool> {
        if self.of_all.contains(origin) {
            return Ok(true);
        }
        let Some(application) = application else {
            return Ok(false);
        };
        self.refresh(store).await?;
        let registered = self.registered.borrow();
        let own = registered.by_application.get(&application);
        Ok(own.is_some_and(|own| own.contains(origin)))
    }

    /// Reads what applications have registered, unless that was done just now or nobody needs it for pages of this origin.
    ///
    /// # Errors
    /// `UNAVAILABLE`: what was read before stands.
    pub async fn refresh_for(&self, store: &Store, origin: &str) -> Result<()> {
        if self.of_all.contains(origin) {
            return Ok(());
        }
        self.refresh(store).await
    }

    /// Has what applications registered be read before it is used again.
    pub fn forget(&self) {
        self.registered.send_modify(|known| known.read = None);
    }

    async fn refresh(&self, store: &Store) -> Result<()> {
        if self.is_fresh() {
            return Ok(());
        }
        let _turn = self.reading.lock().await;
        if self.is_fresh() {
            return Ok(());
        }
        let began = Instant::now();
        let rows: Vec<(ApplicationId, String)> = application::Entity::called_from_pages()
            .select_only()
            .columns([Column::Id, Column::AllowedOrigins])
            .into_tuple()
            .all(&store.read)
            .await?;
        let origins = |text: &str| text.split(' ').map(str::to_owned).collect();
        let rows = rows.into_iter();
        self.registered.send_replace(Registered {
            read: Some(began),
            by_application: rows.map(|(id, text)| (id, origins(&text))).collect(),
        });
        Ok(())
    }

    fn is_fresh(&self) -> bool {
        let read = self.registered.borrow().read;
        read.is_some_and(|read| read.elapsed() < FRESH)
    }
}
