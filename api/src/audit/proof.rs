//! Proofs over the ledger's tree: that an event is in it, and that it only ever grew (RFC 6962 section 2.1).
//!
//! Whoever keeps the tiles asks which ones a proof needs ([`tiles_for_inclusion`], [`tiles_for_consistency`]), loads
//! them, and has it made. A proof is checked before it is given, so tiles that were tampered with yield none; whether
//! they are the tiles that were signed, the checkpoint's root tells.

use std::cell::RefCell;
use std::collections::BTreeSet;

use tlog_tiles::tile::Tile;
use tlog_tiles::tlog::{self, Hash, HashReader};

use super::tree::{Digest, HEIGHT, Head, TileId, Tiles, TreeError, bounded, edge, read, root};

/// Returns the tiles that [`prove_inclusion`] needs.
///
/// # Errors
/// `BeyondSize`, `TooLarge`.
pub fn tiles_for_inclusion(index: u64, size: u64) -> Result<BTreeSet<TileId>, TreeError> {
    holds(index, size)?;
    let leaf = tlog::stored_hash_index(0, index);
    let mut tiles = wanted(|reader| {
        reader.read_hashes(&[leaf])?;
        tlog::prove_record(size, index, reader)
    })?;
    tiles.extend(edge(size));
    Ok(tiles)
}

/// Returns the proof that leaf `index` is in the tree of the first `size` leaves (RFC 6962 section 2.1.1), for
/// [`check_inclusion`]. It is checked before it is given: tiles that were tampered with yield no proof.
///
/// # Errors
/// `BeyondSize`, `MissingTile`, `MalformedTile`, `Inconsistent`, `TooLarge`.
pub fn prove_inclusion(index: u64, size: u64, tiles: &Tiles) -> Result<Vec<Digest>, TreeError> {
    holds(index, size)?;
    let at = tlog::stored_hash_index(0, index);
    let leaf = read(tiles, |reader| reader.read_hashes(&[at]))?;
    let leaf = leaf.first().copied().ok_or(TreeError::Inconsistent)?;
    let proof = read(tiles, |reader| tlog::prove_record(size, index, reader))?;
    let root = root(size, tiles)?;
    tlog::check_record(&proof, size, root.into(), index, leaf)
        .map_err(|_| TreeError::Inconsistent)?;
    Ok(proof.into_iter().map(Digest::from).collect())
}

/// Returns whether the proof shows that the leaf stands at `index` of the tree with this head.
///
/// # Errors
/// `InvalidProof`, `BeyondSize`, `TooLarge`.
pub fn check_inclusion(
    proof: &[Digest],
    index: u64,
    leaf: Digest,
    head: Head,
) -> Result<(), TreeError> {
    holds(index, head.size)?;
    let proof = proof.iter().copied().map(Hash::from).collect();
    tlog::check_record(&proof, head.size, head.root.into(), index, leaf.into())
        .map_err(|_| TreeError::InvalidProof)
}

/// Returns the tiles that [`prove_consistency`] needs.
///
/// # Errors
/// `BeyondSize`, `TooLarge`.
pub fn tiles_for_consistency(from: u64, to: u64) -> Result<BTreeSet<TileId>, TreeError> {
    within(from, to)?;
    let mut tiles = BTreeSet::new();
    if from > 0 {
        tiles = wanted(|reader| tlog::prove_tree(to, from, reader))?;
    }
    // Both roots are recomputed, to check the proof.
    tiles.extend(edge(from));
    tiles.extend(edge(to));
    Ok(tiles)
}

/// Returns the proof that the tree of `to` leaves begins with the tree of `from` leaves (RFC 6962 section 2.1.2), for
/// [`check_consistency`]. Empty where `from` is 0 or `to`. It is checked before it is given.
///
/// # Errors
/// `BeyondSize`, `MissingTile`, `MalformedTile`, `Inconsistent`, `TooLarge`.
pub fn prove_consistency(from: u64, to: u64, tiles: &Tiles) -> Result<Vec<Digest>, TreeError> {
    within(from, to)?;
    let (old, new) = (root(from, tiles)?, root(to, tiles)?);
    if from == 0 {
        return Ok(Vec::new());
    }
    let proof = read(tiles, |reader| tlog::prove_tree(to, from, reader))?;
    tlog::check_tree(&proof, to, new.into(), from, old.into())
        .map_err(|_| TreeError::Inconsistent)?;
    Ok(proof.into_iter().map(Digest::from).collect())
}

/// Returns whether the proof shows that the tree with the head `new` begins with the one with the head `old`.
///
/// # Errors
/// `InvalidProof`, `BeyondSize`, `TooLarge`.
pub fn check_consistency(proof: &[Digest], old: Head, new: Head) -> Result<(), TreeError> {
    within(old.size, new.size)?;
    let holds = if old.size == 0 {
        proof.is_empty() && old == Head::EMPTY
    } else {
        let proof = proof.iter().copied().map(Hash::from).collect();
        tlog::check_tree(&proof, new.size, new.root.into(), old.size, old.root.into()).is_ok()
    };
    if holds {
        Ok(())
    } else {
        Err(TreeError::InvalidProof)
    }
}

/// Refuses the index of a leaf that the tree does not have.
fn holds(index: u64, size: u64) -> Result<(), TreeError> {
    bounded(size)?;
    if index >= size {
        return Err(TreeError::BeyondSize { asked: index, size });
    }
    Ok(())
}

/// Refuses an earlier size that is none.
fn within(asked: u64, size: u64) -> Result<(), TreeError> {
    bounded(size)?;
    if asked > size {
        return Err(TreeError::BeyondSize { asked, size });
    }
    Ok(())
}

/// Returns the tiles in which a question looks for hashes.
fn wanted<T>(
    question: impl FnOnce(&TileRecorder) -> Result<T, tlog::Error>,
) -> Result<BTreeSet<TileId>, TreeError> {
    let reader = TileRecorder::default();
    question(&reader).map_err(|_| TreeError::Inconsistent)?;
    Ok(reader.0.into_inner())
}

/// A reader that knows no hash and remembers which tiles it was asked for.
#[derive(Default)]
struct TileRecorder(RefCell<BTreeSet<TileId>>);

impl HashReader for TileRecorder {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        let tiles = indexes
            .iter()
            .map(|index| TileId::from(Tile::from_index(HEIGHT, *index)));
        self.0.borrow_mut().extend(tiles);
        Ok(vec![Hash::default(); indexes.len()])
    }
}
