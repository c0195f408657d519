//! Tampering with a ledger in every way that its records allow, and whether the first bad event is named.

use concord::audit::checkpoint::Checkpoint;
use concord::audit::tree::{Head, TileId, Tiles, TreeError, grow, leaf_hash, root};
use concord::audit::verify::{LedgerError, LedgerFaultError, LedgerVerifier, VerifiedLedger};
use proptest::prelude::*;

use crate::tree::{leaf, tree};

const SIZE: u64 = 700;

#[derive(Clone)]
struct Row {
    index: u64,
    leaf: Vec<u8>,
}

/// A ledger as the database holds it, with the checkpoints that outsiders hold.
#[derive(Clone)]
struct Ledger {
    rows: Vec<Row>,
    tiles: Tiles,
    checkpoints: Vec<Checkpoint>,
}

impl Ledger {
    fn new() -> Self {
        let rows = (0..SIZE).map(|index| Row {
            index,
            leaf: leaf(index),
        });
        let (_, tiles) = tree(SIZE);
        let checkpoint = |size| Checkpoint {
            origin: "concord.example.org/audit".to_owned(),
            head: Head {
                size,
                root: root(size, &tiles).unwrap(),
            },
        };
        let checkpoints = [0, 100, 300, SIZE].map(checkpoint).to_vec();
        Self {
            rows: rows.collect(),
            tiles,
            checkpoints,
        }
    }

    /// Verifies in pages of so many events, as `concord audit verify` does.
    fn verify_in(&self, page: usize) -> Result<VerifiedLedger, LedgerFaultError> {
        let load = |due: Vec<TileId>| -> Tiles {
            due.into_iter()
                .filter_map(|tile| Some((tile, self.tiles.get(&tile)?.clone())))
                .collect()
        };
        let mut verifier = LedgerVerifier::against(self.checkpoints.clone());
        for rows in self.rows.chunks(page) {
            for row in rows {
                verifier.event(row.index, &row.leaf);
            }
            verifier.compare(&load(verifier.due()))?;
        }
        let ended = verifier.end();
        let tiles = load(ended.due());
        ended.finish(&tiles)
    }

    /// The verdict, which must not depend on how the events are paged when there is one fault.
    fn verify(&self) -> Result<VerifiedLedger, LedgerFaultError> {
        let verdict = self.verify_in(1);
        for page in [7, 256, 300, 1000] {
            assert_eq!(self.verify_in(page), verdict, "in pages of {page}");
        }
        verdict
    }

    fn fault(&self) -> LedgerFaultError {
        self.verify().expect_err("tampering must be found")
    }

    /// Replaces an event.
    fn replace(&mut self, index: u64) {
        self.rows[at(index)].leaf = b"something else".to_vec();
    }

    /// Gives the rows consecutive indexes again.
    fn renumber(&mut self) {
        (0..)
            .zip(&mut self.rows)
            .for_each(|(index, row)| row.index = index);
    }

    /// Makes the tiles anew from the rows, as somebody who owns the whole database would.
    fn rebuild_tiles(&mut self) {
        let hashes: Vec<_> = self.rows.iter().map(|row| leaf_hash(&row.leaf)).collect();
        self.tiles = grow(0, &Tiles::new(), &hashes).unwrap().changed;
    }
}

fn at(index: u64) -> usize {
    usize::try_from(index).unwrap()
}

fn tile(level: u8, index: u64) -> TileId {
    TileId { level, index }
}

fn exactly(index: u64, kind: LedgerError) -> LedgerFaultError {
    LedgerFaultError {
        index,
        through: index,
        kind,
    }
}

#[test]
fn an_honest_ledger_is_verified() {
    let ledger = Ledger::new();
    let head = ledger.checkpoints[3].head;
    assert_eq!(
        ledger.verify(),
        Ok(VerifiedLedger {
            head,
            signed: Some(SIZE)
        })
    );
}

#[test]
fn an_empty_ledger_is_verified() {
    let ledger = Ledger {
        rows: Vec::new(),
        tiles: Tiles::new(),
        checkpoints: Vec::new(),
    };
    assert_eq!(
        ledger.verify(),
        Ok(VerifiedLedger {
            head: Head::EMPTY,
            signed: None
        })
    );
}

#[test]
fn events_after_the_last_checkpoint_are_not_vouched_for() {
    let mut ledger = Ledger::new();
    let head = ledger.checkpoints.pop().unwrap().head;
    assert_eq!(
        ledger.verify(),
        Ok(VerifiedLedger {
            head,
            signed: Some(300)
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes(index in 0..SIZE) {
        let mut ledger = Ledger::new();
        ledger.replace(index);
        prop_assert_eq!(ledger.fault(), exactly(index, LedgerError::TileDiffers(tile(0, index / 256))));
    }

    #[test]
    fn everything_rewritten_but_the_checkpoints(index in 0..SIZE) {
        let mut ledger = Ledger::new();
        ledger.replace(index);
        ledger.rebuild_tiles();
        let fault = ledger.fault();
        let (from, until) = match index { 0..100 => (0, 100), 100..300 => (100, 300), _ => (300, SIZE) };
        prop_assert_eq!((fault.index, fault.through), (from, until - 1));
        let signed = root(until, &tree(SIZE).1).unwrap();
        let recomputed = root(until, &ledger.tiles).unwrap();
        prop_assert_eq!(fault.kind, LedgerError::RootDiffers { size: until, signed, recomputed });
    }

    #[test]
    fn a_missing_event(index in 0..SIZE - 1) {
        let mut ledger = Ledger::new();
        ledger.rows.remove(at(index));
        prop_assert_eq!(ledger.fault(), exactly(index, LedgerError::Missing));
        ledger.renumber();
        prop_assert_eq!(ledger.fault(), exactly(index, LedgerError::TileDiffers(tile(0, index / 256))));
    }

    #[test]
    fn swapped_events(first in 0..SIZE - 1, distance in 1..SIZE) {
        let second = first + 1 + distance % (SIZE - 1 - first);
        let mut bytes = Ledger::new();
        bytes.rows[at(first)].leaf = leaf(second);
        bytes.rows[at(second)].leaf = leaf(first);
        prop_assert_eq!(bytes.fault(), exactly(first, LedgerError::TileDiffers(tile(0, first / 256))));

        let mut whole = Ledger::new();
        whole.rows.swap(at(first), at(second));
        prop_assert_eq!(whole.fault(), exactly(first, LedgerError::Missing));
        whole.renumber();
        prop_assert_eq!(whole.fault(), exactly(first, LedgerError::TileDiffers(tile(0, first / 256))));
    }

    #[test]
    fn a_truncated_log(length in 0..SIZE) {
        let mut ledger = Ledger::new();
        ledger.rows.truncate(at(length));
        prop_assert_eq!(ledger.fault(), exactly(length, LedgerError::Truncated { signed: SIZE }));
        ledger.rebuild_tiles();
        prop_assert_eq!(ledger.fault(), exactly(length, LedgerError::Truncated { signed: SIZE }));
    }

    #[test]
    fn a_changed_leaf_tile(index in 0..SIZE, byte in 0_usize..32) {
        let mut ledger = Ledger::new();
        let changed = tile(0, index / 256);
        ledger.tiles.get_mut(&changed).unwrap()[at(index % 256) * 32 + byte] ^= 1;
        prop_assert_eq!(ledger.fault(), exactly(index, LedgerError::TileDiffers(changed)));
    }

    #[test]
    fn the_earlier_of_two_faults_is_named(first in 0..SIZE - 1, distance in 1..SIZE, page in 1_usize..900) {
        let second = first + 1 + distance % (SIZE - 1 - first);
        let mut ledger = Ledger::new();
        ledger.replace(first);
        ledger.rows[at(second)].leaf.push(b'!');
        // The later fault may be in a tile that is compared before the earlier one's.
        prop_assert_eq!(ledger.verify_in(page).map_err(|fault| fault.index), Err(first));
    }
}

#[test]
fn a_changed_upper_tile_names_the_events_below_it() {
    let mut ledger = Ledger::new();
    ledger.tiles.get_mut(&tile(1, 0)).unwrap()[40] ^= 1;
    let kind = LedgerError::TileDiffers(tile(1, 0));
    assert_eq!(
        ledger.fault(),
        LedgerFaultError {
            index: 256,
            through: 511,
            kind
        }
    );
}

#[test]
fn a_lost_tile_is_named() {
    for (lost, index, through) in [
        (tile(0, 1), 256, 256),
        (tile(0, 2), 512, 512),
        (tile(1, 0), 0, 255),
    ] {
        let mut ledger = Ledger::new();
        ledger.tiles.remove(&lost);
        assert_eq!(
            ledger.fault(),
            LedgerFaultError {
                index,
                through,
                kind: LedgerError::TileMissing(lost)
            }
        );
    }
}

#[test]
fn a_tile_with_a_hash_too_many_or_too_few_is_named() {
    for (hashes, index) in [(187, 699), (189, 700)] {
        let mut ledger = Ledger::new();
        ledger
            .tiles
            .get_mut(&tile(0, 2))
            .unwrap()
            .resize(hashes * 32, 0);
        assert_eq!(
            ledger.fault(),
            exactly(index, LedgerError::TileDiffers(tile(0, 2)))
        );
    }
}

#[test]
fn an_event_that_comes_twice_is_named() {
    let mut ledger = Ledger::new();
    let again = ledger.rows[20].clone();
    ledger.rows.insert(21, again);
    assert_eq!(ledger.fault(), exactly(20, LedgerError::Repeated));
}

#[test]
fn two_checkpoints_of_one_size_are_a_fault() {
    let mut ledger = Ledger::new();
    let mut forked = ledger.checkpoints[1].clone();
    forked.head.root = leaf_hash(b"fork");
    ledger.checkpoints.push(forked);
    let fault = ledger.fault();
    assert!(
        matches!(fault.kind, LedgerError::RootDiffers { size: 100, signed, .. } if signed == leaf_hash(b"fork"))
    );
    assert_eq!(fault.through, 99);
}

#[test]
fn a_fault_stays_the_answer() {
    let mut verifier = LedgerVerifier::against([]);
    verifier.event(1, b"a");
    let fault = verifier.compare(&Tiles::new()).unwrap_err();
    verifier.event(0, b"a");
    assert_eq!(verifier.compare(&Tiles::new()), Err(fault));
    assert_eq!(verifier.end().finish(&Tiles::new()), Err(fault));
}

#[test]
fn a_fault_reads_as_a_sentence() {
    let kind = LedgerError::TileDiffers(tile(0, 1));
    let text = exactly(300, kind).to_string();
    assert_eq!(
        text,
        "event 300: the stored tile 0/1 does not hold the hash that the events give"
    );
    let tree = exactly(1, LedgerError::Tree(TreeError::TooLarge)).to_string();
    assert!(
        tree.starts_with("event 1: the tree cannot take it: a tree has at most"),
        "{tree}"
    );
}
