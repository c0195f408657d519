//! The Merkle tree of the ledger against an independent implementation of RFC 6962, and against the tile library.

use std::collections::BTreeSet;

use concord::audit::proof::{
    check_consistency, check_inclusion, prove_consistency, prove_inclusion, tiles_for_consistency,
    tiles_for_inclusion,
};
use concord::audit::tree::{
    Digest, Grown, Head, MAX_SIZE, TileId, Tiles, TreeError, edge, grow, leaf_hash, root,
};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof};
use proptest::prelude::*;
use sha2::Sha256;
use tlog_tiles::{Hash, HashReader, Tile, TileHashReader, TileReader};

type Oracle = MemoryBackedTree<Sha256, Vec<u8>>;

pub fn leaf(index: u64) -> Vec<u8> {
    format!("event {index}").into_bytes()
}

fn hashes(indexes: std::ops::Range<u64>) -> Vec<Digest> {
    indexes.map(|index| leaf_hash(&leaf(index))).collect()
}

fn only(tiles: &Tiles, wanted: impl IntoIterator<Item = TileId>) -> Tiles {
    wanted
        .into_iter()
        .map(|tile| (tile, tiles[&tile].clone()))
        .collect()
}

/// A tree grown in one go.
pub fn tree(size: u64) -> (Digest, Tiles) {
    let grown = grow(0, &Tiles::new(), &hashes(0..size)).unwrap();
    (grown.head.root, grown.changed)
}

fn oracle(size: u64) -> Oracle {
    let mut oracle = Oracle::new();
    (0..size).for_each(|index| oracle.push(leaf(index)));
    oracle
}

fn oracle_root(oracle: &Oracle) -> Digest {
    Digest(oracle.root().as_bytes()[..].try_into().unwrap())
}

fn joined(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|digest| digest.0).collect()
}

fn split(bytes: &[u8]) -> Vec<Digest> {
    bytes
        .chunks(32)
        .map(|chunk| Digest(chunk.try_into().unwrap()))
        .collect()
}

fn at(level: u8, index: u64) -> TileId {
    TileId { level, index }
}

/// Grows `stored` as the database would: from the edge alone, replacing what changed.
fn grow_stored(size: u64, stored: &mut Tiles, leaves: &[Digest]) -> Grown {
    let grown = grow(size, &only(stored, edge(size)), leaves).unwrap();
    stored.extend(grown.changed.clone());
    grown
}

#[test]
fn the_root_is_rfc_6962s_at_every_size() {
    let mut oracle = Oracle::new();
    let mut stored = Tiles::new();
    assert_eq!(root(0, &stored).unwrap(), oracle_root(&oracle));
    for size in 0..700 {
        oracle.push(leaf(size));
        let grown = grow_stored(size, &mut stored, &hashes(size..size + 1));
        assert_eq!(
            grown.head,
            Head {
                size: size + 1,
                root: oracle_root(&oracle)
            }
        );
        assert_eq!(
            root(size + 1, &only(&stored, edge(size + 1))).unwrap(),
            grown.head.root
        );
    }
    // Tiles that have grown since still know every earlier root.
    assert_eq!(root(300, &stored).unwrap(), oracle_root(&self::oracle(300)));
}

#[test]
fn the_root_is_right_where_a_third_level_begins() {
    let mut oracle = oracle(65_534);
    let mut stored = Tiles::new();
    grow_stored(0, &mut stored, &hashes(0..65_534));
    for size in 65_534..65_538 {
        oracle.push(leaf(size));
        let grown = grow_stored(size, &mut stored, &hashes(size..size + 1));
        assert_eq!(grown.head.root, oracle_root(&oracle), "at {}", size + 1);
    }
    assert_eq!(edge(65_536), [at(2, 0)]);
    assert_eq!(edge(65_537), [at(0, 256), at(2, 0)]);
    let needed = tiles_for_inclusion(70, 65_538).unwrap();
    assert_eq!(
        needed,
        BTreeSet::from([at(0, 0), at(0, 256), at(1, 0), at(2, 0)])
    );
    let proof = prove_inclusion(70, 65_538, &only(&stored, needed)).unwrap();
    assert_eq!(joined(&proof), oracle.prove_inclusion(70).as_bytes());
}

#[test]
fn the_edge_is_the_open_tiles() {
    assert_eq!(edge(0), []);
    assert_eq!(edge(1), [at(0, 0)]);
    assert_eq!(edge(255), [at(0, 0)]);
    assert_eq!(edge(256), [at(1, 0)]);
    assert_eq!(edge(257), [at(0, 1), at(1, 0)]);
    assert_eq!(edge(512), [at(1, 0)]);
}

/// The hashes of a tree in the tile library's own dense order, made without any tile.
struct Dense(Vec<Hash>);

impl HashReader for Dense {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[usize::try_from(*index).unwrap()])
            .collect())
    }
}

/// Our tiles as an outsider's tile reader serves them.
struct Served<'a>(&'a Tiles);

impl TileReader for Served<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let bytes = |tile: &Tile| self.0[&at(tile.level(), tile.level_index())].clone();
        Ok(tiles.iter().map(bytes).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[test]
fn tiles_are_laid_out_as_c2sp_says() {
    let mut dense = Dense(Vec::new());
    for index in 0..700 {
        let new = tlog_tiles::stored_hashes(index, &leaf(index), &dense).unwrap();
        dense.0.extend(new);
    }
    let (_, stored) = tree(700);
    let expected: Tiles = Tile::new_tiles(8, 0, 700)
        .into_iter()
        .map(|tile| {
            (
                at(tile.level(), tile.level_index()),
                tile.read_data(&dense).unwrap(),
            )
        })
        .collect();
    assert_eq!(stored, expected);
    assert_eq!(
        stored.keys().copied().collect::<Vec<_>>(),
        [at(0, 0), at(0, 1), at(0, 2), at(1, 0)]
    );
}

#[test]
fn a_stock_tile_client_reads_and_trusts_our_tiles() {
    for size in [1, 255, 256, 257, 511, 512, 700] {
        let (root, stored) = tree(size);
        let served = Served(&stored);
        let reader = TileHashReader::new(size, root.into(), &served);
        for index in [0, size / 2, size - 1] {
            let proof = tlog_tiles::prove_record(size, index, &reader).unwrap();
            tlog_tiles::check_record(
                &proof,
                size,
                root.into(),
                index,
                leaf_hash(&leaf(index)).into(),
            )
            .unwrap();
        }
        let forged = TileHashReader::new(size, leaf_hash(b"forged").into(), &served);
        assert!(forged.read_hashes(&[0]).is_err());
    }
}

/// Flips a bit in one of the tiles that a proof needs: what the tiles then hold is not in the tree that was signed.
fn prove_from_a_changed_tile(index: u64, byte: usize, place: usize) {
    let (root, mut stored) = tree(700);
    let needed: Vec<_> = tiles_for_inclusion(index, 700)
        .unwrap()
        .into_iter()
        .collect();
    let hashes = stored.get_mut(&needed[place % needed.len()]).unwrap();
    let byte = byte % hashes.len();
    hashes[byte] ^= 1;
    let start = usize::try_from(index % 256).unwrap() * 32;
    let in_tile = &stored[&at(0, index / 256)][start..start + 32];
    let in_tile = concord::audit::tree::Digest(in_tile.try_into().unwrap());
    // A change elsewhere in an open tile gives another root; any other contradicts the rest.
    match prove_inclusion(index, 700, &stored) {
        Ok(proof) => {
            let head = Head { size: 700, root };
            let verdict = check_inclusion(&proof, index, in_tile, head);
            assert_eq!(verdict, Err(TreeError::InvalidProof));
        }
        Err(fault) => assert_eq!(fault, TreeError::Inconsistent),
    }
}

#[test]
fn a_leaf_that_was_changed_in_its_open_tile_is_not_proved() {
    // 569 is leaf 57 of the open tile that begins at 512; that tile is the first that its proof needs.
    prove_from_a_changed_tile(569, 57 * 32, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn growing_in_batches_is_growing_one_by_one(batches in prop::collection::vec(0_u64..300, 1..4)) {
        let mut stored = Tiles::new();
        let mut size = 0;
        for batch in batches {
            let grown = grow_stored(size, &mut stored, &hashes(size..size + batch));
            let changed: Vec<_> = grown.changed.iter().map(|(tile, hashes)| (*tile, hashes.len() / 32)).collect();
            let mut published: Vec<_> = Tile::new_tiles(8, size, size + batch)
                .into_iter()
                .map(|tile| (at(tile.level(), tile.level_index()), tile.width() as usize))
                .collect();
            published.sort_unstable();
            prop_assert_eq!(changed, published);
            size += batch;
        }
        let mut one_by_one = Tiles::new();
        for index in 0..size {
            grow_stored(index, &mut one_by_one, &hashes(index..index + 1));
        }
        prop_assert_eq!(stored, one_by_one);
    }

    #[test]
    fn inclusion_is_proved_as_the_oracle_proves_it((size, index) in (1_u64..700).prop_flat_map(|size| (Just(size), 0..size))) {
        let (oracle, (root, stored)) = (oracle(size), tree(700));
        let root = if size == 700 { root } else { concord::audit::tree::root(size, &stored).unwrap() };
        let tiles = only(&stored, tiles_for_inclusion(index, size).unwrap());
        let proof = prove_inclusion(index, size, &tiles).unwrap();
        let theirs = oracle.prove_inclusion(usize::try_from(index).unwrap());
        prop_assert_eq!(&joined(&proof)[..], theirs.as_bytes());
        check_inclusion(&proof, index, leaf_hash(&leaf(index)), Head { size, root }).unwrap();
        let ours = InclusionProof::<Sha256>::from_bytes(joined(&proof));
        oracle.root().verify_inclusion(&leaf(index), index, &ours).unwrap();
    }

    #[test]
    fn consistency_is_proved_as_the_oracle_proves_it((to, from) in (1_u64..700).prop_flat_map(|to| (Just(to), 0..=to))) {
        let (_, stored) = tree(700);
        let tiles = only(&stored, tiles_for_consistency(from, to).unwrap());
        let proof = prove_consistency(from, to, &tiles).unwrap();
        let (old, new) = (oracle(from), oracle(to));
        let heads = [(&old, from), (&new, to)].map(|(oracle, size)| Head { size, root: oracle_root(oracle) });
        check_consistency(&proof, heads[0], heads[1]).unwrap();
        if from > 0 {
            let theirs = new.prove_consistency(usize::try_from(to - from).unwrap());
            prop_assert_eq!(&joined(&proof)[..], theirs.as_bytes());
            let ours = ConsistencyProof::<Sha256>::try_from_bytes(joined(&proof)).unwrap();
            new.root().verify_consistency(&old.root(), &ours).unwrap();
        }
    }

    #[test]
    fn a_changed_tile_proves_nothing(index in 0_u64..700, byte in 0_usize..8192, place in 0_usize..4) {
        prove_from_a_changed_tile(index, byte, place);
    }
}

#[test]
fn tiles_that_contradict_one_another_give_no_proof() {
    let (_, honest) = tree(700);
    for (tile, index) in [(at(0, 0), 70), (at(0, 1), 300), (at(1, 0), 70)] {
        let mut stored = honest.clone();
        stored.get_mut(&tile).unwrap()[0] ^= 1;
        assert_eq!(
            prove_inclusion(index, 700, &stored),
            Err(TreeError::Inconsistent),
            "{tile}"
        );
    }
    let mut stored = honest;
    stored.get_mut(&at(0, 1)).unwrap()[0] ^= 1;
    assert_eq!(
        prove_consistency(300, 700, &stored),
        Err(TreeError::Inconsistent)
    );
}

/// Every proof that differs from a good one by one bit of one byte, by its last hash, or by one hash more.
fn broken(proof: &[Digest]) -> impl Iterator<Item = Vec<Digest>> {
    let bytes = joined(proof);
    let flipped = (0..bytes.len()).map({
        let bytes = bytes.clone();
        move |at| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            split(&bytes)
        }
    });
    let shorter = (!proof.is_empty()).then(|| proof[..proof.len() - 1].to_vec());
    let longer = [proof, &[Digest([7; 32])]].concat();
    flipped.chain(shorter).chain([longer])
}

#[test]
fn a_proof_changed_anywhere_does_not_hold() {
    for (size, index) in [
        (1, 0),
        (2, 1),
        (256, 255),
        (257, 256),
        (300, 0),
        (513, 400),
        (700, 699),
    ] {
        let (root, stored) = tree(size);
        let (head, leaf) = (Head { size, root }, leaf_hash(&leaf(index)));
        let proof = prove_inclusion(index, size, &stored).unwrap();
        assert_eq!(check_inclusion(&proof, index, leaf, head), Ok(()));
        for broken in broken(&proof) {
            assert_eq!(
                check_inclusion(&broken, index, leaf, head),
                Err(TreeError::InvalidProof)
            );
        }
        assert!(check_inclusion(&proof, index, leaf_hash(b"another"), head).is_err());
        assert!(check_inclusion(&proof, index ^ 1, leaf, head).is_err());
        let other_root = Head {
            root: leaf,
            size: size + 1,
        };
        assert!(check_inclusion(&proof, index, leaf, other_root).is_err());
    }
    for (from, to) in [
        (1, 2),
        (1, 700),
        (255, 256),
        (256, 257),
        (300, 300),
        (511, 513),
        (512, 700),
    ] {
        let (root, stored) = tree(to);
        let (old, new) = (
            Head {
                size: from,
                root: tree(from).0,
            },
            Head { size: to, root },
        );
        let proof = prove_consistency(from, to, &stored).unwrap();
        assert_eq!(check_consistency(&proof, old, new), Ok(()));
        for broken in broken(&proof) {
            assert_eq!(
                check_consistency(&broken, old, new),
                Err(TreeError::InvalidProof)
            );
        }
        let rewritten = Head {
            root: leaf_hash(b"another"),
            ..old
        };
        assert_eq!(
            check_consistency(&proof, rewritten, new),
            Err(TreeError::InvalidProof)
        );
    }
}

#[test]
fn every_tree_begins_with_the_empty_one_alone() {
    let (root, stored) = tree(5);
    let new = Head { size: 5, root };
    assert_eq!(prove_consistency(0, 5, &stored), Ok(Vec::new()));
    assert_eq!(check_consistency(&[], Head::EMPTY, new), Ok(()));
    assert_eq!(
        check_consistency(&[root], Head::EMPTY, new),
        Err(TreeError::InvalidProof)
    );
    assert_eq!(
        check_consistency(&[], Head { size: 0, root }, new),
        Err(TreeError::InvalidProof)
    );
}

#[test]
fn exactly_the_named_tiles_are_needed() {
    let (_, stored) = tree(700);
    let without = |tile: TileId| {
        stored
            .clone()
            .into_iter()
            .filter(|(id, _)| *id != tile)
            .collect::<Tiles>()
    };
    for tile in tiles_for_inclusion(300, 700).unwrap() {
        assert_eq!(
            prove_inclusion(300, 700, &without(tile)),
            Err(TreeError::MissingTile(tile))
        );
    }
    for tile in tiles_for_consistency(300, 700).unwrap() {
        assert_eq!(
            prove_consistency(300, 700, &without(tile)),
            Err(TreeError::MissingTile(tile))
        );
    }
    for tile in edge(700) {
        assert_eq!(root(700, &without(tile)), Err(TreeError::MissingTile(tile)));
        assert_eq!(
            grow(700, &without(tile), &[]),
            Err(TreeError::MissingTile(tile))
        );
    }
}

#[test]
fn a_tile_of_another_size_is_refused() {
    let (_, stored) = tree(300);
    let tile = at(0, 1);
    for found in [0, 43 * 32, 44 * 32 - 1, 45 * 32, 257 * 32] {
        let mut stored = stored.clone();
        stored.get_mut(&tile).unwrap().resize(found, 0);
        let malformed = TreeError::MalformedTile { tile, found };
        assert_eq!(grow(300, &stored, &hashes(300..301)), Err(malformed));
        // For an earlier size a tile may be longer, as it has grown since; but never shorter, ragged or overfull.
        if found != 45 * 32 {
            assert_eq!(root(300, &stored), Err(malformed));
        }
    }
}

#[test]
fn what_lies_beyond_the_tree_is_refused() {
    let (root_of_five, stored) = tree(5);
    let head = Head {
        size: 5,
        root: root_of_five,
    };
    let beyond = TreeError::BeyondSize { asked: 5, size: 5 };
    assert_eq!(prove_inclusion(5, 5, &stored), Err(beyond));
    assert_eq!(tiles_for_inclusion(5, 5), Err(beyond));
    assert_eq!(check_inclusion(&[], 5, root_of_five, head), Err(beyond));
    let beyond = TreeError::BeyondSize { asked: 6, size: 5 };
    assert_eq!(prove_consistency(6, 5, &stored), Err(beyond));
    assert_eq!(tiles_for_consistency(6, 5), Err(beyond));
    assert_eq!(
        check_consistency(&[], Head { size: 6, ..head }, head),
        Err(beyond)
    );
    for size in [MAX_SIZE + 1, u64::MAX] {
        let head = Head { size, ..head };
        assert_eq!(root(size, &stored), Err(TreeError::TooLarge));
        assert_eq!(grow(size, &stored, &[]), Err(TreeError::TooLarge));
        assert_eq!(
            prove_inclusion(u64::MAX, size, &stored),
            Err(TreeError::TooLarge)
        );
        assert_eq!(
            prove_consistency(1, size, &stored),
            Err(TreeError::TooLarge)
        );
        assert_eq!(
            check_inclusion(&[], u64::MAX, head.root, head),
            Err(TreeError::TooLarge)
        );
        assert_eq!(check_consistency(&[], head, head), Err(TreeError::TooLarge));
    }
}

#[test]
fn the_largest_tree_takes_no_more() {
    let edge_tiles = |size: u64| -> Tiles {
        edge(size)
            .into_iter()
            .map(|tile| {
                (
                    tile,
                    vec![1; 32 * usize::try_from((size >> (8 * tile.level)) % 256).unwrap()],
                )
            })
            .collect()
    };
    let grown = grow(MAX_SIZE - 1, &edge_tiles(MAX_SIZE - 1), &hashes(0..1)).unwrap();
    assert_eq!(grown.head.size, MAX_SIZE);
    assert_eq!(grown.changed.keys().last(), Some(&at(6, 0)));
    assert_eq!(
        grow(MAX_SIZE, &edge_tiles(MAX_SIZE), &hashes(0..1)),
        Err(TreeError::TooLarge)
    );
}

#[test]
fn a_digest_is_64_hexadecimal_digits() {
    let text = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    assert_eq!(leaf_hash(b"").to_string(), text);
    assert_eq!(text.parse(), Ok(leaf_hash(b"")));
    for wrong in [
        "",
        &text[1..],
        &text.replace('6', "g"),
        &format!("{text}00"),
    ] {
        assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
    }
}
