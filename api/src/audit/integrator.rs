//! The one integrator: it takes committed events into the tree, and signs what the tree has become.
//!
//! Events are recorded without a place, each with a row that says that it waits, so that nobody waits for the tree.
//! Whichever replica's integrator holds the lock takes such rows away, gives their events the next places, the tree their
//! hashes and the head its size and root, all in one transaction or not at all (`Integrate` in the protocol's model). No
//! number or time says what is new, as an event may commit after one that was numbered later: only the row does. A checkpoint is signed only of a size and root that are committed, and only where they
//! extend what was signed before: a tree that somebody rewrote gets no signature.

use std::sync::Arc;
use std::time::Duration;

use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;
use concord_entities::{audit_checkpoint, audit_tree};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    SqliteTransactionMode, Statement, TransactionOptions,
};
use tokio::sync::{Notify, watch};
use tokio::time::{self, sleep, timeout};

use super::change_feed::{self, Placed};
use super::checkpoint::{CheckpointError, LedgerKey};
use super::fork::Fork;
use super::proof::{check_consistency, prove_consistency, tiles_for_consistency};
use super::tree::{self, Digest, Head, TreeError};
use super::{stored, witness};
use crate::store::Store;
use crate::store::advisory_lock::AdvisoryLock;

/// How long events gather before they are integrated.
const GATHERING: Duration = Duration::from_millis(100);
/// How long to wait for a sign of growth; another replica's events give none. Also how long a fault is left alone.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long integrating may take before its connection is given up.
const STUCK: Duration = Duration::from_secs(30);
/// How far checkpoints are apart, by whichever replica: the newest covers all but the last few seconds' events.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(5);
/// How long the end may wait for what is left.
const FAREWELL: Duration = Duration::from_secs(5);

/// Why events could not be integrated, or a checkpoint not signed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum IntegrationError {
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Database(#[from] DbErr),
    /// The stored tree cannot grow.
    #[error("the stored audit tree cannot be used: {0}: run `concord audit verify`")]
    Tree(#[from] TreeError),
    /// The stored head is not that of the stored tiles.
    #[error(
        "the stored head of the audit tree does not belong to its tiles: run `concord audit verify`"
    )]
    Head,
    /// The tree does not begin with what was signed.
    #[error(
        "the audit tree does not extend its last checkpoint, so nothing is signed: run `concord audit verify`"
    )]
    Rewritten,
    /// An event cannot be taken in.
    #[error("audit event {0} waits with a leaf hash that is none: run `concord audit verify`")]
    Event(AuditEventId),
    /// The signing failed.
    #[error("the checkpoint: {0}")]
    Signing(#[from] CheckpointError),
}

impl IntegrationError {
    /// Returns whether the ledger is not what was signed, rather than out of reach.
    #[must_use]
    pub fn is_the_ledgers(&self) -> bool {
        match self {
            Self::Tree(_) | Self::Head | Self::Rewritten | Self::Event(_) => true,
            Self::Database(_) | Self::Signing(_) => false,
        }
    }
}

/// What one transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrated {
    /// It gave this many events their index, and there may be more.
    Full(usize),
    /// It gave this many events their index; there were no more.
    Last(usize),
    /// Another integrator is at work.
    Elsewhere,
}

/// Integrates and signs until `stop` becomes true or its sender is gone, and settles what is left then. What is `signed` is
/// handed on. Faults are logged and tried again; one of the ledger itself makes a fork known.
pub async fn run(
    store: Store,
    key: Arc<LedgerKey>,
    growth: Arc<Notify>,
    signed: watch::Sender<String>,
    fork: Fork,
    mut stop: watch::Receiver<bool>,
) {
    let mut pace = Pace::default();
    let mut wait = Duration::ZERO;
    loop {
        let next = async {
            sleep(wait).await;
            // Without a sign of growth, the time that is up is reason enough to look.
            let _ = timeout(PATIENCE, growth.notified()).await;
            sleep(GATHERING).await;
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = next => {}
        }
        wait = match timeout(STUCK, advance(&store, &key, &mut pace, &signed)).await {
            Ok(Ok(())) => Duration::ZERO,
            Err(_) => {
                tracing::error!("the audit log was not integrated: the database does not answer");
                PATIENCE
            }
            Ok(Err(fault)) => {
                tracing::error!(%fault, "the audit log was not integrated");
                if fault.is_the_ledgers() {
                    fork.find(&fault);
                }
                PATIENCE
            }
        };
    }
    match timeout(FAREWELL, settle(&store, &key)).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => tracing::error!(%fault, "the audit log was not integrated at the end"),
        Err(_) => tracing::warn!("the last audit events wait for the next start to be integrated"),
    }
}

/// Integrates everything that is recorded now, and signs it at once.
///
/// # Errors
/// [`IntegrationError`].
pub async fn settle(store: &Store, key: &LedgerKey) -> Result<(), IntegrationError> {
    loop {
        match integrate(store).await? {
            Integrated::Full(_) => {}
            Integrated::Elsewhere => sleep(Duration::from_millis(10)).await,
            Integrated::Last(_) => break,
        }
    }
    // Another integrator may grow the tree in between; then the next attempt signs what it has become.
    while let Some(row) = stored::head(&store.write).await? {
        if covered(&row, key) || sign(store, key, &row).await?.is_some() {
            break;
        }
    }
    Ok(())
}

async fn advance(
    store: &Store,
    key: &LedgerKey,
    pace: &mut Pace,
    signed: &watch::Sender<String>,
) -> Result<(), IntegrationError> {
    loop {
        let step = integrate(store).await?;
        if let Some(row) = stored::head(&store.write).await?
            && pace.is_due(&row.note)
            && !covered(&row, key)
            && let Some(note) = sign(store, key, &row).await?
        {
            signed.send_replace(note.clone());
            pace.signed(note);
        }
        if !matches!(step, Integrated::Full(_)) {
            return Ok(());
        }
    }
}

/// When the next checkpoint is due. Every signature that is seen starts the wait anew, whoever gave it.
#[derive(Default)]
struct Pace {
    newest: Option<(String, time::Instant)>,
}

impl Pace {
    fn is_due(&mut self, note: &str) -> bool {
        match &self.newest {
            Some((newest, since)) if newest == note => since.elapsed() >= BETWEEN_CHECKPOINTS,
            Some(_) => {
                self.signed(note.to_owned());
                false
            }
            None => true,
        }
    }

    fn signed(&mut self, note: String) {
        self.newest = Some((note, time::Instant::now()));
    }
}

/// Takes the oldest events that have no index into the tree: all of a batch or none.
///
/// # Errors
/// [`IntegrationError`].
pub async fn integrate(store: &Store) -> Result<Integrated, IntegrationError> {
    let transaction = begin(store).await?;
    if !holds_the_lock(&transaction, store.backend).await? {
        transaction.rollback().await?;
        return Ok(Integrated::Elsewhere);
    }
    // SQLite has one writer, whom a small batch does not keep for long.
    let batch: u64 = if store.backend == DbBackend::Postgres {
        1000
    } else {
        500
    };
    let events = take_waiting(&transaction, batch).await?;
    if events.is_empty() {
        transaction.rollback().await?;
        return Ok(Integrated::Last(0));
    }
    grow(&transaction, &events).await?;
    transaction.commit().await?;
    let taken = events.len();
    let full = u64::try_from(taken).is_ok_and(|taken| taken == batch);
    Ok(if full {
        Integrated::Full(taken)
    } else {
        Integrated::Last(taken)
    })
}

async fn begin(store: &Store) -> Result<DatabaseTransaction, DbErr> {
    store
        .write
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await
}

async fn holds_the_lock(
    transaction: &DatabaseTransaction,
    backend: DbBackend,
) -> Result<bool, DbErr> {
    if backend != DbBackend::Postgres {
        return Ok(true);
    }
    let lock = "SELECT pg_try_advisory_xact_lock($1) AS held";
    let lock =
        Statement::from_sql_and_values(backend, lock, [AdvisoryLock::Integrating.number().into()]);
    let row = transaction.query_one_raw(lock).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the integrator's lock".to_owned()))?
        .try_get("", "held")
}

async fn grow(
    transaction: &DatabaseTransaction,
    events: &[WaitingEvent],
) -> Result<(), IntegrationError> {
    let head = match stored::head(transaction).await? {
        Some(row) => stored::size_and_root(&row).ok_or(IntegrationError::Head)?,
        None => Head::EMPTY,
    };
    let edge = stored::tiles(transaction, tree::edge(head.size)).await?;
    if tree::root(head.size, &edge)? != head.root {
        return Err(IntegrationError::Head);
    }
    let leaves: Vec<Digest> = events.iter().map(|one| one.leaf_hash).collect();
    let grown = tree::grow(head.size, &edge, &leaves)?;
    stored::keep_tiles(transaction, grown.changed).await?;
    place(transaction, head.size, events).await?;
    change_feed::write(transaction, &placed(head.size, events)).await?;
    stored::keep_head(transaction, grown.head).await?;
    Ok(())
}

/// An event that waited for its place.
struct WaitingEvent {
    recorded_at: Instant,
    id: AuditEventId,
    leaf_hash: Digest,
    /// What it changed, as JSON.
    changed: Option<String>,
}

/// Takes away the rows of the events that wait longest, in the order of their times by the database's clock: of what was
/// told before an ending and that ending, the ending never comes first.
async fn take_waiting(
    transaction: &DatabaseTransaction,
    most: u64,
) -> Result<Vec<WaitingEvent>, IntegrationError> {
    let take = "DELETE FROM audit_waiting WHERE (recorded_at, event_id) IN \
         (SELECT recorded_at, event_id FROM audit_waiting ORDER BY recorded_at, event_id LIMIT $1) \
         RETURNING recorded_at, event_id, leaf_hash, changed";
    let values = [stored::in_column(most)?.into()];
    let backend = transaction.get_database_backend();
    let rows = transaction
        .query_all_raw(Statement::from_sql_and_values(backend, take, values))
        .await?;
    let mut events = rows
        .iter()
        .map(|row| {
            let id: AuditEventId = row.try_get("", "event_id")?;
            let hash: Vec<u8> = row.try_get("", "leaf_hash")?;
            let hash = hash.try_into().map_err(|_| IntegrationError::Event(id))?;
            Ok(WaitingEvent {
                recorded_at: row.try_get("", "recorded_at")?,
                id,
                leaf_hash: Digest(hash),
                changed: row.try_get("", "changed")?,
            })
        })
        .collect::<Result<Vec<_>, IntegrationError>>()?;
    events.sort_unstable_by_key(|one| (one.recorded_at, one.id));
    Ok(events)
}

/// Returns the events that changed something, with the places that they get from `first` on.
fn placed(first: u64, events: &[WaitingEvent]) -> Vec<Placed<'_>> {
    (first..)
        .zip(events)
        .filter_map(|(place, event)| {
            Some(Placed {
                place,
                at: event.recorded_at,
                changed: event.changed.as_deref()?,
            })
        })
        .collect()
}

/// Gives the events the places from `first` on, by one statement whatever their number. The protocol's step
/// `CommitPlaces` is this and the commit.
async fn place(
    transaction: &DatabaseTransaction,
    first: u64,
    events: &[WaitingEvent],
) -> Result<(), IntegrationError> {
    let backend = transaction.get_database_backend();
    let insert = if backend == DbBackend::Postgres {
        "INSERT INTO audit_place (leaf_index, event_id) SELECT $2 + event.n - 1, event.id::uuid \
         FROM json_array_elements_text($1::text::json) WITH ORDINALITY AS event (id, n)"
    } else {
        "INSERT INTO audit_place (leaf_index, event_id) SELECT $2 + event.key, unhex(event.value) \
         FROM json_each($1) AS event"
    };
    let ids: Vec<String> = events
        .iter()
        .map(|one| one.id.0.simple().to_string())
        .collect();
    let ids = serde_json::Value::from(ids).to_string();
    let values = [ids.into(), stored::in_column(first)?.into()];
    transaction
        .execute_raw(Statement::from_sql_and_values(backend, insert, values))
        .await?;
    Ok(())
}

/// Returns whether the newest checkpoint covers every integrated event.
fn covered(row: &audit_tree::Model, key: &LedgerKey) -> bool {
    let signed = key.public().open(&row.note).ok();
    signed.is_some_and(|signed| stored::size_and_root(row) == Some(signed.head))
}

/// Signs the head that was read, which is committed. None where the tree has grown meanwhile.
async fn sign(
    store: &Store,
    key: &LedgerKey,
    row: &audit_tree::Model,
) -> Result<Option<String>, IntegrationError> {
    let head = stored::size_and_root(row).ok_or(IntegrationError::Head)?;
    // A note that this key did not sign (the first one) binds it to nothing; one under an earlier name does.
    let signed = key
        .origins()
        .open(&row.note)
        .map_or(Head::EMPTY, |signed| signed.head);
    extends(store, signed, head).await?;
    if !extends_the_witness(store, head).await? {
        return Ok(None);
    }
    // Before there is a signature: whoever holds one can hold every later copy of this store against the witness.
    witness::keep(&store.keyring, head).await?;
    let note = key.sign(head)?;
    let transaction = begin(store).await?;
    let kept = audit_tree::Entity::sign(row.size, &note)
        .exec(&transaction)
        .await?;
    if kept.rows_affected == 0 {
        transaction.rollback().await?;
        return Ok(None);
    }
    let checkpoint = audit_checkpoint::Model {
        size: row.size,
        signed_at: store.ping().await?,
        note: note.clone(),
    };
    audit_checkpoint::Entity::insert(checkpoint.into_active_model())
        .on_conflict(
            OnConflict::column(audit_checkpoint::Column::Size)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(Some(note))
}

/// Returns whether the tree with this head begins with what was witnessed; not where another integrator has witnessed a
/// later one meanwhile.
async fn extends_the_witness(store: &Store, head: Head) -> Result<bool, IntegrationError> {
    let witnessed = witness::newest(&store.keyring).await?;
    if witnessed.size <= head.size {
        extends(store, witnessed, head).await?;
        return Ok(true);
    }
    let row = stored::head(&store.write).await?;
    match row.as_ref().and_then(stored::size_and_root) {
        Some(now) if now.size >= witnessed.size => Ok(false),
        Some(_) | None => Err(IntegrationError::Rewritten),
    }
}

/// Checks that the stored tiles show that the tree with the head `new` begins with the one that was signed.
async fn extends(store: &Store, signed: Head, new: Head) -> Result<(), IntegrationError> {
    let rewritten = |_| IntegrationError::Rewritten;
    let wanted = tiles_for_consistency(signed.size, new.size).map_err(rewritten)?;
    let tiles = stored::tiles(&store.write, wanted).await?;
    if tree::root(new.size, &tiles)? != new.root {
        return Err(IntegrationError::Head);
    }
    let proof = prove_consistency(signed.size, new.size, &tiles)?;
    check_consistency(&proof, signed, new).map_err(rewritten)
}
