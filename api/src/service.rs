//! The running service: opens stores and keys, and runs the tasks beside the requests. [`crate::http`] only serves.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::warn;

use crate::access::TokenVerifier;
use crate::access::issuer::Issuers;
use crate::access::issuer::fetch::{Fetcher, FetcherError};
use crate::access::keys::cache::{KeyRefresher, TokenKeyCache};
use crate::access::keys::store::TokenKeyError;
use crate::access::keys::token_keys::{KeyChangeError, TokenKeys};
use crate::access::limit::Limits;
use crate::access::origins::AllowedOrigins;
use crate::access::token::Expected;
use crate::access::token_status::TokenStatuses;
use crate::access::trusted_documents::TrustedDocuments;
use crate::audit::backlog;
use crate::audit::checkpoint::LedgerKey;
use crate::audit::cosign::asking::{AskedCosignerError, AskedCosigners};
use crate::audit::integrator;
use crate::audit::ledger::Ledger;
use crate::audit::ledger_key::{self, LedgerKeyError};
use crate::audit::refusals::{self, Refusals};
use crate::audit::stored;
use crate::audit::turnstile::Turnstile;
use crate::audit::witnesses::{FoundFolder, WitnessError, Witnesses};
use crate::clock;
use crate::graphql::contract::{Contract, ContractError};
use crate::graphql::document::Documents;
use crate::graphql::document_check;
use crate::graphql::schema::{schema, sdl};
use crate::http::challenge::Challenges;
use crate::http::explorer::Personas;
use crate::http::metrics::MetricsDoor;
use crate::http::server::{self, Door, ListenError};
use crate::http::shared::Shared;
use crate::mou::reminders;
use crate::referral::settling;
use crate::request::WorkerFactory;
use crate::request::directory::Directory;
use crate::request::log_end::SeenLogEnd;
use crate::seal::kek_set::KekSet;
use crate::seal::vacuum::Vacuum;
use crate::seal::{Vault, kek};
use crate::settings::{SessionKind, Settings};
use crate::statistics::publishing;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::standby::StandbyError;
use crate::sweep;

/// For how long what ended is remembered at least, to be taken back again in an older copy.
const JOURNAL: Duration = Duration::from_hours(400 * 24);

/// The parts of a running service.
pub struct Service {
    /// The settings.
    pub settings: Settings,
    /// The stores, opened on the main runtime.
    pub store: Store,
    /// The keys that sign tokens, as they are kept.
    pub token_keys: TokenKeys,
    /// The same, as they stood when the service was opened; while it runs, as they stand.
    pub key_cache: TokenKeyCache,
    /// The key that signs checkpoints and receipts.
    pub ledger_key: LedgerKey,
    /// The keys that seal.
    pub vault: Vault,
    /// The keys that wrap those of the keyring.
    pub keks: Arc<KekSet>,
    refresher: KeyRefresher,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no key-encryption key.
    #[error(transparent)]
    Key(#[from] kek::KekError),
    /// The signing keys cannot be had.
    #[error(transparent)]
    Signing(#[from] LedgerKeyError),
    /// The token keys cannot be had.
    #[error(transparent)]
    TokenKeys(#[from] TokenKeyError),
    /// The token keys cannot be brought up to date.
    #[error(transparent)]
    Tokens(#[from] KeyChangeError),
    /// Agencies' own issuers cannot be asked for their keys.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
    /// The schema cannot be read back.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// No standby is named that must have what was committed.
    #[error(transparent)]
    Standby(#[from] StandbyError),
    /// A witness in the settings cannot be asked.
    #[error(transparent)]
    Cosigners(#[from] AskedCosignerError),
    /// The data store is not the one that was signed for: to serve from it would be to share what was ended.
    #[error(transparent)]
    Forked(#[from] WitnessError),
}

impl Service {
    /// Opens stores and keys.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(settings: Settings) -> Result<Self, StartError> {
        let store = Store::open(&settings).await?;
        let keks = Arc::new(kek::open(&settings, &store).await?);
        let witnesses = Witnesses::of(&store);
        witnesses.begin(&store).await?;
        // What a command changes in an older copy would have it pass for a newer one. Long ones look for themselves.
        if matches!(settings.sessions, SessionKind::Command(_)) {
            witnesses.compare(&store).await?;
        }
        let ledger_key =
            ledger_key::open(&store.keyring, &keks, &origin(&settings), clock::now()).await?;
        let ledger_key = ledger_key::as_named_now(ledger_key, &store.read).await?;
        let token_keys = TokenKeys::open(&store, &keks).await?;
        let (key_cache, refresher) = TokenKeyCache::over(token_keys.clone()).await?;
        Ok(Self {
            vault: Vault::new(&store, Arc::clone(&keks)),
            settings,
            store,
            token_keys,
            key_cache,
            ledger_key,
            keks,
            refresher,
        })
    }

    /// Starts what runs beside the requests. Not over an older copy of the data store: see [`witnesses`](crate::audit::witnesses).
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(self) -> Result<Running, StartError> {
        self.store.standby.check_named(&self.store.read).await?;
        let found = self.look_at_witnesses().await?;
        let contract = Contract::from_sdl(&sdl())?;
        let document_check = document_check::against(contract.clone());
        let limits = Limits::new(self.settings.allowances);
        let cosigners = AskedCosigners::new(&self.settings.witnesses)?;
        let shared = Shared {
            cosigners: cosigners.clone(),
            contract,
            schema: schema(),
            documents: Documents::new(),
            verifier: TokenVerifier::new(
                self.key_cache.clone(),
                Issuers::new(Fetcher::from_settings(&self.settings)?),
                Expected {
                    issuer: self.settings.issuer.clone(),
                    audience: self.settings.audience.clone(),
                },
            ),
            key_cache: self.key_cache,
            limits: limits.clone(),
            challenges: Challenges::from_settings(&self.settings),
            settings: self.settings.clone(),
        };
        let ledger_key = Arc::new(self.ledger_key);
        let ledger = Ledger::start(self.store.clone());
        ledger.fork().started_over(found);
        let (stop, stopped) = watch::channel(false);
        let growing = Growing {
            store: self.store.clone(),
            key: Arc::clone(&ledger_key),
            cosigners,
        };
        let (integrating, asking) = growing.start(&ledger, &stopped).await?;
        let watching = tokio::spawn(
            ledger
                .fork()
                .clone()
                .watch(self.store.clone(), stopped.clone()),
        );
        let looking = backlog::watch(self.store.clone(), ledger.clone(), stopped.clone());
        let looking = tokio::spawn(looking);
        let refusals = Refusals::default();
        let counting = tokio::spawn(refusals.clone().keep(
            self.store.clone(),
            ledger.clone(),
            refusals::WINDOW,
            stopped.clone(),
        ));
        let refresher = tokio::spawn(self.refresher.run(stopped));
        let housekeeping = ledger.housekeeping();
        let swept = sweep::before_serving(&self.vault, &self.store, ledger.fork()).await;
        let sweeping = tokio::spawn(sweep::keep(
            self.vault.clone(),
            self.store.clone(),
            ledger.fork().clone(),
            housekeeping.clone(),
            swept,
        ));
        let vacuuming = tokio::spawn(Vacuum::new(&self.store.keyring, housekeeping).run());
        let settling = tokio::spawn(settling::keep(self.store.clone(), ledger.clone()));
        let reminding = tokio::spawn(reminders::keep(self.store.clone(), ledger.clone()));
        let publishing = tokio::spawn(publishing::keep(self.store.clone(), ledger.fork().clone()));
        let tidying = tokio::spawn(tidy(limits.clone()));
        Ok(Running {
            shared,
            store: self.store.clone(),
            workers: WorkerFactory {
                origins: AllowedOrigins::from_settings(&self.settings),
                trusted_documents: TrustedDocuments::default(),
                seen_log_end: SeenLogEnd::default(),
                document_check,
                settings: self.settings,
                store: self.store,
                keks: self.keks,
                ledger,
                turnstile: Turnstile::default(),
                limits: limits.clone(),
                refusals,
                token_statuses: TokenStatuses::default(),
                directory: Directory::default(),
                ledger_key,
            },
            background: Background {
                stop,
                ends_itself: vec![
                    ("recording of counted refusals", counting),
                    ("integrator", integrating),
                    ("asking of the witnesses", asking),
                    ("watch over the ledger", watching),
                    ("watch over the log's backlog", looking),
                    ("reading of the token keys", refresher),
                ],
                aborted: vec![
                    sweeping, vacuuming, settling, reminding, publishing, tidying,
                ],
            },
        })
    }
}

impl Service {
    /// Holds the stores against what remembers them, and says what the operator should know of that.
    async fn look_at_witnesses(&self) -> Result<FoundFolder, WitnessError> {
        let witnesses = Witnesses::of(&self.store);
        let keeps = self.settings.keyring_backups.max(JOURNAL);
        let found = witnesses.admit(&self.store, keeps).await?;
        let folder = witnesses.folder().path().display();
        if found == FoundFolder::Empty {
            warn!(
                %folder,
                "the state folder did not know these stores, and the keyring alone vouched for them: where a copy of both was \
                 put back, stop the server and put the newest back"
            );
        }
        Ok(found)
    }
}

/// Where a service listens.
#[derive(Debug)]
pub struct Doors {
    /// For requests.
    pub requests: Door,
    /// For those who watch it, where they asked.
    pub metrics: Option<MetricsDoor>,
}

/// What grows the log's tree, and has it cosigned.
struct Growing {
    store: Store,
    key: Arc<LedgerKey>,
    cosigners: AskedCosigners,
}

impl Growing {
    /// Starts the integrator, and whoever asks the witnesses for a cosignature of what it signs.
    async fn start(
        self,
        ledger: &Ledger,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(JoinHandle<()>, JoinHandle<()>), StartError> {
        let newest = stored::head(&self.store.read).await;
        let newest = newest.map_err(WitnessError::from)?;
        let (signed, newest) = watch::channel(newest.map(|row| row.note).unwrap_or_default());
        let integrating = tokio::spawn(integrator::run(
            self.store.clone(),
            Arc::clone(&self.key),
            ledger.growth(),
            signed,
            ledger.fork().clone(),
            stopped.clone(),
        ));
        let asking = self
            .cosigners
            .run(self.store, self.key, newest, stopped.clone());
        Ok((integrating, tokio::spawn(asking)))
    }
}

/// A service whose background tasks run.
pub struct Running {
    /// What all routes share.
    pub shared: Shared,
    /// What workers are made of.
    pub workers: WorkerFactory,
    /// The tasks beside the requests.
    pub background: Background,
    store: Store,
}

impl Running {
    /// Answers requests until a SIGTERM or an interrupt, then ends what runs beside them.
    ///
    /// # Errors
    /// [`ListenError`]: the address cannot be listened on, or the server broke.
    pub async fn serve(
        self,
        doors: Doors,
        personas: Personas,
        ready: impl FnOnce(&str),
    ) -> Result<(), ListenError> {
        let Doors { requests, metrics } = doors;
        let metrics = metrics.map(MetricsDoor::show).transpose()?;
        let served = server::serve(requests, self.shared, self.workers, personas, ready).await;
        if let Some(metrics) = metrics {
            metrics.end().await;
        }
        self.background.end().await;
        self.store.close().await;
        served
    }
}

/// The tasks that run beside the requests.
pub struct Background {
    stop: watch::Sender<bool>,
    ends_itself: Vec<(&'static str, JoinHandle<()>)>,
    aborted: Vec<JoinHandle<()>>,
}

impl Background {
    async fn end(self) {
        for task in self.aborted {
            task.abort();
        }
        let _ = self.stop.send(true);
        for (name, task) in self.ends_itself {
            if task.await.is_err() {
                warn!(name, "a background task did not end by itself");
            }
        }
    }
}

/// Returns the origin that the ledger's checkpoints name: the audience without its scheme.
#[must_use]
pub fn origin(settings: &Settings) -> String {
    let audience = settings.audience.as_str();
    audience
        .split_once("://")
        .map_or(audience, |(_, rest)| rest)
        .to_owned()
}

/// Keeps the memory of who asked from growing.
async fn tidy(limits: Limits) {
    loop {
        tokio::time::sleep(Limits::TIDY_EVERY).await;
        limits.tidy();
    }
}
