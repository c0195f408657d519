//! Reading the whole ledger again, to name the first event that is not what was signed.
//!
//! Three records must agree: the events, the tiles, and the checkpoints. The
//! [`LedgerVerifier`] hashes the events anew, one by one and in constant memory, and holds the others against the result.
//! Whoever changes an event must change its hash in the tile, then every tile above; and then the roots that were signed
//! still tell. All three must be read as they were at one moment, or growth looks like a fault.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::checkpoint::Checkpoint;
use super::tree::{Digest, HASH_BYTES, Head, RightEdge, TileId, Tiles, TreeError, leaf_hash};

/// The first fault of a ledger: the first bad event is one of `index..=through`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {index}: {kind}")]
pub struct LedgerFaultError {
    /// The index from which on the ledger cannot be believed. Every event before it is what was recorded.
    pub index: u64,
    /// Where the first bad event is at the latest: `index` itself, wherever the records that are left can tell.
    pub through: u64,
    /// What is wrong.
    pub kind: LedgerError,
}

/// What is wrong with a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// There is no event at this index, though there are later ones.
    #[error("it is missing, and later events are there")]
    Missing,
    /// A second event has this index, or it stands out of order.
    #[error("its index comes a second time")]
    Repeated,
    /// The ledger ends here, though a checkpoint was signed for more.
    #[error("it is missing with all that follow: {signed} events were signed for")]
    Truncated {
        /// The size that the checkpoint was signed for.
        signed: u64,
    },
    /// A tile that must be there is not.
    #[error("the stored tile {0}, which covers it, is missing")]
    TileMissing(TileId),
    /// A tile of leaf hashes is shorter than what was signed for.
    #[error("it is missing: the tile {0} ends before it, though more was signed for")]
    TileShort(TileId),
    /// A stored tile holds other hashes than the events give: an event was replaced, or the tile was changed.
    #[error("the stored tile {0} does not hold the hash that the events give")]
    TileDiffers(TileId),
    /// Events and tiles agree, but not with what was signed: both were rewritten.
    #[error(
        "it or a later one was rewritten: the first {size} events give the root {recomputed}, and {signed} was signed"
    )]
    RootDiffers {
        /// The size of the checkpoint.
        size: u64,
        /// The root in the checkpoint.
        signed: Digest,
        /// The root over the events.
        recomputed: Digest,
    },
    /// The tree cannot take this event.
    #[error("the tree cannot take it: {0}")]
    Tree(TreeError),
}

impl LedgerFaultError {
    fn at(index: u64, kind: LedgerError) -> Self {
        Self {
            index,
            through: index,
            kind,
        }
    }

    /// Returns the fault of a tile of leaf hashes that is not there, or ends after `held` hashes.
    pub(super) fn lacking(tile: TileId, held: usize) -> Self {
        let kind = match held {
            0 => LedgerError::TileMissing(tile),
            _ => LedgerError::TileShort(tile),
        };
        Self::at(tile.first_leaf(held), kind)
    }
}

/// A ledger without a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedLedger {
    /// The size and root, computed anew.
    pub head: Head,
    /// The size of the largest checkpoint that agrees: only this many events are vouched for by a signature.
    pub signed: Option<u64>,
}

/// A verification under way. Feed it events with [`event`](Self::event); after each page of them load the tiles that
/// are [`due`](Self::due) and [`compare`](Self::compare) them; at the end of the events, [`end`](Self::end).
#[derive(Clone, Debug)]
pub struct LedgerVerifier {
    edge: RightEdge,
    ahead: BTreeSet<Head>,
    signed: Option<u64>,
    due: Vec<Due>,
    stopped: Option<LedgerFaultError>,
}

/// A tile as the events give it, which the stored one must equal.
#[derive(Clone, Debug)]
struct Due {
    tile: TileId,
    hashes: Vec<u8>,
    extent: Extent,
}

/// How much of a stored tile the events account for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// All of it.
    Whole,
    /// Its beginning: the reading stopped before the tile's end.
    Beginning,
}

impl LedgerVerifier {
    /// Returns a verification from the first event on, against opened checkpoints of any sizes. The more there are, the
    /// closer a rewritten ledger's fault is narrowed down; two of one size and different roots are a fault as well.
    #[must_use]
    pub fn against(checkpoints: impl IntoIterator<Item = Checkpoint>) -> Self {
        Self {
            edge: RightEdge::empty(),
            ahead: checkpoints
                .into_iter()
                .map(|checkpoint| checkpoint.head)
                .collect(),
            signed: None,
            due: Vec::new(),
            stopped: None,
        }
    }

    /// Takes the next event, in the order of the indexes. Faults come to light with [`compare`](Self::compare), as an
    /// earlier one may be in the tiles; after one, further events are not looked at.
    pub fn event(&mut self, index: u64, leaf: &[u8]) {
        self.event_hash(index, leaf_hash(leaf));
    }

    /// Takes the hash of the next event's leaf, where the event itself cannot be read. See [`event`](Self::event).
    pub fn event_hash(&mut self, index: u64, hash: Digest) {
        if self.stopped.is_none()
            && let Err(fault) = self.take(index, hash)
        {
            self.stop(fault);
        }
    }

    /// Returns the tiles to load for the next [`compare`](Self::compare).
    #[must_use]
    pub fn due(&self) -> Vec<TileId> {
        self.due.iter().map(|due| due.tile).collect()
    }

    /// Holds the stored tiles against the events so far.
    ///
    /// # Errors
    /// The first fault up to here; it stays the answer from then on.
    pub fn compare(&mut self, stored: &Tiles) -> Result<(), LedgerFaultError> {
        let due = std::mem::take(&mut self.due);
        self.stopped = due
            .iter()
            .filter_map(|due| due.fault(stored))
            .chain(self.stopped)
            .min_by_key(|fault| fault.through);
        self.stopped.map_or(Ok(()), Err)
    }

    /// Notes that there are no more events.
    #[must_use]
    pub fn end(mut self) -> LastTilesCheck {
        if self.stopped.is_none() {
            match self.settle() {
                Err(fault) => self.stop(fault),
                Ok(()) => self.close(),
            }
        }
        LastTilesCheck(self)
    }

    fn take(&mut self, index: u64, hash: Digest) -> Result<(), LedgerFaultError> {
        self.settle()?;
        let next = self.edge.size();
        match index.cmp(&next) {
            Ordering::Greater => return Err(LedgerFaultError::at(next, LedgerError::Missing)),
            Ordering::Less => return Err(LedgerFaultError::at(index, LedgerError::Repeated)),
            Ordering::Equal => {}
        }
        let filled = self
            .edge
            .push(hash)
            .map_err(|error| LedgerFaultError::at(index, LedgerError::Tree(error)))?;
        self.due
            .extend(filled.into_iter().map(|tile| Due::new(tile, Extent::Whole)));
        Ok(())
    }

    /// Compares the root with the checkpoints of the size that is reached.
    fn settle(&mut self) -> Result<(), LedgerFaultError> {
        let size = self.edge.size();
        while self
            .ahead
            .first()
            .is_some_and(|checkpoint| checkpoint.size <= size)
            && let Some(checkpoint) = self.ahead.pop_first()
        {
            let head = self
                .edge
                .head()
                .map_err(|error| LedgerFaultError::at(size, LedgerError::Tree(error)))?;
            if head != checkpoint {
                return Err(LedgerFaultError {
                    index: self.signed.unwrap_or(0),
                    through: size.saturating_sub(1),
                    kind: LedgerError::RootDiffers {
                        size,
                        signed: checkpoint.root,
                        recomputed: head.root,
                    },
                });
            }
            self.signed = Some(size);
        }
        Ok(())
    }

    /// Reads no further; the open tiles are still compared as far as the reading came, for an earlier fault.
    fn stop(&mut self, fault: LedgerFaultError) {
        self.stopped = Some(fault);
        self.open_tiles_due(Extent::Beginning);
    }

    /// Takes what was read for the whole ledger, unless a checkpoint says that there was more.
    fn close(&mut self) {
        if let Some(longest) = self.ahead.last() {
            let signed = longest.size;
            self.stop(LedgerFaultError::at(
                self.edge.size(),
                LedgerError::Truncated { signed },
            ));
        } else {
            self.open_tiles_due(Extent::Whole);
        }
    }

    fn open_tiles_due(&mut self, extent: Extent) {
        self.due.extend(
            self.edge
                .tiles()
                .into_iter()
                .map(|tile| Due::new(tile, extent)),
        );
    }
}

/// A verification that has seen every event, and waits for the last tiles.
#[derive(Clone, Debug)]
pub struct LastTilesCheck(LedgerVerifier);

impl LastTilesCheck {
    /// Returns the tiles to load for [`finish`](Self::finish).
    #[must_use]
    pub fn due(&self) -> Vec<TileId> {
        self.0.due()
    }

    /// Holds the last tiles against the events.
    ///
    /// # Errors
    /// The first fault of the ledger.
    pub fn finish(mut self, stored: &Tiles) -> Result<VerifiedLedger, LedgerFaultError> {
        self.0.compare(stored)?;
        let size = self.0.edge.size();
        let head = self
            .0
            .edge
            .head()
            .map_err(|error| LedgerFaultError::at(size, LedgerError::Tree(error)))?;
        Ok(VerifiedLedger {
            head,
            signed: self.0.signed,
        })
    }
}

impl Due {
    fn new((tile, hashes): (TileId, Vec<u8>), extent: Extent) -> Self {
        Self {
            tile,
            hashes,
            extent,
        }
    }

    fn fault(&self, stored: &Tiles) -> Option<LedgerFaultError> {
        let Some(found) = stored.get(&self.tile) else {
            return Some(self.fault_at(0, LedgerError::TileMissing(self.tile)));
        };
        let same = match self.extent {
            Extent::Whole => *found == self.hashes,
            Extent::Beginning => found.starts_with(&self.hashes),
        };
        if same {
            return None;
        }
        let hashes = self.hashes.chunks(HASH_BYTES).zip(found.chunks(HASH_BYTES));
        let agreeing = hashes
            .take_while(|(recomputed, stored)| recomputed == stored)
            .count();
        Some(self.fault_at(agreeing, LedgerError::TileDiffers(self.tile)))
    }

    /// Returns a fault in one hash of the tile, which on a level above 0 covers many events.
    fn fault_at(&self, position: usize, kind: LedgerError) -> LedgerFaultError {
        LedgerFaultError {
            index: self.tile.first_leaf(position),
            through: self
                .tile
                .first_leaf(position.saturating_add(1))
                .saturating_sub(1),
            kind,
        }
    }
}
