//! Write before release: nothing leaves before its audit event is durable.
//!
//! Many requests' events are recorded together (group commit): on PostgreSQL by one statement, which takes the sharing
//! lock, looks whether the sharing epoch is still the one that each decision saw, and commits by itself, so that nobody
//! who stalls holds the lock. A request that was decided under another epoch is told so, and starts again. So the log
//! never shows a disclosure after the revocation that forbids it, and no lock is held per row. Whoever was overtaken
//! twice reads again while holding the lock ([`Ledger::hold`]): then no ending can come between, and the reading ends.
//!
//! The steps are those of the protocol's model (`tests/model`): `RecordBatch`, `Release`, `ReadHoldingLock`.

use std::sync::Arc;
use std::time::Duration;

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use sea_orm::{DbBackend, DbErr};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use tracing::error;

use super::event::{Agent, Event, RequestMeta};
use super::fair_queue::FairQueue;
use super::fork::Fork;
use super::leaf::{AuditRecord, Leaf};
use super::tree::Digest;
use super::written::{self, UnderEpoch};
use crate::error::{Error, Refusal, Result, may_pass};
use crate::seal::housekeeping::Housekeeping;
use crate::store::Store;
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};
use crate::store::standby::Standby;
use crate::telemetry;

/// How many events one statement records at most, or those of one request.
const BATCH: usize = 256;
/// How long the writer lets events gather where several came at once the last time: a statement of one event costs the
/// database almost as much as one of eight.
const GATHERING: Duration = Duration::from_millis(1);
/// How long a request waits for its events to be durable before it is refused.
const PATIENCE: Duration = Duration::from_secs(4);
/// How many reads may hold the sharing lock at once, each with a connection of its own beside the one that it reads by.
const HOLDING: usize = 4;

/// The way to the audit log. Cheap to clone; every clone feeds the same writer.
#[derive(Clone, Debug)]
pub struct Ledger {
    jobs: Arc<Entrance>,
    grown: Arc<Notify>,
    fork: Fork,
    holding: Arc<Semaphore>,
    housekeeping: Housekeeping,
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

    /// Returns the same decision, with further records on record that leave with it.
    #[must_use]
    pub fn naming(mut self, records: impl IntoIterator<Item = String>) -> Self {
        let listed = self.events.iter_mut().find_map(|event| {
            if let Event::RecordsListed(listed) = event {
                Some(listed)
            } else {
                None
            }
        });
        if let Some(listed) = listed {
            for record in records {
                if !listed.contains(&record) {
                    listed.push(record);
                }
            }
        } else {
            let records: Vec<String> = records.into_iter().collect();
            if !records.is_empty() {
                self.events.push(Event::RecordsListed(records));
            }
        }
        self
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
    /// Some sharing has ended since the decision: decide again. The protocol's step `ReadAgain`.
    Stale,
    /// The log cannot be written, or is a fork: release nothing.
    Refused(Refusal),
}

type Jobs = FairQueue<Option<AgencyId>, Job>;

/// Where jobs come in. Once it is gone, no more do.
#[derive(Debug)]
struct Entrance(Arc<Jobs>);

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The events of one request, which are recorded together or not at all.
#[derive(Debug)]
struct Job {
    /// The epoch under which it was decided; none where nothing is released.
    epoch: Option<i64>,
    records: Vec<AuditRecord>,
    done: oneshot::Sender<Result<(), RecordingError>>,
}

impl Ledger {
    /// Starts the writer on this runtime; it ends when the last clone of the ledger is dropped.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let jobs = Arc::new(Jobs::new());
        let ledger = Self {
            jobs: Arc::new(Entrance(Arc::clone(&jobs))),
            grown: Arc::new(Notify::new()),
            fork: Fork::default(),
            holding: Arc::new(Semaphore::new(HOLDING)),
            housekeeping: Housekeeping::default(),
        };
        tokio::spawn(supervise(Writer {
            store,
            jobs,
            grown: Arc::clone(&ledger.grown),
            fork: ledger.fork.clone(),
        }));
        ledger
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
        self.fork.refuse()?;
        self.fork.meets_time(decided.now)?;
        self.fork.remember(decided.epoch);
        let records = records(decided.events, agent, meta, decided.now)?;
        let recorded = records.iter().map(RecordedEvent::from).collect();
        if records.is_empty() {
            // No record is told of: there is nothing that would have to be durable first.
            return Ok(Released {
                content: decided.content,
                recorded,
            });
        }
        self.record(Some(decided.epoch), agent, records).await?;
        telemetry::released();
        Ok(Released {
            content: decided.content,
            recorded,
        })
    }

    /// Puts the refused attempts of one request on record, together: however many they are, the log is written to once,
    /// under whatever epoch is in force. Whoever tried is refused all the same: where the log does not take them, the
    /// program's own log says so.
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
        if self.note(store, agent, meta, attempts).await.is_err() {
            let request = &meta.request;
            error!(request, "a denied attempt could not be recorded");
        }
    }

    /// Puts events on record that release nothing, under whatever epoch is in force.
    ///
    /// # Errors
    /// [`RecordingError`].
    pub(super) async fn note(
        &self,
        store: &Store,
        agent: &Agent,
        meta: &RequestMeta,
        events: Vec<Event>,
    ) -> Result<(), RecordingError> {
        let now = store.ping().await.map_err(Refusal::from)?;
        let records = records(events, agent, meta, now)?;
        self.record(None, agent, records).await
    }

    /// Takes the sharing lock, for a read that is decided and recorded while nothing can end.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn hold(&self, store: &Store) -> Result<HeldLock<'_>> {
        self.fork.refuse()?;
        let permit = timeout(PATIENCE, Arc::clone(&self.holding).acquire_owned())
            .await
            .map_err(Refusal::unavailable)?
            .map_err(Refusal::unavailable)?;
        let before = self.fork.highest();
        let locked = sharing_lock::open(store, SharingLock::Shared).await?;
        self.fork.meets(before, locked.epoch);
        self.fork.refuse()?;
        Ok(HeldLock {
            ledger: self,
            locked,
            standby: store.standby.clone(),
            _permit: permit,
        })
    }

    async fn record(
        &self,
        epoch: Option<i64>,
        agent: &Agent,
        records: Vec<AuditRecord>,
    ) -> Result<(), RecordingError> {
        let (done, answer) = oneshot::channel();
        let job = Job {
            epoch,
            records,
            done,
        };
        self.jobs
            .0
            .push(agent.agency, job)
            .map_err(Refusal::unavailable)?;
        match timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(gone)) => Err(Refusal::unavailable(gone).into()),
            Err(late) => Err(Refusal::unavailable(late).into()),
        }
    }

    /// Returns how many requests' events wait in memory to be recorded.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        u32::try_from(self.jobs.0.length()).unwrap_or(u32::MAX)
    }

    /// Returns what is known of a fork.
    #[must_use]
    pub fn fork(&self) -> &Fork {
        &self.fork
    }

    /// Returns what cleans up behind endings.
    #[must_use]
    pub fn housekeeping(&self) -> &Housekeeping {
        &self.housekeeping
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

/// The sharing lock, held by a read that was overtaken: no sharing ends before it is dropped.
pub struct HeldLock<'l> {
    ledger: &'l Ledger,
    locked: LockedTransaction,
    standby: Standby,
    _permit: OwnedSemaphorePermit,
}

impl HeldLock<'_> {
    /// Records the events of what was decided under this lock, and then releases the content.
    ///
    /// # Errors
    /// [`RecordingError`]: nothing was released.
    pub async fn release<T>(
        self,
        decided: Decided<T>,
        agent: &Agent,
        meta: &RequestMeta,
    ) -> Result<Released<T>, RecordingError> {
        if decided.epoch != self.locked.epoch {
            return Err(RecordingError::Stale);
        }
        self.ledger.fork.meets_time(decided.now)?;
        let records = records(decided.events, agent, meta, decided.now)?;
        let all: Vec<&AuditRecord> = records.iter().collect();
        written::within(&self.locked.transaction, &all)
            .await
            .map_err(Refusal::from)?;
        let committing = self.locked.transaction.commit();
        let committed = self.standby.confirms(committing).await;
        committed.map_err(Refusal::from)?;
        self.ledger.has_grown();
        telemetry::recorded(all.len());
        telemetry::released();
        Ok(Released {
            content: decided.content,
            recorded: all.into_iter().map(RecordedEvent::from).collect(),
        })
    }
}

impl From<&AuditRecord> for RecordedEvent {
    fn from(record: &AuditRecord) -> Self {
        Self {
            event: record.row.id.to_string(),
            leaf_hash: record.leaf_hash,
        }
    }
}

impl From<Refusal> for RecordingError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn records(
    events: Vec<Event>,
    agent: &Agent,
    meta: &RequestMeta,
    now: Instant,
) -> Result<Vec<AuditRecord>> {
    events
        .into_iter()
        .map(|event| Leaf::new(event, agent, meta, now).into_record(meta.address.as_deref()))
        .collect::<Result<_, _>>()
        .map_err(Refusal::internal)
}

/// The one that records what all clones of a ledger hand in.
#[derive(Clone)]
struct Writer {
    store: Store,
    jobs: Arc<Jobs>,
    grown: Arc<Notify>,
    fork: Fork,
}

/// Runs the writer, and another one should it fail: whose events it had are refused, and the others go on.
async fn supervise(writer: Writer) {
    while let Err(fault) = tokio::spawn(writer.clone().run()).await {
        if fault.is_cancelled() {
            return;
        }
        error!(%fault, "the ledger's writer failed, and is started again");
    }
}

impl Writer {
    async fn run(self) {
        let mut gathers = false;
        loop {
            if gathers {
                sleep(GATHERING).await;
            }
            let jobs = self.jobs.take(BATCH, |job| job.records.len()).await;
            if jobs.is_empty() {
                return;
            }
            gathers = jobs.len() > 1;
            self.record(jobs).await;
        }
    }

    /// Records a batch and answers each of its requests. One that the database refuses is halved until the bad event is
    /// alone, so that it fails nobody else's.
    async fn record(&self, jobs: Vec<Job>) {
        let mut batches = vec![jobs];
        while let Some(mut jobs) = batches.pop() {
            let before = self.fork.highest();
            match self.commit(&jobs).await {
                Ok(epoch) => {
                    telemetry::recorded(jobs.iter().map(|job| job.records.len()).sum());
                    self.fork.meets(before, epoch);
                    answer(jobs, epoch, &self.fork.refuse());
                    self.grown.notify_one();
                }
                Err(fault) if jobs.len() > 1 && !may_pass(&fault) => {
                    batches.push(jobs.split_off(jobs.len() / 2));
                    batches.push(jobs);
                }
                Err(fault) => {
                    let refusal = Refusal::from(fault);
                    for job in jobs {
                        let _ = job.done.send(Err(refusal.clone().into()));
                    }
                }
            }
        }
    }

    /// Commits the events of every job that was decided under the epoch in force, and says which epoch that is.
    async fn commit(&self, jobs: &[Job]) -> Result<i64, DbErr> {
        let records: Vec<UnderEpoch<'_>> = jobs
            .iter()
            .flat_map(|job| job.records.iter().map(|record| (job.epoch, record)))
            .collect();
        if self.store.backend != DbBackend::Postgres {
            return self.commit_locked(&records).await;
        }
        let (write, standby) = (&self.store.write, &self.store.standby);
        standby.check()?;
        if standby.is_demanded() {
            // Once: what is there already is not written again, and so nobody would wait for the standby to have it.
            let recording = write.in_time(written::under_epoch(write, &records));
            return standby.confirms(recording).await;
        }
        // Made again where the connection broke: what was written by then is not written again.
        write.repeat(|| written::under_epoch(write, &records)).await
    }

    /// The same in a transaction. SQLite has one writer, so that whoever has it holds the lock.
    async fn commit_locked(&self, records: &[UnderEpoch<'_>]) -> Result<i64, DbErr> {
        let LockedTransaction {
            transaction, epoch, ..
        } = sharing_lock::open(&self.store, SharingLock::Shared).await?;
        let under_it: Vec<&AuditRecord> = records
            .iter()
            .filter(|(decided, _)| decided.is_none_or(|decided| decided == epoch))
            .map(|(_, record)| *record)
            .collect();
        written::within(&transaction, &under_it).await?;
        transaction.commit().await?;
        Ok(epoch)
    }
}

/// Answers the requests of a batch that was recorded under `epoch`. A client that has gone away waits for no answer.
fn answer(jobs: Vec<Job>, epoch: i64, known: &Result<()>) {
    for job in jobs {
        let answer = match known {
            Err(refusal) => Err(refusal.clone().into()),
            Ok(()) if job.epoch.is_some_and(|decided| decided != epoch) => {
                Err(RecordingError::Stale)
            }
            Ok(()) => Ok(()),
        };
        let _ = job.done.send(answer);
    }
}
