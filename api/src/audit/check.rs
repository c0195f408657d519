//! The whole ledger, read again from the database and held against its tiles and its checkpoints.
//!
//! Everything is read from one snapshot, so that a ledger that grows meanwhile shows no fault.

use std::fmt;

use concord_entities::ids::AuditEventId;
use concord_entities::{audit_checkpoint, audit_event};
use sea_orm::{
    AccessMode, ColumnTrait, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, PaginatorTrait,
    QueryFilter, QuerySelect,
};

use super::checkpoint::{Checkpoint, CheckpointError, LedgerPublicKey};
use super::leaf::{Leaf, commitment};
use super::stored;
use super::tree::{Digest, Head, leaf_hash};
use super::verify::{LedgerError, LedgerFaultError, LedgerVerifier};
use super::witness::{self, WitnessError};
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
    Forked(WitnessError),
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
    /// There are rows with indexes outside the ledger, or with one index twice.
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

/// Verifies the ledger; tells `progress` how many events are done, of how many.
///
/// # Errors
/// [`LedgerCheckError`]: the first fault, or that the database cannot be read.
pub async fn check(
    store: &Store,
    key: &LedgerPublicKey,
    progress: impl FnMut(u64, u64),
) -> Result<CheckedLedger, LedgerCheckError> {
    let (isolation, access) = if store.backend == DbBackend::Postgres {
        (
            Some(IsolationLevel::RepeatableRead),
            Some(AccessMode::ReadOnly),
        )
    } else {
        // A transaction on SQLite reads from one snapshot as it is.
        (None, None)
    };
    // Before the snapshot, so that it never tells of more than the snapshot has.
    let witnessed = witness::newest(&store.keyring).await?;
    let snapshot = store.read.begin_with_config(isolation, access).await?;
    let verified = read(&snapshot, key, witnessed, progress).await;
    snapshot.rollback().await?;
    verified
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
        LedgerCheckError::Forked(WitnessError::Older { size, signed })
    } else if different {
        LedgerCheckError::Forked(WitnessError::Different { signed })
    } else {
        LedgerCheckError::Ledger(fault)
    }
}

async fn read(
    snapshot: &DatabaseTransaction,
    key: &LedgerPublicKey,
    witnessed: Head,
    progress: impl FnMut(u64, u64),
) -> Result<CheckedLedger, LedgerCheckError> {
    let row = stored::head(snapshot).await?;
    let mut checkpoints = checkpoints(snapshot, key).await?;
    let note = row
        .as_ref()
        .map(|row| row.note.as_str())
        .unwrap_or_default();
    if !note.is_empty() {
        let last = row.as_ref().map_or(-1, |row| row.size.saturating_sub(1));
        checkpoints.push(
            key.open(note)
                .map_err(|fault| LedgerCheckError::Checkpoint { last, fault })?,
        );
    }
    let signed = !note.is_empty();
    let known = |one: &Checkpoint| one.head == witnessed;
    let apart = witnessed.size > 0 && !checkpoints.iter().any(known);
    if apart {
        checkpoints.push(Checkpoint {
            origin: key.origin().to_owned(),
            head: witnessed,
        });
    }
    let (head, vouched) = match events(snapshot, checkpoints, progress).await {
        Err(LedgerCheckError::Ledger(fault)) if apart => return Err(forked(witnessed, fault)),
        read => read?,
    };
    let kept = match &row {
        Some(row) => stored::size_and_root(row),
        None => Some(Head::EMPTY),
    };
    if kept != Some(head) {
        return Err(LedgerCheckError::Head { index: head.size });
    }
    if head.size > 0 && !signed {
        return Err(LedgerCheckError::Unsigned { size: head.size });
    }
    Ok(CheckedLedger {
        head,
        signed: vouched,
        awaiting: awaiting(snapshot).await?,
    })
}

/// Returns every checkpoint that is stored, opened.
async fn checkpoints(
    snapshot: &DatabaseTransaction,
    key: &LedgerPublicKey,
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
            let checkpoint = key.open(&row.note).map_err(broken)?;
            if u64::try_from(row.size) != Ok(checkpoint.head.size) {
                return Err(broken(CheckpointError::Malformed));
            }
            opened.push(checkpoint);
        }
    }
}

/// Returns the head that the events give, and how many of them a checkpoint vouches for.
async fn events(
    snapshot: &DatabaseTransaction,
    checkpoints: Vec<Checkpoint>,
    mut progress: impl FnMut(u64, u64),
) -> Result<(Head, Option<u64>), LedgerCheckError> {
    let rows = audit_event::Entity::leaves_from(i64::MIN)
        .count(snapshot)
        .await?;
    let mut verifier = LedgerVerifier::against(checkpoints);
    let mut next = 0_i64;
    let mut done = 0_u64;
    loop {
        let page = audit_event::Entity::leaves_from(next)
            .limit(PAGE)
            .all(snapshot)
            .await?;
        let Some(last) = page.last() else {
            break;
        };
        next = last.leaf_index.unwrap_or(i64::MAX).saturating_add(1);
        let mut copy = None;
        for row in &page {
            let index = row
                .leaf_index
                .and_then(|index| u64::try_from(index).ok())
                .unwrap_or(u64::MAX);
            verifier.event(
                index,
                row.leaf.as_bytes(),
                hash(row).unwrap_or(Digest([0; 32])),
            );
            copy = copy.or_else(|| differing_copy(row).map(|what| (index, what)));
            done += 1;
        }
        let tiles = stored::tiles(snapshot, verifier.due()).await?;
        first(verifier.compare(&tiles), copy)?;
        progress(done, rows);
    }
    let ended = verifier.end();
    let tiles = stored::tiles(snapshot, ended.due()).await?;
    let sound = ended.finish(&tiles)?;
    if rows != sound.head.size {
        return Err(LedgerCheckError::Surplus {
            index: sound.head.size,
            rows,
        });
    }
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
async fn awaiting(snapshot: &DatabaseTransaction) -> Result<u64, LedgerCheckError> {
    let mut awaiting = 0;
    let mut last = None;
    loop {
        let mut among = audit_event::Entity::awaiting_integration().limit(PAGE);
        if let Some(last) = last {
            among = among.filter(audit_event::Column::Id.gt(last));
        }
        let page = among.all(snapshot).await?;
        let Some(row) = page.last() else {
            return Ok(awaiting);
        };
        last = Some(row.id);
        for row in &page {
            let same = hash(row) == Some(leaf_hash(row.leaf.as_bytes()));
            let what = if same {
                differing_copy(row)
            } else {
                Some("leaf hash")
            };
            if let Some(what) = what {
                return Err(LedgerCheckError::Awaiting {
                    event: row.id,
                    what,
                });
            }
            awaiting += 1;
        }
    }
}

fn hash(row: &audit_event::Model) -> Option<Digest> {
    row.leaf_hash.as_slice().try_into().ok().map(Digest)
}

/// Returns the first column that does not say what the leaf says.
fn differing_copy(row: &audit_event::Model) -> Option<&'static str> {
    let Ok(leaf) = serde_json::from_str::<Leaf>(&row.leaf) else {
        return Some("leaf, which cannot be read,");
    };
    let told = leaf
        .recipient
        .filter(|recipient| Some(*recipient) != leaf.agency);
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
        (leaf.kind == row.kind, "type"),
        (leaf.outcome == row.outcome, "outcome"),
        (address, "network address"),
        (leaf.disclosed_under() == row.disclosed_under, "consent"),
    ]
    .into_iter()
    .find_map(|(same, what)| (!same).then_some(what))
}
