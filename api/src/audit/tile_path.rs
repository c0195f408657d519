//! Where a tile is read below the address of a log (C2SP tlog-tiles): `0/x001/234`, and `0/x001/234.p/7` for its first 7
//! hashes, as long as the tree has no more there.

use std::fmt;
use std::str::FromStr;

use tlog_tiles::tile::Tile;

use super::tree::{FULL_TILE_BYTES, HASH_BYTES, HEIGHT, LEVELS, TileId};

/// The hashes of a full tile.
pub const FULL_WIDTH: usize = FULL_TILE_BYTES / HASH_BYTES;

/// What a tile's path begins with in the library, which names the height that C2SP leaves out.
const WITH_HEIGHT: &str = "tile/8/";

/// A tile with as many of its hashes as are meant. Written as the path below `tile/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePath {
    tile: TileId,
    width: u16,
}

/// The text is not the path of a tile of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct InvalidTilePathError;

impl TilePath {
    /// Returns the path of a tile's first `width` hashes, 1 to 256. More are taken for all of it.
    #[must_use]
    pub fn new(tile: TileId, width: usize) -> Self {
        let width = u16::try_from(width.clamp(1, FULL_WIDTH)).unwrap_or(1 << HEIGHT);
        Self { tile, width }
    }

    /// Returns the tile.
    #[must_use]
    pub fn tile(self) -> TileId {
        self.tile
    }

    /// Returns how many of its hashes are meant.
    #[must_use]
    pub fn width(self) -> usize {
        usize::from(self.width)
    }

    /// Returns whether all of a tile is meant, which never changes once it is there.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.width() == FULL_WIDTH
    }
}

impl FromStr for TilePath {
    type Err = InvalidTilePathError;

    fn from_str(text: &str) -> Result<Self, InvalidTilePathError> {
        let level = text.split('/').next().and_then(|level| level.parse().ok());
        let width = text.rsplit_once(".p/").map(|(_, width)| width.parse());
        // The library panics at a level or a width that is none.
        let is_tile = level.is_some_and(|level: usize| level < LEVELS)
            && width.is_none_or(|width| width.is_ok_and(|width: u8| width > 0));
        if !is_tile {
            return Err(InvalidTilePathError);
        }
        let tile = Tile::from_path(&format!("{WITH_HEIGHT}{text}"));
        let tile = tile.map_err(|_| InvalidTilePathError)?;
        let width = u16::try_from(tile.width()).map_err(|_| InvalidTilePathError)?;
        Ok(Self {
            tile: tile.into(),
            width,
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TileId { level, index } = self.tile;
        let path = Tile::new(HEIGHT, level, index, self.width.into(), false).path();
        f.write_str(path.strip_prefix(WITH_HEIGHT).unwrap_or(&path))
    }
}
