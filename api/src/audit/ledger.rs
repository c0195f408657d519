//! Write before release: nothing leaves before its audit event is durable.
//!
//! Many requests' events are committed in one transaction (group commit). Before it commits, the writer looks
//! whether the sharing epoch is still the one that each decision saw; a request that was decided under another one
//! is told so, and starts again. So the log never shows a disclosure after the revocation that forbids it, and
//! no lock is held per row.

use std::sync::Arc;
use std::time::Duration;

use concord_entities::audit_event;
use concord_entities::instant::Instant;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel, Statement,
};
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::error;

use super::event::{Agent, Event, RequestMeta};
use super::fork::Fork;
use super::leaf::Leaf;
use super::tree::{self, Digest};
use crate::error::{Error, Refusal, Result};
use crate::store::Store;
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};

/// How many requests' events one transaction commits at most.
const BATCH: usize = 256;
/// How many requests may wait for the writer before the next one is refused.
const QUEUE: usize = 4096;
/// How long a request waits for its events to be durable before it is refused.
const PATIENCE: Duration = Duration::from_secs(4);

/// The way to the audit log. Cheap to clone; every clone feeds the same writer.
#[derive(Clone, Debug)]
pub struct Ledger {
    jobs: mpsc::Sender<Job>,
    grown: Arc<Notify>,
    fork: Fork,
}

/// What was found and decided, and may not leave yet.
#[derive(Debug)]
pub struct Decided<T> {
    /// The sharing epoch that the decision saw.
    pub epoch: i64,
    /// The database's time at which it was decided.
    pub now: Instant,
    /// What would leave.
    pub content: T,
    /// What must be on record first.
    pub events: Vec<Event>,
}

impl<T> Decided<T> {
    /// Returns the same decision over something else made of the content.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Decided<U> {
        Decided {
            epoch: self.epoch,
            now: self.now,
            content: make(self.content),
            events: self.events,
        }
    }
}

impl<T> Decided<Option<T>> {
    /// Returns the same decision; where nothing was found, with the attempt on record. What does not exist and what may
    /// not be seen are recorded alike.
    #[must_use]
    pub fn or_denied(mut self, asked: &impl std::fmt::Display) -> Self {
        if self.content.is_none() {
            self.events.push(Event::AccessDenied {
                code: Error::NotFound.code(),
                object: Some(asked.to_string()),
            });
        }
        self
    }
}

/// Content that may leave: its audit events are durable. Only the ledger can make one.
#[derive(Debug)]
pub struct Released<T> {
    content: T,
    recorded: Vec<RecordedEvent>,
}

/// An event that is durable.
#[derive(Clone, Debug)]
pub struct RecordedEvent {
    /// The event's id, as text.
    pub event: String,
    /// The leaf's hash.
    pub leaf_hash: Digest,
}

impl<T> Released<T> {
    /// Returns the content, and the events that record its release, in the order in which they were handed in.
    pub fn into_parts(self) -> (T, Vec<RecordedEvent>) {
        (self.content, self.recorded)
    }

    /// Returns the content.
    pub fn content(self) -> T {
        self.content
    }
}

/// Why events were not recorded.
#[derive(Debug)]
pub enum RecordingError {
    /// Some sharing has ended since the decision: decide again.
    Stale,
    /// The log cannot be written, or is a fork: release nothing.
    Refused(Refusal),
}

#[derive(Debug)]
struct Job {
    epoch: i64,
    rows: Vec<audit_event::Model>,
    done: oneshot::Sender<Result<(), RecordingError>>,
}

impl Ledger {
    /// Starts the writer on this runtime; it ends when the last clone of the ledger is dropped.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let grown = Arc::new(Notify::new());
        let fork = Fork::default();
        tokio::spawn(write(store, queue, Arc::clone(&grown), fork.clone()));
        Self { jobs, grown, fork }
    }

    /// Records the events and then releases the content.
    ///
    /// # Errors
    /// [`RecordingError`]: nothing was released.
    pub async fn release<T>(
        &self,
        decided: Decided<T>,
        agent: &Agent,
        meta: &RequestMeta,
    ) -> Result<Released<T>, RecordingError> {
        self.fork.refuse().map_err(RecordingError::Refused)?;
        self.fork
            .meets_time(decided.now)
            .map_err(RecordingError::Refused)?;
        self.fork.remember(decided.epoch);
        let rows = decided
            .events
            .into_iter()
            .map(|event| {
                Leaf::new(event, agent, meta, decided.now).into_row(meta.address.as_deref())
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| RecordingError::Refused(Refusal::internal(fault)))?;
        let recorded = rows
            .iter()
            .map(|row| RecordedEvent {
                event: row.id.to_string(),
                leaf_hash: tree::leaf_hash(row.leaf.as_bytes()),
            })
            .collect();
        self.record(decided.epoch, rows).await?;
        Ok(Released {
            content: decided.content,
            recorded,
        })
    }

    /// Records events that release nothing, such as refusals, under whatever epoch is in force: all of them or none.
    ///
    /// # Errors
    /// `UNAVAILABLE`: they are not on record.
    async fn note(
        &self,
        store: &Store,
        events: Vec<Event>,
        agent: &Agent,
        meta: &RequestMeta,
    ) -> Result<()> {
        loop {
            let decided = Decided {
                epoch: store.epoch().await?,
                now: store.ping().await?,
                content: (),
                events: events.clone(),
            };
            match self.release(decided, agent, meta).await {
                Ok(_) => return Ok(()),
                Err(RecordingError::Stale) => {}
                Err(RecordingError::Refused(refusal)) => return Err(refusal),
            }
        }
    }

    /// Puts the refused attempts of one request on record, together: however many they are, the log is written to once.
    /// Whoever tried is refused all the same: where the log does not take them, the program's own log says so.
    pub async fn deny(
        &self,
        store: &Store,
        agent: &Agent,
        meta: &RequestMeta,
        attempts: Vec<Event>,
    ) {
        if attempts.is_empty() {
            return;
        }
        if self.note(store, attempts, agent, meta).await.is_err() {
            let request = &meta.request;
            error!(request, "a denied attempt could not be recorded");
        }
    }

    async fn record(
        &self,
        epoch: i64,
        rows: Vec<audit_event::Model>,
    ) -> Result<(), RecordingError> {
        let (done, answer) = oneshot::channel();
        let job = Job { epoch, rows, done };
        if let Err(full) = self.jobs.try_send(job) {
            return Err(RecordingError::Refused(Refusal::unavailable(
                LedgerOverloadedError(full.to_string()),
            )));
        }
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(gone)) => Err(RecordingError::Refused(Refusal::unavailable(gone))),
            Err(late) => Err(RecordingError::Refused(Refusal::unavailable(late))),
        }
    }

    /// Returns what is known of a fork.
    #[must_use]
    pub fn fork(&self) -> &Fork {
        &self.fork
    }

    /// Tells the integrator that the log has grown.
    pub fn has_grown(&self) {
        self.grown.notify_one();
    }

    /// Returns what the integrator waits for.
    #[must_use]
    pub fn growth(&self) -> Arc<Notify> {
        Arc::clone(&self.grown)
    }
}

/// The writer cannot keep up.
#[derive(Debug, thiserror::Error)]
#[error("the ledger's queue does not take more: {0}")]
struct LedgerOverloadedError(String);

async fn write(store: Store, mut queue: mpsc::Receiver<Job>, grown: Arc<Notify>, fork: Fork) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let jobs = std::mem::take(&mut batch);
        let before = fork.highest();
        let committed = commit(&store, &jobs).await.map_err(Refusal::from);
        let recorded = committed.and_then(|epoch| {
            fork.meets(before, epoch);
            fork.refuse().map(|()| epoch)
        });
        match recorded {
            Ok(epoch) => {
                for job in jobs {
                    let answer = if job.epoch == epoch {
                        Ok(())
                    } else {
                        Err(RecordingError::Stale)
                    };
                    // A client that has gone away waits for no answer.
                    let _ = job.done.send(answer);
                }
                grown.notify_one();
            }
            Err(refusal) => {
                for job in jobs {
                    let _ = job.done.send(Err(RecordingError::Refused(refusal.clone())));
                }
            }
        }
    }
}

/// Commits the events of every job that was decided under the epoch in force, and says which epoch that is.
async fn commit(store: &Store, jobs: &[Job]) -> Result<i64, DbErr> {
    if store.backend == DbBackend::Postgres {
        let transaction = sharing_lock::hold(store, SharingLock::Shared).await?;
        let epoch = insert_under_epoch(&transaction, jobs).await?;
        transaction.commit().await?;
        return Ok(epoch);
    }
    let LockedTransaction {
        transaction, epoch, ..
    } = sharing_lock::open(store, SharingLock::Shared).await?;
    let rows: Vec<&audit_event::Model> = jobs
        .iter()
        .filter(|job| job.epoch == epoch)
        .flat_map(|job| &job.rows)
        .collect();
    insert(&transaction, &rows).await?;
    transaction.commit().await?;
    Ok(epoch)
}

/// Writes audit events within a transaction.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    rows: &[&audit_event::Model],
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    if transaction.get_database_backend() == DbBackend::Postgres {
        return insert_columns(transaction, rows).await;
    }
    // SQLite takes at most 32,766 values a statement.
    for some in rows.chunks(1000) {
        let models = some.iter().map(|row| (*row).clone().into_active_model());
        audit_event::Entity::insert_many(models)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// Inserts events by one statement whatever their number, so that PostgreSQL plans it once.
async fn insert_columns(
    transaction: &DatabaseTransaction,
    rows: &[&audit_event::Model],
) -> Result<(), DbErr> {
    const STATEMENT: &str = "INSERT INTO audit_event \
        (id, recorded_at, agency_id, recipient_id, kind, outcome, leaf, leaf_hash, address, salt, disclosed_under) \
        SELECT * FROM json_to_recordset($1::json) AS event \
        (id uuid, recorded_at bigint, agency_id uuid, recipient_id uuid, kind text, outcome text, leaf text, \
         leaf_hash bytea, address text, salt bytea, disclosed_under uuid)";
    let events = rows.iter().map(|row| columns(row)).collect();
    let statement = over(STATEMENT, events);
    transaction.execute_raw(statement).await.map(|_| ())
}

/// Writes the events that were decided under the epoch in force, and says which epoch that is, in one round trip.
async fn insert_under_epoch(transaction: &DatabaseTransaction, jobs: &[Job]) -> Result<i64, DbErr> {
    const STATEMENT: &str = "WITH in_force AS (SELECT epoch FROM sharing_epoch), \
        written AS (INSERT INTO audit_event \
        (id, recorded_at, agency_id, recipient_id, kind, outcome, leaf, leaf_hash, address, salt, disclosed_under) \
        SELECT id, recorded_at, agency_id, recipient_id, kind, outcome, leaf, leaf_hash, address, salt, \
         disclosed_under \
        FROM in_force JOIN json_to_recordset($1::json) AS event \
        (epoch bigint, id uuid, recorded_at bigint, agency_id uuid, recipient_id uuid, kind text, outcome text, \
         leaf text, leaf_hash bytea, address text, salt bytea, disclosed_under uuid) USING (epoch)) \
        SELECT epoch FROM in_force";
    let mut events = Vec::new();
    for job in jobs {
        for row in &job.rows {
            let mut event = columns(row);
            if let Some(event) = event.as_object_mut() {
                event.insert("epoch".to_owned(), job.epoch.into());
            }
            events.push(event);
        }
    }
    transaction
        .query_one_raw(over(STATEMENT, events))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?
        .try_get("", "epoch")
}

/// Returns a statement over events, which travel as text: the driver would send a JSON value as `jsonb`, another type.
fn over(statement: &str, events: Vec<serde_json::Value>) -> Statement {
    let text = serde_json::Value::Array(events).to_string();
    Statement::from_sql_and_values(DbBackend::Postgres, statement, [text.into()])
}

fn columns(row: &audit_event::Model) -> serde_json::Value {
    serde_json::json!({
        "id": row.id.0,
        "recorded_at": row.recorded_at.0,
        "agency_id": row.agency_id.map(|id| id.0),
        "recipient_id": row.recipient_id.map(|id| id.0),
        "kind": row.kind,
        "outcome": row.outcome,
        "leaf": row.leaf,
        "leaf_hash": bytea(&row.leaf_hash),
        "address": row.address,
        "salt": row.salt.as_deref().map(bytea),
        "disclosed_under": row.disclosed_under,
    })
}

fn bytea(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}
