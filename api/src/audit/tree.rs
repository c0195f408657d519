//! The ledger's Merkle tree: RFC 6962 with SHA-256, kept as tiles (C2SP tlog-tiles).
//!
//! A tile holds up to 256 hashes of 32 bytes. Those of level 0 are leaf hashes; each of level n is the root over one
//! full tile of level n-1. Hashes are only ever added at the right edge, so a tree of any earlier size is still in the
//! tiles, and growing needs the [`edge`] alone: whoever keeps the tiles loads those, calls [`grow`], and writes down
//! what it changed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use tlog_tiles::tile::Tile;
use tlog_tiles::tlog::{self, Hash, HashReader};

/// The levels of hashes that one tile spans: 2^8 = 256 hashes are a full tile.
pub(super) const HEIGHT: u8 = 8;

/// The bytes of one hash.
pub const HASH_BYTES: usize = tlog::HASH_SIZE;

/// The bytes of a full tile.
pub const FULL_TILE_BYTES: usize = HASH_BYTES << HEIGHT;

/// The most leaves that a tree may have: beyond it the tile arithmetic would overflow.
pub const MAX_SIZE: u64 = 1 << 48;

/// The levels that a tree of [`MAX_SIZE`] has.
pub(super) const LEVELS: usize = 7;

/// A SHA-256 hash in the tree: of a leaf, of a node, or the root. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; HASH_BYTES]);

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 hash: it must be 64 hexadecimal digits")]
pub struct InvalidDigestError;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigestError;

    fn from_str(text: &str) -> Result<Self, InvalidDigestError> {
        let mut bytes = [0; HASH_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidDigestError)?;
        Ok(Self(bytes))
    }
}

impl From<Hash> for Digest {
    fn from(hash: Hash) -> Self {
        Self(hash.0)
    }
}

impl From<Digest> for Hash {
    fn from(digest: Digest) -> Self {
        Self(digest.0)
    }
}

/// A state of the tree: how many leaves, and the hash over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The number of leaves.
    pub size: u64,
    /// The root hash of exactly these leaves.
    pub root: Digest,
}

impl Head {
    /// The tree without a leaf.
    pub const EMPTY: Self = Self {
        size: 0,
        root: Digest(tlog::EMPTY_HASH.0),
    };
}

/// Where a tile stands. Written as `level/index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaf hashes; each level above holds the roots over 256 hashes of the one below.
    pub level: u8,
    /// The tile's place within its level, from 0.
    pub index: u64,
}

impl TileId {
    /// Returns the tile of `level` below which the leaf stands (on level 0: in which).
    fn over(level: u8, leaf: u64) -> Self {
        Self {
            level,
            index: entries(level.saturating_add(1), leaf),
        }
    }

    /// Returns the index of the first leaf below the hash at `position` of this tile.
    #[must_use]
    pub fn first_leaf(self, position: usize) -> u64 {
        let position = u64::try_from(position).unwrap_or(u64::MAX);
        let hash = (self.index << HEIGHT).saturating_add(position);
        hash.saturating_mul(1 << (u32::from(HEIGHT) * u32::from(self.level)).min(63))
    }
}

impl From<Tile> for TileId {
    fn from(tile: Tile) -> Self {
        Self {
            level: tile.level(),
            index: tile.level_index(),
        }
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.level, self.index)
    }
}

/// Tiles by place: the hashes of each, one after another.
pub type Tiles = BTreeMap<TileId, Vec<u8>>;

/// Why the tree cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A tile that is needed was not given.
    #[error("tile {0} is needed and missing")]
    MissingTile(TileId),
    /// A tile does not hold what a tree of this size must have there.
    #[error("tile {tile} holds {found} bytes, which cannot be at this size of the tree")]
    MalformedTile {
        /// The tile.
        tile: TileId,
        /// How many bytes it holds.
        found: usize,
    },
    /// The tiles contradict one another: they are no longer what was written.
    #[error("the tiles contradict one another")]
    Inconsistent,
    /// The leaf, or the earlier size, lies beyond the tree.
    #[error("{asked} lies beyond a tree of {size} leaves")]
    BeyondSize {
        /// What was asked for.
        asked: u64,
        /// The leaves that there are.
        size: u64,
    },
    /// The tree is, or would become, larger than [`MAX_SIZE`].
    #[error("a tree has at most {MAX_SIZE} leaves")]
    TooLarge,
    /// The proof does not prove it.
    #[error("the proof does not hold")]
    InvalidProof,
}

/// Returns the hash of a leaf, as RFC 6962 section 2.1 says.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    tlog::record_hash(leaf).into()
}

/// Returns the number of hashes that a tree of `size` leaves has on a level.
fn entries(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(HEIGHT) * u32::from(level))
        .unwrap_or(0)
}

/// Returns how many hashes a tile holds in a tree of this size: none where the tree does not reach it.
#[must_use]
pub fn width(tile: TileId, size: u64) -> usize {
    let before = tile.index.saturating_mul(1 << HEIGHT);
    let held = entries(tile.level, size).saturating_sub(before);
    usize::try_from(held.min(1 << HEIGHT)).unwrap_or_default()
}

/// Returns the partly filled tiles at the right edge of a tree of this size: all that [`grow`] and [`root`] need.
#[must_use]
pub fn edge(size: u64) -> Vec<TileId> {
    edge_widths(size).map(|(tile, _)| tile).collect()
}

/// Returns the tiles of the edge, each with the hashes that it holds (1 to 255).
fn edge_widths(size: u64) -> impl Iterator<Item = (TileId, usize)> {
    (0..=u8::MAX)
        .map_while(move |level| {
            Some((level, entries(level, size))).filter(|(_, entries)| *entries > 0)
        })
        .map(move |(level, entries)| {
            let open = usize::try_from(entries % (1 << HEIGHT)).unwrap_or_default();
            (TileId::over(level, size), open)
        })
        .filter(|(_, open)| *open > 0)
}

/// The right edge of a tree, which takes new leaves. It holds at most 255 hashes a level, whatever the tree's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightEdge {
    size: u64,
    /// The hashes of each level's open tile; empty where the last tile is full or the level does not exist yet.
    open: [Vec<u8>; LEVELS],
}

impl RightEdge {
    /// Returns the edge of the empty tree.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: 0,
            open: std::array::from_fn(|_| Vec::new()),
        }
    }

    /// Returns the edge of a tree of `size`, from its tiles. Those that do not belong to the edge are left alone.
    ///
    /// # Errors
    /// `MissingTile`, `MalformedTile` when a tile holds more or fewer hashes than at this size, `TooLarge`.
    pub fn load(size: u64, tiles: &Tiles) -> Result<Self, TreeError> {
        bounded(size)?;
        let mut loaded = Self {
            size,
            ..Self::empty()
        };
        for (tile, width) in edge_widths(size) {
            let hashes = tiles.get(&tile).ok_or(TreeError::MissingTile(tile))?;
            let found = hashes.len();
            let open = loaded.open.get_mut(usize::from(tile.level));
            match open {
                Some(open) if found == width * HASH_BYTES => open.clone_from(hashes),
                Some(_) | None => return Err(TreeError::MalformedTile { tile, found }),
            }
        }
        Ok(loaded)
    }

    /// Returns the leaves that the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and gives the tiles that it filled.
    ///
    /// # Errors
    /// `TooLarge`.
    pub fn push(&mut self, leaf: Digest) -> Result<Vec<(TileId, Vec<u8>)>, TreeError> {
        bounded(self.size.saturating_add(1))?;
        let mut filled = Vec::new();
        let mut hash = leaf;
        for (level, open) in (0..).zip(&mut self.open) {
            open.extend_from_slice(&hash.0);
            if open.len() < FULL_TILE_BYTES {
                break;
            }
            let hashes = std::mem::take(open);
            hash = Tile::subtree_hash(&hashes).into();
            filled.push((TileId::over(level, self.size), hashes));
        }
        self.size += 1;
        Ok(filled)
    }

    /// Returns the partly filled tiles.
    #[must_use]
    pub fn tiles(&self) -> Tiles {
        (0..)
            .zip(&self.open)
            .filter(|(_, open)| !open.is_empty())
            .map(|(level, open)| (TileId::over(level, self.size), open.clone()))
            .collect()
    }

    /// Returns the tree's size and root.
    ///
    /// # Errors
    /// None in practice: an edge is complete by construction.
    pub fn head(&self) -> Result<Head, TreeError> {
        let root = root(self.size, &self.tiles())?;
        Ok(Head {
            size: self.size,
            root,
        })
    }
}

/// A tree after it grew. Written down in one transaction, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grown {
    /// The new size and root.
    pub head: Head,
    /// Every tile that is new or longer than before, in whole.
    pub changed: Tiles,
}

/// Adds leaves to a tree of `size`, of which only the tiles of the [`edge`] are needed.
///
/// # Errors
/// `MissingTile`, `MalformedTile`, `TooLarge`. Nothing has changed then.
pub fn grow(size: u64, tiles: &Tiles, leaves: &[Digest]) -> Result<Grown, TreeError> {
    let mut edge = RightEdge::load(size, tiles)?;
    let mut changed = Tiles::new();
    for leaf in leaves {
        changed.extend(edge.push(*leaf)?);
    }
    let grew = |tile: TileId| entries(tile.level, size) != entries(tile.level, edge.size);
    changed.extend(edge.tiles().into_iter().filter(|(tile, _)| grew(*tile)));
    Ok(Grown {
        head: edge.head()?,
        changed,
    })
}

/// Returns the root of the tree of the first `size` leaves. It needs the tiles of that size's [`edge`]; they may have
/// grown since.
///
/// # Errors
/// `MissingTile`, `MalformedTile`, `TooLarge`.
pub fn root(size: u64, tiles: &Tiles) -> Result<Digest, TreeError> {
    bounded(size)?;
    read(tiles, |reader| tlog::tree_hash(size, reader)).map(Digest::from)
}

/// Refuses a size beyond [`MAX_SIZE`].
pub(super) fn bounded(size: u64) -> Result<(), TreeError> {
    if size > MAX_SIZE {
        return Err(TreeError::TooLarge);
    }
    Ok(())
}

/// Returns what a question answers from these tiles.
pub(super) fn read<T>(
    tiles: &Tiles,
    question: impl FnOnce(&Stored<'_>) -> Result<T, tlog::Error>,
) -> Result<T, TreeError> {
    let reader = Stored {
        tiles,
        fault: RefCell::new(None),
    };
    question(&reader).map_err(|_| reader.fault.into_inner().unwrap_or(TreeError::Inconsistent))
}

/// A reader of hashes from tiles, which remembers what stopped it: the library's errors cannot name a tile.
pub(super) struct Stored<'a> {
    tiles: &'a Tiles,
    fault: RefCell<Option<TreeError>>,
}

impl Stored<'_> {
    fn hash(&self, index: u64) -> Result<Hash, TreeError> {
        let narrowest = Tile::from_index(HEIGHT, index);
        let tile = TileId::from(narrowest);
        let hashes = self.tiles.get(&tile).ok_or(TreeError::MissingTile(tile))?;
        let found = hashes.len();
        if !found.is_multiple_of(HASH_BYTES) || found > FULL_TILE_BYTES {
            return Err(TreeError::MalformedTile { tile, found });
        }
        narrowest
            .hash_at_index(hashes, index)
            .map_err(|_| TreeError::MalformedTile { tile, found })
    }
}

impl HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        let hashes: Result<Vec<_>, _> = indexes.iter().map(|index| self.hash(*index)).collect();
        hashes.map_err(|fault| {
            self.fault.replace(Some(fault));
            tlog::Error::InvalidTile
        })
    }
}
