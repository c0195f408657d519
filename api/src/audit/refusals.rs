//! Refusals of those who did not prove who they are: each an event of its own while they are few, and beyond that counted.
//!
//! A write of the log for every request would be for sale to whoever sends nonsense, and a refusal that is not recorded
//! would be hidden by sending more of them. So what is beyond the allowance is counted in memory, and the counts are
//! recorded at the end of each window and when the service ends: one event for each kind and network.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord_entities::ids::AgencyId;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{error, info};
use uuid::Uuid;

use super::event::{Agent, Event, RefusedAlike, RequestMeta};
use super::ledger::{Ledger, RecordingError};
use crate::store::Store;

/// For how long refusals are counted before the counts are recorded.
pub const WINDOW: Duration = Duration::from_mins(1);
/// How many kinds and networks are told apart in a window: what comes beyond is counted by its kind alone.
const MOST: usize = 1000;
/// How many counts are recorded together.
const TOGETHER: usize = 64;

/// What was refused, on whose word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// A token, at the service itself.
    Token,
    /// A program's credentials, at the authorization server.
    Client,
}

/// One refusal of somebody who did not prove who they are.
#[derive(Clone, Copy, Debug)]
pub struct RefusedAttempt<'a> {
    /// What was refused.
    pub what: Refused,
    /// Why, as a code.
    pub why: &'static str,
    /// Whom it names, as far as that is known.
    pub agent: &'a Agent,
    /// What goes on record about the request.
    pub meta: &'a RequestMeta,
    /// The network that it comes from, as limits count it.
    pub network: Option<&'a str>,
}

/// The refusals that are not recorded yet. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    counts: Arc<Mutex<Counts>>,
}

type Counts = HashMap<Counted, u64>;

/// Whose refusals are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Counted {
    what: Refused,
    why: &'static str,
    network: Option<String>,
    /// The agency and its program, where they are known.
    known: Option<(AgencyId, String)>,
}

impl Refusals {
    /// Records a refusal by itself, before its answer leaves. Where the log does not take it now, it is counted.
    pub async fn record(&self, store: &Store, ledger: &Ledger, attempt: RefusedAttempt<'_>) {
        let RefusedAttempt {
            what,
            why,
            agent,
            meta,
            ..
        } = attempt;
        let event = what.event(RefusedAlike { why, count: None });
        if ledger.note(store, agent, meta, vec![event]).await.is_err() {
            error!(
                request = meta.request,
                why, "a refusal could not be recorded yet"
            );
            self.count(attempt);
        }
    }

    /// Counts a refusal, to be recorded with the others of its kind and network.
    pub fn count(&self, attempt: RefusedAttempt<'_>) {
        let RefusedAttempt {
            what,
            why,
            agent,
            network,
            ..
        } = attempt;
        let known = agent.agency.map(|agency| (agency, agent.client.clone()));
        let counted = Counted {
            what,
            why,
            network: network.map(str::to_owned),
            known,
        };
        self.add(counted, 1);
    }

    fn add(&self, counted: Counted, more: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let full = counts.len() >= MOST;
        let count = match counts.entry(counted) {
            Entry::Vacant(new) if full => {
                let of_its_kind = Counted {
                    network: None,
                    known: None,
                    ..new.into_key()
                };
                counts.entry(of_its_kind).or_default()
            }
            entry @ (Entry::Vacant(_) | Entry::Occupied(_)) => entry.or_default(),
        };
        *count = count.saturating_add(more);
    }

    /// Records what was counted. What the log does not take is counted on.
    pub async fn record_counts(&self, store: &Store, ledger: &Ledger) {
        let counts = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *counts)
        };
        let request = Uuid::now_v7().to_string();
        let counts: Vec<(Counted, u64)> = counts.into_iter().collect();
        let mut taken = true;
        for some in counts.chunks(TOGETHER) {
            if !taken {
                // Nor would it take the others: a service that ends has no time to ask.
                for (counted, count) in some {
                    self.add(counted.clone(), *count);
                }
                continue;
            }
            let recording = some
                .iter()
                .map(|(counted, count)| counted.record(store, ledger, &request, *count));
            let outcomes = futures_util::future::join_all(recording).await;
            for ((counted, count), outcome) in some.iter().zip(outcomes) {
                let why = counted.why;
                if outcome.is_ok() {
                    info!(
                        request,
                        why, count, "refusals were recorded by their number"
                    );
                } else {
                    error!(request, why, count, "refusals could not be recorded yet");
                    self.add(counted.clone(), *count);
                    taken = false;
                }
            }
        }
    }

    /// Records the counts at the end of every window, and once more when the service ends.
    pub async fn keep(
        self,
        store: Store,
        ledger: Ledger,
        window: Duration,
        mut stopped: watch::Receiver<bool>,
    ) {
        loop {
            let ends = tokio::select! {
                () = sleep(window) => false,
                _ = stopped.wait_for(|stopped| *stopped) => true,
            };
            self.record_counts(&store, &ledger).await;
            if ends {
                return;
            }
        }
    }
}

impl Counted {
    async fn record(
        &self,
        store: &Store,
        ledger: &Ledger,
        request: &str,
        count: u64,
    ) -> Result<(), RecordingError> {
        let mut agent = Agent::stranger();
        if let Some((agency, client)) = &self.known {
            agent.agency = Some(*agency);
            agent.client.clone_from(client);
        }
        let meta = RequestMeta {
            request: request.to_owned(),
            address: self.network.clone(),
            ..RequestMeta::default()
        };
        let attempts = RefusedAlike {
            why: self.why,
            count: Some(count),
        };
        let event = self.what.event(attempts);
        ledger.note(store, &agent, &meta, vec![event]).await
    }
}

impl Refused {
    fn event(self, attempts: RefusedAlike) -> Event {
        match self {
            Self::Token => Event::TokenRefused(attempts),
            Self::Client => Event::ClientRefused(attempts),
        }
    }
}
