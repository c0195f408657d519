//! What every resolver has at hand: who asks, the stores, the ledger.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, QueryPathSegment};
use concord_entities::instant::Instant;

use super::directory::Directory;
use super::document_check::DocumentCheck;
use super::lacking::LackingFields;
use super::log_end::SeenLogEnd;
use super::told_agencies::ToldAgencies;
use crate::access::Caller;
use crate::access::ending_allowance;
use crate::access::grant::RequiredScope;
use crate::access::limit::Limits;
use crate::access::origins::AllowedOrigins;
use crate::access::token_status::{self, TokenStatuses};
use crate::access::trusted_documents::TrustedDocuments;
use crate::audit::change::{Change, Ending};
use crate::audit::checkpoint::LedgerKey;
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::audit::ledger::{Decided, Ledger, RecordingError, Released};
use crate::audit::refusals::Refusals;
use crate::audit::turnstile::Turnstile;
use crate::clock;
use crate::error::{Refusal, Result};
use crate::seal::Vault;
use crate::seal::kek_set::KekSet;
use crate::settings::Settings;
use crate::store::Store;
use crate::store::error::StoreError;

/// How often a read may be overtaken by some ending sharing before it is made while nothing can end.
const OVERTAKEN: usize = 2;

/// What one worker's requests share.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The stores, opened on this worker's runtime.
    pub store: Store,
    /// The way to the audit log.
    pub ledger: Ledger,
    /// Whose turn it is to end something, on all workers.
    pub turnstile: Turnstile,
    /// How much has been asked for and ended, on all workers.
    pub limits: Limits,
    /// The refusals that are counted, on all workers.
    pub refusals: Refusals,
    /// Callers' standing, as last read.
    pub token_statuses: TokenStatuses,
    /// Agencies' names, as last read.
    pub directory: Directory,
    /// From which pages requests may come, on all workers.
    pub origins: AllowedOrigins,
    /// The documents that programs may execute, as last read.
    pub trusted_documents: TrustedDocuments,
    /// Whether a document would be executed.
    pub document_check: DocumentCheck,
    /// Where the log ended, as last read.
    pub seen_log_end: SeenLogEnd,
    /// The keys that seal packages.
    pub vault: Vault,
    /// The key that signs receipts.
    pub ledger_key: Arc<LedgerKey>,
    /// For how long a backup of the keyring is kept.
    pub keyring_backups: Duration,
}

/// What workers are made of.
#[derive(Clone)]
pub struct WorkerFactory {
    /// The settings.
    pub settings: Settings,
    /// The stores, opened on the main runtime.
    pub store: Store,
    /// The key-encryption key.
    pub keks: Arc<KekSet>,
    /// The way to the audit log.
    pub ledger: Ledger,
    /// Whose turn it is to end something, on all workers.
    pub turnstile: Turnstile,
    /// How much has been asked for and ended, on all workers.
    pub limits: Limits,
    /// The refusals that are counted, on all workers.
    pub refusals: Refusals,
    /// Callers' standing, as last read.
    pub token_statuses: TokenStatuses,
    /// Agencies' names, as last read.
    pub directory: Directory,
    /// From which pages requests may come, on all workers.
    pub origins: AllowedOrigins,
    /// The documents that programs may execute, as last read.
    pub trusted_documents: TrustedDocuments,
    /// Whether a document would be executed.
    pub document_check: DocumentCheck,
    /// Where the log ended, as last read.
    pub seen_log_end: SeenLogEnd,
    /// The key that signs receipts.
    pub ledger_key: Arc<LedgerKey>,
}

impl WorkerFactory {
    /// Makes a worker on this runtime: PostgreSQL pools of its own; the embedded stores' connections are shared, because
    /// SQLite has one writer.
    ///
    /// # Errors
    /// [`StoreError`]: the database does not answer.
    pub async fn worker(self) -> Result<Worker, StoreError> {
        let store = self.store.for_another_worker(&self.settings).await?;
        Ok(Worker {
            vault: Vault::new(&store, self.keks),
            store,
            ledger: self.ledger,
            turnstile: self.turnstile,
            limits: self.limits,
            refusals: self.refusals,
            token_statuses: self.token_statuses,
            directory: self.directory,
            origins: self.origins,
            trusted_documents: self.trusted_documents,
            document_check: self.document_check,
            seen_log_end: self.seen_log_end,
            ledger_key: self.ledger_key,
            keyring_backups: self.settings.keyring_backups,
        })
    }
}

impl Worker {
    /// Decides, records, and releases, on behalf of an agent; from the start again where some sharing ended in between, which
    /// `decide` says with none where it noticed. Overtaken twice, it is made while holding the sharing lock, so that it ends.
    ///
    /// # Errors
    /// What `decide` refuses; `UNAVAILABLE` where the log cannot be written.
    pub async fn release<T, F>(
        &self,
        agent: &Agent,
        meta: &RequestMeta,
        decide: impl Fn() -> F,
    ) -> Result<Released<T>>
    where
        F: Future<Output = Result<Option<Decided<T>>>>,
    {
        let Self { store, ledger, .. } = self;
        for _ in 0..OVERTAKEN {
            let Some(decided) = decide().await? else {
                continue;
            };
            match ledger.release(decided, agent, meta).await {
                Ok(released) => return Ok(released),
                Err(RecordingError::Stale) => {}
                Err(RecordingError::Refused(refusal)) => return Err(refusal),
            }
        }
        let held = ledger.hold(store).await?;
        let decided = decide().await?;
        let decided = decided.ok_or_else(|| Refusal::unavailable(OvertakenError))?;
        match held.release(decided, agent, meta).await {
            Ok(released) => Ok(released),
            Err(RecordingError::Stale) => Err(Refusal::unavailable(OvertakenError)),
            Err(RecordingError::Refused(refusal)) => Err(refusal),
        }
    }
}

/// One request: what its worker has, who asks, and what goes on record about it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the worker has.
    pub worker: Worker,
    /// Who asks.
    pub caller: Caller,
    /// What goes on record.
    pub meta: RequestMeta,
    /// What the token lacks for each field of the root, nested records included.
    pub lacking: Arc<LackingFields>,
    /// The agencies of which more than the name was told.
    pub told_agencies: Arc<ToldAgencies>,
}

impl Request {
    /// Opens a change for a caller whose token reaches this far, and whose agency and token are in good standing.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`, `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn change(&self, needed: RequiredScope) -> Result<Change<'_>> {
        self.caller.may(needed)?;
        let Worker { store, ledger, .. } = &self.worker;
        let change = Change::open(store, ledger, self.caller.author(), &self.meta).await?;
        self.admit(&change).await?;
        Ok(change)
    }

    /// Admits such a caller to look, without any lock, whether there is anything to end; returns the database's time. What
    /// is seen is judged again by the change.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`, `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn looks(&self, needed: RequiredScope) -> Result<Instant> {
        self.caller.may(needed)?;
        let Worker { store, ledger, .. } = &self.worker;
        ledger.fork().refuse()?;
        let status = token_status::read(&store.read, store.backend, &self.caller).await?;
        status.require()?;
        let now = store.ping().await?;
        clock::trust(now)?;
        Ok(now)
    }

    /// Opens a change that ends some sharing, for such a caller, in its agency's turn. Call it only once something was seen
    /// that is to end.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`, `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn ending(&self, needed: RequiredScope) -> Result<Ending<'_>> {
        self.caller.may(needed)?;
        let Worker { store, ledger, .. } = &self.worker;
        let turn = self.worker.turnstile.turn(self.caller.agency()).await;
        let ending = Ending::open(store, ledger, self.caller.author(), &self.meta, turn).await?;
        self.admit(&ending).await?;
        Ok(ending)
    }

    /// Opens the same, and counts it: what a program could do and undo for ever.
    ///
    /// # Errors
    /// As [`ending`](Self::ending); `RATE_LIMITED`.
    pub async fn counted_ending(&self, needed: RequiredScope) -> Result<Ending<'_>> {
        self.caller.may(needed)?;
        let (agency, quota) = (self.caller.agency(), self.worker.limits.endings);
        ending_allowance::look(&self.worker.store.read, agency, clock::now(), quota).await?;
        let ending = self.ending(needed).await?;
        ending_allowance::charge(&*ending, agency, ending.now(), quota).await?;
        Ok(ending)
    }

    /// Refuses a caller whose agency or token is not in good standing: within the change, after it has the lock.
    async fn admit(&self, change: &Change<'_>) -> Result<()> {
        let status = token_status::read(change, self.worker.store.backend, &self.caller).await?;
        status.require()?;
        clock::trust(change.now())
    }

    /// Puts a refused attempt on record, with the record that was asked for where one is known.
    pub async fn deny(&self, code: &'static str, object: Option<String>) {
        self.deny_all([(code, object)]).await;
    }

    /// Puts several refused attempts of this request on record, together.
    pub async fn deny_all(
        &self,
        attempts: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) {
        let Worker { store, ledger, .. } = &self.worker;
        let attempts = attempts
            .into_iter()
            .map(|(code, object)| Event::AccessDenied { code, object })
            .collect();
        ledger
            .deny(store, &self.caller.agent(), &self.meta, attempts)
            .await;
    }

    /// Finds and decides, records, and releases; from the start again where some sharing ended in between. Overtaken
    /// twice, it is made while holding the sharing lock, so that it ends.
    ///
    /// # Errors
    /// What `find` refuses; `UNAUTHENTICATED`; `UNAVAILABLE` where the log cannot be written.
    pub async fn disclose<T, F>(&self, find: impl Fn() -> F) -> Result<Released<T>>
    where
        F: Future<Output = Result<Decided<T>>>,
    {
        let agent = self.caller.agent();
        let decide = || self.decide(&find);
        self.worker.release(&agent, &self.meta, decide).await
    }

    /// Finds and decides; returns none where some sharing ended before the caller's standing was read.
    async fn decide<T, F>(&self, find: impl Fn() -> F) -> Result<Option<Decided<T>>>
    where
        F: Future<Output = Result<Decided<T>>>,
    {
        let decided = find().await?;
        clock::trust(decided.now)?;
        let Worker {
            store,
            token_statuses,
            ..
        } = &self.worker;
        let status = token_statuses.under(decided.epoch, store, &self.caller);
        let Some(status) = status.await? else {
            return Ok(None);
        };
        status.require()?;
        Ok(Some(decided))
    }
}

/// Sharing ended while the lock was held that keeps it from ending.
#[derive(Debug, thiserror::Error)]
#[error("the sharing epoch moved on while the sharing lock was held")]
struct OvertakenError;

/// Finds the request in a resolver's context.
pub trait InRequest {
    /// Returns the request. A field of the root is refused here, before it does anything, where the token lacks something
    /// for it or for what is selected below it.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`; `INTERNAL`, where the schema is executed without a request.
    fn request(&self) -> Result<&Request>;
}

impl InRequest for Context<'_> {
    fn request(&self) -> Result<&Request> {
        let request = self
            .data::<Request>()
            .map_err(|_| Refusal::internal(NoRequestError))?;
        if let Some(node) = self.path_node
            && node.parent.is_none()
            && let QueryPathSegment::Name(key) = node.segment
        {
            request.lacking.check(key)?;
        }
        Ok(request)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the schema was executed without a request")]
struct NoRequestError;
