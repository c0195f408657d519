//! A log that lies to whoever reads it over HTTP, in every way that its tiles and its checkpoint allow.

use concord::audit::checkpoint::{Checkpoint, LedgerKey};
use concord::audit::remote::{self, RemoteCheckError, RemoteLog, RemoteLogError};
use concord::audit::tile_path::{FULL_WIDTH, TilePath};
use concord::audit::tree::{Digest, Head, TileId, Tiles, grow, leaf_hash, root, width};
use concord::audit::verify::{LedgerError, LedgerFaultError, VerifiedLedger};
use zeroize::Zeroizing;

use super::stage::{Files, ToldLog};

/// Three levels: 273 whole tiles and a part of one, a whole tile above them and a part of one, and one hash on top.
const SIZE: u64 = 70_000;

fn key() -> LedgerKey {
    LedgerKey::new("concord.example.org/audit", &Zeroizing::new([7; 32])).unwrap()
}

fn leaves(size: u64) -> Vec<Digest> {
    (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn tiles(leaves: &[Digest]) -> Tiles {
    grow(0, &Tiles::new(), leaves).unwrap().changed
}

fn path(level: u8, index: u64, width: usize) -> String {
    format!("tile/{}", TilePath::new(TileId { level, index }, width))
}

/// What an honest log of these tiles serves at this size.
fn served(tiles: &Tiles, size: u64) -> Files {
    let head = Head {
        size,
        root: root(size, tiles).unwrap(),
    };
    let mut files: Files = tiles
        .iter()
        .map(|(tile, hashes)| {
            let width = width(*tile, size);
            (
                path(tile.level, tile.index, width),
                hashes[..width * 32].to_vec(),
            )
        })
        .collect();
    let note = key().sign(head).unwrap();
    files.insert("checkpoint".to_owned(), note.into_bytes());
    files
}

fn honest() -> Files {
    served(&tiles(&leaves(SIZE)), SIZE)
}

async fn checked(url: &str, kept: Option<Checkpoint>) -> Result<VerifiedLedger, RemoteCheckError> {
    let log = RemoteLog::at(url.parse().unwrap(), None)?;
    let note = log.checkpoint().await?;
    remote::check(&log, key().origins(), &note, kept, |_, _| {}).await
}

/// The fault of a log that serves this.
async fn fault(files: Files, kept: Option<Checkpoint>) -> LedgerFaultError {
    let log = ToldLog::serving(files).await;
    match checked(&log.url, kept).await {
        Err(RemoteCheckError::Ledger(fault)) => fault,
        other => panic!("not found: {other:?}"),
    }
}

fn kept(leaves: &[Digest]) -> Checkpoint {
    let size = u64::try_from(leaves.len()).unwrap();
    let root = root(size, &tiles(leaves)).unwrap();
    Checkpoint {
        origin: "concord.example.org/audit".to_owned(),
        head: Head { size, root },
    }
}

#[tokio::test]
async fn an_honest_log_is_verified_from_its_hashes_alone() {
    let log = ToldLog::serving(honest()).await;
    let verified = checked(&log.url, Some(kept(&leaves(1000)))).await.unwrap();
    assert_eq!((verified.head.size, verified.signed), (SIZE, Some(SIZE)));
    // One that has just begun, and one that ends with a whole tile.
    for size in [0, 1, 256, 65_536] {
        log.now_serves(served(&tiles(&leaves(size)), size));
        let verified = checked(&log.url, None).await.unwrap();
        assert_eq!(verified.head.size, size);
    }
}

#[tokio::test]
async fn a_log_that_grows_meanwhile_is_read_as_far_as_its_checkpoint_goes() {
    // Its partial tiles are gone: only the whole ones are there, which hold more by now.
    let mut files = served(&tiles(&leaves(SIZE + 500)), SIZE + 500);
    let newest = honest().remove("checkpoint").unwrap();
    files.insert("checkpoint".to_owned(), newest);
    let parts = [path(1, 1, 17), path(2, 0, 1)];
    let parts = honest()
        .into_iter()
        .filter(|(path, _)| parts.contains(path));
    files.extend(parts);
    let log = ToldLog::serving(files).await;
    assert_eq!(checked(&log.url, None).await.unwrap().head.size, SIZE);
}

#[tokio::test]
async fn an_edited_leaf_is_narrowed_down_to_its_tile() {
    let mut files = honest();
    files.get_mut(&path(0, 3, FULL_WIDTH)).unwrap()[17 * 32] ^= 1;
    let kind = LedgerError::TileDiffers(TileId { level: 1, index: 0 });
    let edited = LedgerFaultError {
        index: 768,
        through: 1023,
        kind,
    };
    assert_eq!(fault(files, None).await, edited);
}

#[tokio::test]
async fn reordered_leaves_are_narrowed_down_to_their_tile() {
    let mut files = honest();
    let tile = files.get_mut(&path(0, 3, FULL_WIDTH)).unwrap();
    let (one, other) = (tile[..32].to_vec(), tile[32..64].to_vec());
    tile[..32].copy_from_slice(&other);
    tile[32..64].copy_from_slice(&one);
    let found = fault(files, None).await;
    assert_eq!((found.index, found.through), (768, 1023));
}

#[tokio::test]
async fn an_edited_upper_tile_names_the_events_below_it() {
    let mut files = honest();
    files.get_mut(&path(1, 0, FULL_WIDTH)).unwrap()[9 * 32] ^= 1;
    let found = fault(files, None).await;
    assert_eq!((found.index, found.through), (9 * 256, 10 * 256 - 1));
    let mut files = honest();
    files.get_mut(&path(2, 0, 1)).unwrap()[0] ^= 1;
    let found = fault(files, None).await;
    assert_eq!((found.index, found.through), (0, 65_535));
}

#[tokio::test]
async fn a_log_rewritten_with_all_its_tiles_is_not_what_was_signed() {
    let mut rewritten = leaves(SIZE);
    rewritten[70] = leaf_hash(b"something else");
    let mut files = served(&tiles(&rewritten), SIZE);
    let newest = honest().remove("checkpoint").unwrap();
    files.insert("checkpoint".to_owned(), newest);
    let found = fault(files, Some(kept(&leaves(60)))).await;
    // What was kept vouches for all before it.
    assert_eq!((found.index, found.through), (60, SIZE - 1));
    assert!(matches!(
        found.kind,
        LedgerError::RootDiffers { size: SIZE, .. }
    ));
}

#[tokio::test]
async fn a_deleted_leaf_is_found_however_the_rest_moves_up() {
    let mut fewer = leaves(SIZE);
    fewer.remove(300);
    // The tiles end early.
    let mut files = served(&tiles(&fewer), SIZE - 1);
    let newest = honest().remove("checkpoint").unwrap();
    files.insert("checkpoint".to_owned(), newest.clone());
    let short = files.remove(&path(0, 273, 111)).unwrap();
    files.insert(path(0, 273, 112), short);
    files.insert(path(1, 1, 17), files[&path(1, 1, 17)].clone());
    let found = fault(files, None).await;
    assert_eq!(found.index, SIZE - 1);
    // Something else takes the last one's place.
    fewer.push(leaf_hash(b"something else"));
    let mut files = served(&tiles(&fewer), SIZE);
    files.insert("checkpoint".to_owned(), newest);
    let found = fault(files, Some(kept(&leaves(256)))).await;
    assert_eq!((found.index, found.through), (256, SIZE - 1));
}

#[tokio::test]
async fn a_tile_that_is_gone_names_its_first_event() {
    for (gone, index) in [
        (path(0, 3, FULL_WIDTH), 768),
        (path(0, 273, 112), 273 * 256),
        (path(1, 0, FULL_WIDTH), 0),
        (path(1, 1, 17), 65_536),
    ] {
        let mut files = honest();
        files.remove(&gone).unwrap();
        let found = fault(files, None).await;
        assert_eq!(found.index, index, "{gone}");
        assert!(matches!(found.kind, LedgerError::TileMissing(_)), "{found}");
    }
    let mut files = honest();
    files
        .get_mut(&path(0, 3, FULL_WIDTH))
        .unwrap()
        .truncate(100);
    let found = fault(files, None).await;
    assert_eq!(found.index, 768 + 3);
}

#[tokio::test]
async fn a_truncated_log_and_a_forked_one_do_not_go_on_from_what_was_kept() {
    // It signs for less than it did: honest in itself, and older than what somebody kept.
    let found = fault(
        served(&tiles(&leaves(60_000)), 60_000),
        Some(kept(&leaves(SIZE))),
    );
    let truncated = LedgerFaultError {
        index: 60_000,
        through: 60_000,
        kind: LedgerError::Truncated { signed: SIZE },
    };
    assert_eq!(found.await, truncated);
    // It went on from an older copy, with another history, and signs for more.
    let mut other = leaves(SIZE + 10);
    other[60_000..].fill(leaf_hash(b"another history"));
    let found = fault(served(&tiles(&other), SIZE + 10), Some(kept(&leaves(SIZE))));
    let found = found.await;
    assert_eq!((found.index, found.through), (0, SIZE - 1));
    assert!(matches!(
        found.kind,
        LedgerError::RootDiffers { size: SIZE, .. }
    ));
}

#[tokio::test]
async fn what_is_no_log_is_told_from_one_that_lies() {
    let log = ToldLog::serving(Files::new()).await;
    let refused = checked(&log.url, None).await;
    let Err(RemoteCheckError::Unread(RemoteLogError::NotALog)) = refused else {
        panic!("{refused:?}");
    };
    for page in ["<html>", "", "concord.example.org/audit\n0\nAAAA\n"] {
        log.now_serves(Files::from([("checkpoint".to_owned(), page.into())]));
        let refused = checked(&log.url, None).await;
        assert!(
            matches!(refused, Err(RemoteCheckError::Checkpoint(_))),
            "{refused:?}"
        );
    }
    // However much it sends, no more is read than can be.
    let mut files = honest();
    files.get_mut(&path(0, 3, FULL_WIDTH)).unwrap().push(0);
    log.now_serves(files);
    let refused = checked(&log.url, None).await;
    let Err(RemoteCheckError::Unread(RemoteLogError::TooLong { path })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(path, "tile/0/003");
    // A token is sent to nobody in clear.
    for address in ["http://concord.example.org/audit/log", "ftp://localhost/"] {
        let refused = RemoteLog::at(address.parse().unwrap(), None);
        assert!(matches!(refused, Err(RemoteLogError::Address)), "{address}");
    }
}

#[tokio::test]
async fn a_log_that_has_no_time_is_asked_again_and_not_for_ever() {
    let log = ToldLog::serving(served(&tiles(&leaves(600)), 600)).await;
    log.is_busy_for(4);
    assert_eq!(checked(&log.url, None).await.unwrap().head.size, 600);
    log.is_busy_for(i64::MAX);
    let refused = checked(&log.url, None).await.unwrap_err().to_string();
    assert_eq!(refused, "checkpoint: the log answers 429 Too Many Requests");
}

#[test]
fn a_tile_has_one_path_and_what_is_none_is_refused() {
    for (written, level, index, width) in [
        ("0/000", 0, 0, 256),
        ("0/000.p/1", 0, 0, 1),
        ("2/999.p/255", 2, 999, 255),
        ("0/x001/234", 0, 1234, 256),
        ("1/x001/x234/067.p/7", 1, 1_234_067, 7),
        ("6/x001/000", 6, 1000, 256),
    ] {
        let tile = TileId { level, index };
        assert_eq!(written.parse(), Ok(TilePath::new(tile, width)), "{written}");
        assert_eq!(TilePath::new(tile, width).to_string(), written);
    }
    for written in [
        "",
        "/",
        "0",
        "0/",
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/000",
        "0/x001",
        "0/001/234",
        "00/000",
        "+1/000",
        "-1/000",
        "7/000",
        "63/000",
        "64/000",
        "255/000",
        "256/000",
        "data/000",
        "entries/000",
        "entries/000.p/3",
        "0/000.p/0",
        "0/000.p/00",
        "0/000.p/256",
        "0/000.p/257",
        "0/000.p/01",
        "0/000.p/",
        "0/000.p",
        "0/000.p/1/",
        "0/000/",
        "0//000",
        "0/00a",
        "0/x00a/000",
        "0/000?x",
        "0/x018/x446/x744/x073/x709/x551/616",
        "0/x999/x999/x999/x999/x999/x999/x999/999",
        "0/١٢٣",
        "../checkpoint",
    ] {
        assert!(written.parse::<TilePath>().is_err(), "{written}");
    }
}
