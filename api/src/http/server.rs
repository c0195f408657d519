//! The server on its socket: one worker a core, each with its own stores, and one ledger for all.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use tokio::sync::watch;
use tracing::{info, warn};

use super::challenge::Challenges;
use super::explorer::{self, Personas};
use super::graphql::graphql;
use super::{evidence, form, health, oauth, well_known};
use crate::access::issuer::Issuers;
use crate::access::issuer::fetch::{Fetcher, NoFetcher};
use crate::access::limit::Limits;
use crate::access::ring::{Rereading, Ring};
use crate::access::standing::Standings;
use crate::access::token::Expected;
use crate::access::token_keys::{TokenKeys, Unchanged};
use crate::access::{Verifier, revoked, spent};
use crate::agency::directory::Directory;
use crate::audit::checkpoint::LedgerKey;
use crate::audit::fork::Fork;
use crate::audit::integrator;
use crate::audit::ledger::Ledger;
use crate::audit::witness::{self, Forked};
use crate::clock;
use crate::error::Answer;
use crate::graphql::Worker;
use crate::graphql::guard::Documents;
use crate::graphql::schema::{Schema, schema};
use crate::graphql::variables::InputTypes;
use crate::seal::envelope::KeyEncryptionKey;
use crate::seal::signing;
use crate::seal::{Vault, kek};
use crate::settings::{Location, Settings};
use crate::store::Store;
use crate::store::pool::Unusable;

/// How long requests under way may take to end after a SIGTERM, in seconds.
const GRACE: u64 = 10;
/// How often keys of packages that have ended are looked for, and tokens and proofs that are over.
const SWEEP: Duration = Duration::from_mins(10);

/// What every worker shares.
pub struct Shared {
    /// The schema.
    pub schema: Schema,
    /// The types of its inputs, to coerce variables by.
    pub inputs: InputTypes,
    /// Documents that were admitted before.
    pub documents: Documents,
    /// What tokens are verified against.
    pub verifier: Verifier,
    /// The keys that prove and sign tokens.
    pub ring: Ring,
    /// How much each application may ask for.
    pub limits: Limits,
    /// What a caller without a good token is told.
    pub challenges: Challenges,
    /// The settings.
    pub settings: Settings,
}

/// The parts of a running service.
pub struct Service {
    /// The settings.
    pub settings: Settings,
    /// The stores, opened on the main runtime.
    pub store: Store,
    /// The keys that sign tokens, as they are kept.
    pub token_keys: TokenKeys,
    /// The same, as they stood when the service was opened; while it runs, as they stand.
    pub ring: Ring,
    /// The key that signs checkpoints and receipts.
    pub ledger_key: LedgerKey,
    /// The keys that seal.
    pub vault: Vault,
    kek: Arc<KeyEncryptionKey>,
    rereading: Rereading,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// A store cannot be used.
    #[error(transparent)]
    Store(#[from] Unusable),
    /// There is no key-encryption key.
    #[error(transparent)]
    Key(#[from] kek::NoKey),
    /// The signing keys cannot be had.
    #[error(transparent)]
    Signing(#[from] signing::NoSigningKey),
    /// The token keys cannot be had.
    #[error(transparent)]
    Tokens(#[from] Unchanged),
    /// Agencies' own issuers cannot be asked for their keys.
    #[error(transparent)]
    Fetcher(#[from] NoFetcher),
    /// The schema cannot be read back.
    #[error("the schema cannot be read back: {0}")]
    Schema(#[from] async_graphql::parser::Error),
    /// The data store is not the one that was signed for: to serve from it would be to share what was ended.
    #[error(transparent)]
    Forked(#[from] Forked),
    /// The address cannot be listened on, or the server broke.
    #[error("cannot listen on {address}: {fault}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        fault: std::io::Error,
    },
}

impl Service {
    /// Opens stores and keys.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn open(settings: Settings) -> Result<Self, NotStarted> {
        let store = Store::open(&settings).await?;
        let kek = Arc::new(kek::read(&settings)?);
        let ledger_key =
            signing::ledger(&store.keyring, &kek, &origin(&settings), clock::now()).await?;
        let token_keys = TokenKeys::open(&store, &kek).await?;
        let (ring, rereading) = Ring::over(token_keys.clone()).await?;
        Ok(Self {
            vault: Vault::new(&store, Arc::clone(&kek)),
            settings,
            store,
            token_keys,
            ring,
            ledger_key,
            kek,
            rereading,
        })
    }

    /// Listens and answers until a SIGTERM or an interrupt, then lets requests under way end. Not over an older copy of
    /// the data store: see [`witness`].
    ///
    /// # Errors
    /// [`NotStarted`].
    pub async fn run(self, personas: Personas, ready: impl FnOnce(&str)) -> Result<(), NotStarted> {
        witness::compare(&self.store).await?;
        let schema = schema();
        let limits = Limits::new(self.settings.allowances);
        let shared = web::Data::new(Shared {
            inputs: InputTypes::from_sdl(&schema.sdl())?,
            schema,
            documents: Documents::new(),
            verifier: Verifier::new(
                self.ring.clone(),
                Issuers::new(Fetcher::of(&self.settings)?),
                Expected {
                    issuer: self.settings.issuer.clone(),
                    audience: self.settings.audience.clone(),
                },
            ),
            ring: self.ring,
            limits: limits.clone(),
            challenges: Challenges::of(&self.settings),
            settings: self.settings.clone(),
        });
        let ledger_key = Arc::new(self.ledger_key);
        let ledger = Ledger::start(self.store.clone());
        let store = self.store.clone();
        let (stop, stopped) = watch::channel(false);
        let integrating = tokio::spawn(integrator::run(
            self.store.clone(),
            Arc::clone(&ledger_key),
            ledger.growth(),
            ledger.fork().clone(),
            stopped.clone(),
        ));
        let watching = tokio::spawn(
            ledger
                .fork()
                .clone()
                .watch(self.store.clone(), stopped.clone()),
        );
        let rereading = tokio::spawn(self.rereading.run(stopped));
        let sweeping = tokio::spawn(sweep(
            self.vault.clone(),
            self.store.clone(),
            ledger.fork().clone(),
        ));
        let tidying = tokio::spawn(tidy(limits));
        let parts = Parts {
            settings: self.settings.clone(),
            store: self.store,
            kek: self.kek,
            ledger,
            standings: Standings::default(),
            directory: Directory::default(),
            ledger_key,
        };
        let served = listen(&self.settings, shared, personas, parts, ready).await;
        sweeping.abort();
        tidying.abort();
        let _ = stop.send(true);
        if integrating.await.is_err() {
            warn!("the integrator did not end by itself");
        }
        if watching.await.is_err() {
            warn!("the watch over the ledger did not end by itself");
        }
        if rereading.await.is_err() {
            warn!("the reading of the token keys did not end by itself");
        }
        store.close().await;
        served
    }
}

/// The origin that the ledger's checkpoints name: the audience without its scheme.
#[must_use]
pub fn origin(settings: &Settings) -> String {
    let audience = settings.audience.as_str();
    audience
        .split_once("://")
        .map_or(audience, |(_, rest)| rest)
        .to_owned()
}

/// What a worker is made of.
#[derive(Clone)]
struct Parts {
    settings: Settings,
    store: Store,
    kek: Arc<KeyEncryptionKey>,
    ledger: Ledger,
    standings: Standings,
    directory: Directory,
    ledger_key: Arc<LedgerKey>,
}

impl Parts {
    /// A worker on this runtime: PostgreSQL pools of its own; the embedded stores' connections are shared, because
    /// SQLite has one writer.
    async fn worker(self) -> Result<Worker, Unusable> {
        let store = match self.settings.database {
            Location::File(_) => self.store,
            Location::Postgres { .. } => Store::connect(&self.settings).await?,
        };
        Ok(Worker {
            vault: Vault::new(&store, self.kek),
            store,
            ledger: self.ledger,
            standings: self.standings,
            directory: self.directory,
            ledger_key: self.ledger_key,
            keyring_backups: self.settings.keyring_backups,
        })
    }
}

async fn listen(
    settings: &Settings,
    shared: web::Data<Shared>,
    personas: Personas,
    parts: Parts,
    ready: impl FnOnce(&str),
) -> Result<(), NotStarted> {
    let failed = |fault| NotStarted::Listen {
        address: settings.listen.to_string(),
        fault,
    };
    let listener = TcpListener::bind(settings.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?.to_string();
    let explorer = settings.explorer;
    let server = HttpServer::new(move || {
        let parts = parts.clone();
        App::new()
            .app_data(shared.clone())
            .app_data(web::Data::new(personas.clone()))
            .data_factory(move || parts.clone().worker())
            .route("/graphql", web::route().to(graphql))
            .configure(well_known::routes)
            .configure(oauth::routes)
            .configure(evidence::routes)
            .configure(form::routes)
            .route("/healthz", web::get().to(health::healthz))
            .route("/readyz", web::get().to(health::readyz))
            .configure(|service| {
                if explorer {
                    explorer::routes(service);
                }
            })
    })
    .workers(settings.workers)
    .shutdown_timeout(GRACE)
    .client_request_timeout(Duration::from_secs(10))
    .listen(listener)
    .map_err(failed)?;
    info!(address, "listening");
    ready(&address);
    server.run().await.map_err(failed)
}

/// Keeps the memory of who asked from growing.
async fn tidy(limits: Limits) {
    loop {
        tokio::time::sleep(Limits::TIDY_EVERY).await;
        limits.tidy();
    }
}

async fn sweep_once(vault: &Vault, store: &Store, fork: &Fork) -> Answer<()> {
    // To an older copy, the keys of what came after it belong to nothing.
    fork.look(store).await;
    fork.refuse()?;
    let now = store.ping().await?;
    vault.sweep(store, now).await?;
    vault.sweep_documents(store, now).await?;
    vault.sweep_records(store, now).await?;
    spent::forget(store, now).await?;
    revoked::forget(&store.write, now).await
}

async fn sweep(vault: Vault, store: Store, fork: Fork) {
    loop {
        if let Err(refusal) = sweep_once(&vault, &store, &fork).await {
            let code = refusal.error.code();
            warn!(code, "the sweep will be tried again");
        }
        tokio::time::sleep(SWEEP).await;
    }
}
