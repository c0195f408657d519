//! What somebody else kept of the ledger, held against it: receipts, and a checkpoint.
//!
//! Whoever has a receipt can prove that an event was written which is no longer there: the ledger signed for it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use concord_entities::ids::AuditEventId;
use concord_entities::{audit_event, audit_waiting};
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::{Deserializer, Value};

use super::check::snapshot;
use super::checkpoint::LedgerOrigins;
use super::proof::{check_inclusion, prove_inclusion, tiles_for_inclusion};
use super::stored;
use super::tree::{Digest, Head, leaf_hash};
use crate::store::Store;

/// How many receipts are held against the ledger at a time.
const AT_ONCE: usize = 200;
/// How deep in a file a receipt may stand.
const DEPTH: usize = 64;

/// A receipt that somebody kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReceipt {
    /// The event's id, as it was given.
    pub event: String,
    /// The hash of its leaf.
    pub leaf_hash: Digest,
    /// The ledger's signature over both, base64.
    pub signature: String,
}

/// Why no receipt was read from a file.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptFileError {
    /// It is not JSON.
    #[error("not JSON, nor JSON lines: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is, and has none.
    #[error(
        "no receipt in it: one is an object with `event`, `leafHash` (64 hexadecimal digits) and `signature`, wherever it stands"
    )]
    None,
}

/// Returns the receipts that stand anywhere in JSON, or in lines of JSON: also in answers that were kept as they came. Each once.
///
/// # Errors
/// [`ReceiptFileError`].
pub fn receipts_in(text: &str) -> Result<Vec<KeptReceipt>, ReceiptFileError> {
    let mut found = Vec::new();
    for value in Deserializer::from_str(text).into_iter::<Value>() {
        collect(&value?, DEPTH, &mut found);
    }
    let mut known = HashSet::new();
    found.retain(|one| known.insert((one.event.clone(), one.leaf_hash, one.signature.clone())));
    if found.is_empty() {
        return Err(ReceiptFileError::None);
    }
    Ok(found)
}

fn collect(value: &Value, depth: usize, found: &mut Vec<KeptReceipt>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    found.extend(receipt(value));
    match value {
        Value::Array(values) => values.iter().for_each(|one| collect(one, depth, found)),
        Value::Object(fields) => fields.values().for_each(|one| collect(one, depth, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn receipt(value: &Value) -> Option<KeptReceipt> {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    Some(KeptReceipt {
        event: field("event")?.to_owned(),
        leaf_hash: field("leafHash")?.parse().ok()?,
        signature: field("signature")?.to_owned(),
    })
}

/// What became of an event that somebody has a receipt for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptFinding {
    /// It stands at this index of the ledger, and a signed checkpoint of this size vouches for it.
    Stands {
        /// Its index.
        index: u64,
        /// The checkpoint's size.
        size: u64,
    },
    /// It is recorded as it was signed for; a checkpoint covers it within seconds, while a server runs.
    Waits,
    /// This ledger did not give the receipt.
    NotOurs,
    /// It was signed for, and is not there.
    Removed,
    /// It was signed for, and says something else.
    Changed,
    /// It is there as it was signed for, and the signed tree does not have it.
    Misplaced,
}

impl ReceiptFinding {
    /// Returns whether the log keeps what the receipt promises.
    #[must_use]
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Stands { .. } | Self::Waits)
    }
}

impl fmt::Display for ReceiptFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stands { index, size } => {
                write!(
                    f,
                    "stands at index {index}, under the signed checkpoint of {size} events"
                )
            }
            Self::Waits => write!(f, "is recorded, and waits for a signed checkpoint"),
            Self::NotOurs => write!(
                f,
                "this ledger did not give the receipt, or it was changed: it proves nothing here"
            ),
            Self::Removed => write!(
                f,
                "was signed for, and is not in the log: it was removed, or the data store was put back to an older copy"
            ),
            Self::Changed => write!(
                f,
                "was signed for, and the log says something else: it was changed"
            ),
            Self::Misplaced => write!(
                f,
                "is recorded, and the signed tree does not have it: `concord audit verify` says where it was tampered with"
            ),
        }
    }
}

/// Holds receipts against the ledger, in their order.
///
/// # Errors
/// What the database says; it tells nothing of the ledger.
pub async fn check_receipts(
    store: &Store,
    origins: &LedgerOrigins,
    receipts: &[KeptReceipt],
) -> Result<Vec<ReceiptFinding>, DbErr> {
    let mut findings = Vec::with_capacity(receipts.len());
    for some in receipts.chunks(AT_ONCE) {
        let snapshot = snapshot(store).await?;
        let found = check_some(&snapshot, origins, some).await;
        snapshot.rollback().await?;
        findings.extend(found?);
    }
    Ok(findings)
}

async fn check_some(
    snapshot: &impl ConnectionTrait,
    origins: &LedgerOrigins,
    receipts: &[KeptReceipt],
) -> Result<Vec<ReceiptFinding>, DbErr> {
    let ids = || {
        let ids = receipts.iter();
        ids.filter_map(|one| AuditEventId::from_str(&one.event).ok())
    };
    let row = stored::head(snapshot).await?;
    // A checkpoint that cannot be believed vouches for nothing.
    let signed = row.and_then(|row| origins.open(&row.note).ok());
    let head = signed.map_or(Head::EMPTY, |checkpoint| checkpoint.head);
    let rows = audit_event::Entity::to_verify(ids()).all(snapshot).await?;
    let hashes: HashMap<_, _> = rows
        .into_iter()
        .map(|row| (row.id, leaf_hash(row.leaf.as_bytes())))
        .collect();
    let places = stored::places(snapshot, ids()).await?;
    let waiting = audit_waiting::Entity::of(ids()).all(snapshot).await?;
    let waiting: HashSet<_> = waiting.into_iter().map(|row| row.event_id).collect();
    let mut findings = Vec::with_capacity(receipts.len());
    for one in receipts {
        let is_ours = origins.check_receipt(&one.signature, &one.event, one.leaf_hash);
        let (Ok(()), Ok(id)) = (is_ours, AuditEventId::from_str(&one.event)) else {
            findings.push(ReceiptFinding::NotOurs);
            continue;
        };
        findings.push(match (hashes.get(&id), places.get(&id)) {
            (None, _) => ReceiptFinding::Removed,
            (Some(hash), _) if *hash != one.leaf_hash => ReceiptFinding::Changed,
            (Some(_), Some(index)) if *index >= head.size => ReceiptFinding::Waits,
            (Some(hash), Some(index)) => covered(snapshot, head, *index, *hash).await?,
            (Some(_), None) if waiting.contains(&id) => ReceiptFinding::Waits,
            (Some(_), None) => ReceiptFinding::Misplaced,
        });
    }
    Ok(findings)
}

/// Returns whether a signed head has this leaf at this index.
async fn covered(
    snapshot: &impl ConnectionTrait,
    head: Head,
    index: u64,
    leaf: Digest,
) -> Result<ReceiptFinding, DbErr> {
    let Ok(wanted) = tiles_for_inclusion(index, head.size) else {
        return Ok(ReceiptFinding::Misplaced);
    };
    let tiles = stored::tiles(snapshot, wanted).await?;
    let proof = prove_inclusion(index, head.size, &tiles);
    let proven = proof.and_then(|proof| check_inclusion(&proof, index, leaf, head));
    Ok(match proven {
        Ok(()) => ReceiptFinding::Stands {
            index,
            size: head.size,
        },
        Err(_) => ReceiptFinding::Misplaced,
    })
}
