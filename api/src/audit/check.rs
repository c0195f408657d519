//! The whole ledger, read again from the database and held against its tiles and its checkpoints.
//!
//! It is held to what it was at one moment: the head, the tiles at its right edge and the checkpoints are read from one
//! short snapshot. Below that size nothing changes any more, so that the events are read page by page, in bounded memory,
//! while the ledger grows.

use std::collections::HashMap;
use std::fmt;

use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;
use concord_entities::{audit_checkpoint, audit_event, audit_place, audit_waiting};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult,
    IsolationLevel, PaginatorTrait, QuerySelect, Statement,
};
use uuid::Uuid;

use super::checkpoint::{Checkpoint, CheckpointError, LedgerOrigins};
use super::leaf::{Leaf, commitment};
use super::stored;
use super::tree::{self, Head, Tiles, leaf_hash};
use super::verify::{LedgerError, LedgerFaultError, LedgerVerifier};
use super::witness::{self, BehindError};
use crate::store::Store;

/// The rows that are read at a time.
const PAGE: u64 = 2000;

/// A ledger in which everything agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedLedger {
    /// Its size and root, computed anew.
    pub head: Head,
    /// How many of its events a signed checkpoint vouches for: the newest lag by a few seconds.
    pub signed: Option<u64>,
    /// How many events are recorded, and agree with their hashes, but have no index yet.
    pub awaiting: u64,
}

impl fmt::Display for CheckedLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { size, root } = self.head;
        let signed = self.signed.unwrap_or(0);
        let awaiting = self.awaiting;
        write!(
            f,
            "{size} events are as they were recorded, and signed checkpoints vouch for the first {signed}; \
             {awaiting} more are recorded and have no index yet\nroot {root}"
        )
    }
}

/// Why a ledger is not verified. All but `Unread` say that something was changed behind the service's back.
#[derive(Debug, thiserror::Error)]
pub enum LedgerCheckError {
    /// The database does not answer; this says nothing about the ledger.
    #[error("the ledger could not be read: {0}: try again")]
    Unread(#[from] DbErr),
    /// The events, the tiles and the checkpoints contradict one another.
    #[error(
        "{0}; every event before index {index} is as it was recorded, and nothing from there on can be relied upon: \
         compare with a backup", index = .0.index
    )]
    Ledger(#[from] LedgerFaultError),
    /// It is whole in itself, and is not the one that was signed last.
    #[error(transparent)]
    Forked(BehindError),
    /// A searchable copy differs from the event that was hashed.
    #[error(
        "event {index}: its {what} is not what was recorded: the event itself is whole and tells the truth, but \
         searches are misled; restore the column from the leaf"
    )]
    Copy {
        /// The event's index.
        index: u64,
        /// What differs.
        what: &'static str,
    },
    /// An event that has no index yet was changed.
    #[error(
        "event {event}, which has no index yet: its {what} is not what was recorded: compare with a backup"
    )]
    Awaiting {
        /// The event.
        event: AuditEventId,
        /// What differs.
        what: &'static str,
    },
    /// There are events that no part of the service has written.
    #[error(
        "{rows} events neither have an index nor wait for one: they were put in, and are no part of the ledger"
    )]
    Unplaced {
        /// How many.
        rows: u64,
    },
    /// There are rows with indexes outside the ledger.
    #[error(
        "event {index}: {rows} events have an index, and only {index} of them are in order: some were put in"
    )]
    Surplus {
        /// The events in order.
        index: u64,
        /// The rows with an index.
        rows: u64,
    },
    /// The stored head is not that of the events.
    #[error(
        "event {index}: the stored head of the tree is not that of the {index} events: it was changed"
    )]
    Head {
        /// The size that the events give.
        index: u64,
    },
    /// There is no signed checkpoint.
    #[error(
        "event 0: there are {size} events, and no checkpoint is stored: it was removed, unless the service has just \
         been started for the first time; hold the ledger against a checkpoint that somebody else has kept"
    )]
    Unsigned {
        /// The ledger's size.
        size: u64,
    },
    /// A stored checkpoint cannot be believed.
    #[error(
        "the checkpoint over the events up to index {last}: {fault}: it was changed, or this is not the key"
    )]
    Checkpoint {
        /// The last index that it covers, by its row.
        last: i64,
        /// What is wrong with it.
        fault: CheckpointError,
    },
}

/// Verifies the ledger, and that it goes on from a checkpoint that somebody else `kept`, where there is one; tells `progress` how
/// many events are done, of how many.
///
/// # Errors
/// [`LedgerCheckError`]: the first fault, or that the database cannot be read.
pub async fn check(
    store: &Store,
    origins: &LedgerOrigins,
    kept: Option<Checkpoint>,
    progress: impl FnMut(u64, u64),
) -> Result<CheckedLedger, LedgerCheckError> {
    // Before the snapshot, so that it never tells of more than the snapshot has.
    let witnessed = witness::newest(&store.keyring).await?;
    let mut moment = LedgerMoment::read(store, origins).await?;
    moment.checkpoints.extend(kept);
    let (head, signed) = verify(store, &moment, witnessed, origins, progress).await?;
    moment.holds(head)?;
    let awaiting = awaiting(store).await?;
    none_besides(store).await?;
    Ok(CheckedLedger {
        head,
        signed,
        awaiting,
    })
}

/// What the ledger is held to.
struct LedgerMoment {
    /// The stored head, whether or not it can be one; the empty ledger's where there is none.
    head: Option<Head>,
    /// The places beyond the head's size.
    beyond: u64,
    /// Whether the head has a checkpoint beside it.
    signed: bool,
    /// The tiles at the right edge.
    edge: Tiles,
    checkpoints: Vec<Checkpoint>,
}

impl LedgerMoment {
    async fn read(store: &Store, origins: &LedgerOrigins) -> Result<Self, LedgerCheckError> {
        let snapshot = snapshot(store).await?;
        let moment = Self::within(&snapshot, origins).await;
        snapshot.rollback().await?;
        moment
    }

    async fn within(
        snapshot: &DatabaseTransaction,
        origins: &LedgerOrigins,
    ) -> Result<Self, LedgerCheckError> {
        let row = stored::head(snapshot).await?;
        let mut checkpoints = checkpoints(snapshot, origins).await?;
        let note = row.as_ref().map(|row| row.note.as_str());
        let note = note.filter(|note| !note.is_empty());
        if let Some(note) = note {
            let last = row.as_ref().map_or(-1, |row| row.size.saturating_sub(1));
            checkpoints.push(
                origins
                    .open(note)
                    .map_err(|fault| LedgerCheckError::Checkpoint { last, fault })?,
            );
        }
        let head = match &row {
            Some(row) => stored::size_and_root(row),
            None => Some(Head::EMPTY),
        };
        let size = head.map_or(0, |head| head.size);
        Ok(Self {
            head,
            beyond: audit_place::Entity::from(stored::in_column(size)?)
                .count(snapshot)
                .await?,
            signed: note.is_some(),
            edge: stored::tiles(snapshot, tree::edge(size)).await?,
            checkpoints,
        })
    }

    /// Checks that this is the moment's head.
    fn holds(&self, head: Head) -> Result<(), LedgerCheckError> {
        if self.head != Some(head) {
            return Err(LedgerCheckError::Head { index: head.size });
        }
        if self.beyond > 0 {
            let (index, rows) = (head.size, head.size.saturating_add(self.beyond));
            return Err(LedgerCheckError::Surplus { index, rows });
        }
        if head.size > 0 && !self.signed {
            return Err(LedgerCheckError::Unsigned { size: head.size });
        }
        Ok(())
    }
}

/// Begins to read the ledger as it is at one moment; to be rolled back soon.
///
/// # Errors
/// What the database says.
pub(super) async fn snapshot(store: &Store) -> Result<DatabaseTransaction, DbErr> {
    let (isolation, access) = if store.backend == DbBackend::Postgres {
        (
            Some(IsolationLevel::RepeatableRead),
            Some(AccessMode::ReadOnly),
        )
    } else {
        // A transaction on SQLite reads from one snapshot as it is.
        (None, None)
    };
    store.read.begin_with_config(isolation, access).await
}

/// Returns what the witness makes of a fault: a ledger that the witness alone contradicts is a fork.
fn forked(witnessed: Head, fault: LedgerFaultError) -> LedgerCheckError {
    let signed = witnessed.size;
    let older =
        matches!(fault.kind, LedgerError::Truncated { signed: longest } if longest == signed);
    let different = matches!(
        fault.kind,
        LedgerError::RootDiffers { size, signed: root, .. } if size == signed && root == witnessed.root
    );
    if older {
        let size = fault.index;
        LedgerCheckError::Forked(BehindError::Older { size, signed })
    } else if different {
        LedgerCheckError::Forked(BehindError::Different { signed })
    } else {
        LedgerCheckError::Ledger(fault)
    }
}

/// Returns the head that the events give, and how many of them a checkpoint vouches for.
async fn verify(
    store: &Store,
    moment: &LedgerMoment,
    witnessed: Head,
    origins: &LedgerOrigins,
    progress: impl FnMut(u64, u64),
) -> Result<(Head, Option<u64>), LedgerCheckError> {
    let mut checkpoints = moment.checkpoints.clone();
    let known = |one: &Checkpoint| one.head == witnessed;
    let apart = witnessed.size > 0 && !checkpoints.iter().any(known);
    if apart {
        checkpoints.push(Checkpoint {
            origin: origins.current().origin().to_owned(),
            head: witnessed,
        });
    }
    match events(store, moment, checkpoints, progress).await {
        Err(LedgerCheckError::Ledger(fault)) if apart => Err(forked(witnessed, fault)),
        read => read,
    }
}

/// Returns every checkpoint that is stored, opened.
async fn checkpoints(
    snapshot: &DatabaseTransaction,
    origins: &LedgerOrigins,
) -> Result<Vec<Checkpoint>, LedgerCheckError> {
    let mut opened = Vec::new();
    let mut size = -1;
    loop {
        let page = audit_checkpoint::Entity::beyond(size)
            .limit(PAGE)
            .all(snapshot)
            .await?;
        let Some(last) = page.last() else {
            return Ok(opened);
        };
        size = last.size;
        for row in page {
            let broken = |fault| LedgerCheckError::Checkpoint {
                last: row.size.saturating_sub(1),
                fault,
            };
            let checkpoint = origins.open(&row.note).map_err(broken)?;
            if u64::try_from(row.size) != Ok(checkpoint.head.size) {
                return Err(broken(CheckpointError::Malformed));
            }
            opened.push(checkpoint);
        }
    }
}

/// Reads the events up to the moment's size, and compares them with the tiles and the checkpoints.
async fn events(
    store: &Store,
    moment: &LedgerMoment,
    checkpoints: Vec<Checkpoint>,
    mut progress: impl FnMut(u64, u64),
) -> Result<(Head, Option<u64>), LedgerCheckError> {
    let size = moment.head.map_or(0, |head| head.size);
    let mut verifier = LedgerVerifier::against(checkpoints);
    let mut next = 0_u64;
    while next < size {
        let through = next.saturating_add(PAGE).min(size);
        let range = stored::in_column(next)?..stored::in_column(through)?;
        let page = store
            .read
            .query_all(&audit_event::Entity::placed(range))
            .await?;
        let mut copy = None;
        for row in &page {
            let index: i64 = row.try_get("", "leaf_index")?;
            let index = u64::try_from(index).unwrap_or(u64::MAX);
            // What has no row is told as missing by the place of the next one.
            let Ok(event) = audit_event::Model::from_query_result(row, "") else {
                continue;
            };
            verifier.event(index, event.leaf.as_bytes());
            copy = copy.or_else(|| differing_copy(&event).map(|what| (index, what)));
        }
        let tiles = stored::tiles(&store.read, verifier.due()).await?;
        first(verifier.compare(&tiles), copy)?;
        next = through;
        progress(next, size);
    }
    let ended = verifier.end();
    let mut tiles = stored::tiles(&store.read, ended.due()).await?;
    tiles.extend(moment.edge.clone());
    let sound = ended.finish(&tiles)?;
    Ok((sound.head, sound.signed))
}

/// Returns the earlier of the two faults; of one event, the graver.
fn first(
    compared: Result<(), LedgerFaultError>,
    copy: Option<(u64, &'static str)>,
) -> Result<(), LedgerCheckError> {
    match (compared, copy) {
        (Err(fault), Some((index, _))) if fault.index <= index => Err(fault.into()),
        (_, Some((index, what))) => Err(LedgerCheckError::Copy { index, what }),
        (compared, None) => Ok(compared?),
    }
}

/// Returns how many events have no index yet; they too must agree with their hashes.
async fn awaiting(store: &Store) -> Result<u64, LedgerCheckError> {
    let mut awaiting = 0;
    let mut last = (Instant(i64::MIN), AuditEventId(Uuid::nil()));
    loop {
        let waiting = audit_waiting::Entity::after(last.0, last.1)
            .limit(PAGE)
            .all(&store.read)
            .await?;
        let Some(row) = waiting.last() else {
            return Ok(awaiting);
        };
        last = (row.recorded_at, row.event_id);
        let ids = waiting.iter().map(|row| row.event_id);
        let events = audit_event::Entity::to_verify(ids).all(&store.read).await?;
        let events: HashMap<_, _> = events.into_iter().map(|row| (row.id, row)).collect();
        for row in &waiting {
            if let Some(what) = differing_from_waiting(row, events.get(&row.event_id)) {
                return Err(LedgerCheckError::Awaiting {
                    event: row.event_id,
                    what,
                });
            }
            awaiting += 1;
        }
    }
}

/// Returns what of an event is not as it was when it was written.
fn differing_from_waiting(
    waiting: &audit_waiting::Model,
    event: Option<&audit_event::Model>,
) -> Option<&'static str> {
    let Some(event) = event else {
        return Some("row, which has gone,");
    };
    if waiting.leaf_hash == leaf_hash(event.leaf.as_bytes()).0 {
        differing_copy(event)
    } else {
        Some("leaf hash")
    }
}

/// Checks that there is no event that neither has a place nor waits for one.
async fn none_besides(store: &Store) -> Result<(), LedgerCheckError> {
    let statement = "SELECT (SELECT count(*) FROM audit_event) - (SELECT count(*) FROM audit_place) \
         - (SELECT count(*) FROM audit_waiting) AS besides";
    let statement = Statement::from_string(store.backend, statement);
    let row = store.read.query_one_raw(statement).await?;
    let besides: i64 = row
        .ok_or_else(|| DbErr::RecordNotFound("the number of events".to_owned()))?
        .try_get("", "besides")?;
    match u64::try_from(besides) {
        Ok(0) | Err(_) => Ok(()),
        Ok(rows) => Err(LedgerCheckError::Unplaced { rows }),
    }
}

/// Returns the first column that does not say what the leaf says.
fn differing_copy(row: &audit_event::Model) -> Option<&'static str> {
    let Ok(leaf) = serde_json::from_str::<Leaf>(&row.leaf) else {
        return Some("leaf, which cannot be read,");
    };
    let told = leaf.other_than_the_actor(leaf.recipient);
    let disclosed = leaf.other_than_the_actor(leaf.discloser);
    let address = match (&row.address, &row.salt) {
        (Some(address), Some(salt)) => leaf.address == Some(commitment(salt, address)),
        // Erased, salt and all: the commitment alone says nothing.
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    [
        (leaf.id == row.id, "id"),
        (leaf.recorded_at == row.recorded_at, "time"),
        (leaf.agency == row.agency_id, "agency"),
        (told == row.recipient_id, "recipient"),
        (disclosed == row.discloser_id, "discloser"),
        (leaf.kind == row.kind, "type"),
        (leaf.outcome == row.outcome, "outcome"),
        (address, "network address"),
        (leaf.disclosed_under() == row.disclosed_under, "consent"),
    ]
    .into_iter()
    .find_map(|(same, what)| (!same).then_some(what))
}
