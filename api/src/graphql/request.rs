//! What every resolver has at hand: who asks, the stores, the ledger.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;

use crate::access::Caller;
use crate::access::grant::{Grant, Permission, Resource};
use crate::access::standing::Standings;
use crate::agency::directory::Directory;
use crate::audit::checkpoint::LedgerKey;
use crate::audit::event::Mark;
use crate::audit::ledger::{Decided, Ledger, Released, Unrecorded};
use crate::clock;
use crate::error::{Answer, Refusal};
use crate::seal::Vault;
use crate::store::act::Holding;
use crate::store::{Act, Store};

/// How often a read that some ending sharing overtook is decided again before it is refused.
const ATTEMPTS: usize = 16;

/// What one worker's requests share.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The stores, opened on this worker's runtime.
    pub store: Store,
    /// The way to the audit log.
    pub ledger: Ledger,
    /// Callers' standing, as last read.
    pub standings: Standings,
    /// Agencies' names, as last read.
    pub directory: Directory,
    /// The keys that seal packages.
    pub vault: Vault,
    /// The key that signs receipts.
    pub ledger_key: Arc<LedgerKey>,
    /// For how long a backup of the keyring is kept.
    pub keyring_backups: Duration,
}

/// One request: what its worker has, who asks, and what goes on record about it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the worker has.
    pub worker: Worker,
    /// Who asks.
    pub caller: Caller,
    /// What goes on record.
    pub mark: Mark,
}

impl Request {
    /// The caller, where its token reaches this far.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`.
    pub fn caller(&self, resource: Resource, permission: Permission) -> Answer<&Caller> {
        self.caller.may(Grant {
            resource,
            permission,
        })
    }

    /// Opens a change that ends no sharing.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn begin(&self) -> Answer<Act<'_>> {
        let Worker { store, ledger, .. } = &self.worker;
        Act::begin(store, ledger, &self.caller, &self.mark, Holding::Shared).await
    }

    /// Opens a change that ends some sharing: it waits for every release under way, and every later one is decided
    /// again.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn begin_ending(&self) -> Answer<Act<'_>> {
        let Worker { store, ledger, .. } = &self.worker;
        Act::begin(store, ledger, &self.caller, &self.mark, Holding::Alone).await
    }

    /// Finds and decides, records, and releases; from the start again where some sharing ended in between.
    ///
    /// # Errors
    /// What `find` refuses; `UNAUTHENTICATED`; `UNAVAILABLE` where the log cannot be written.
    pub async fn disclose<T, F>(&self, find: impl Fn() -> F) -> Answer<Released<T>>
    where
        F: Future<Output = Answer<Decided<T>>>,
    {
        let agent = self.caller.agent();
        let Worker {
            store,
            ledger,
            standings,
            ..
        } = &self.worker;
        for _ in 0..ATTEMPTS {
            let decided = find().await?;
            clock::trust(decided.now)?;
            let Some(standing) = standings.under(decided.epoch, store, &self.caller).await? else {
                continue;
            };
            standing.require()?;
            match ledger.release(decided, &agent, &self.mark).await {
                Ok(released) => return Ok(released),
                Err(Unrecorded::Stale) => {}
                Err(Unrecorded::Refused(refusal)) => return Err(refusal),
            }
        }
        Err(Refusal::unavailable(Overtaken))
    }
}

/// Sharing ended so often that no decision held.
#[derive(Debug, thiserror::Error)]
#[error("the sharing epoch moved on {ATTEMPTS} times during one read")]
struct Overtaken;

/// Finds the request in a resolver's context.
pub trait InRequest {
    /// The request.
    ///
    /// # Errors
    /// `INTERNAL`, where the schema is executed without one.
    fn request(&self) -> Answer<&Request>;
}

impl InRequest for Context<'_> {
    fn request(&self) -> Answer<&Request> {
        self.data::<Request>()
            .map_err(|_| Refusal::internal(NoRequest))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the schema was executed without a request")]
struct NoRequest;
