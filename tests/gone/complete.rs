//! An embedded keyring is one file, which is complete at every moment.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::join_all;

use crate::world::{Database, World, sqlite};

const SEALS: usize = 32;
const WORKERS: usize = 4;

/// While seals are being made, the file is copied alone again and again: every key whose seal was acknowledged before the
/// copying began is in the copy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_acknowledged_is_in_a_copy_of_the_file_alone() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let file = world.folder.path().join("keyring.sqlite");
    let acknowledged = Mutex::new(Vec::new());
    let seals = join_all((0..WORKERS).map(async |worker| {
        for number in 0..SEALS / WORKERS {
            let person = format!("Ada {worker} {number}");
            let told = north.refers(&person).to(&south).sharing([Identity]).await;
            acknowledged.lock().unwrap().push(told.referral);
        }
    }));
    let copies = async {
        let mut copies = Vec::new();
        while acknowledged.lock().unwrap().len() < SEALS {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let before = acknowledged.lock().unwrap().clone();
            if let Some(copy) = copied(&file, copies.len()) {
                copies.push((before, copy));
            }
        }
        copies
    };
    let (_, copies) = tokio::join!(seals, copies);
    assert!(copies.iter().any(|(before, _)| before.len() > 4));
    for (before, copy) in copies {
        assert_eq!(sqlite::runs(&copy, "PRAGMA integrity_check"), "ok");
        for referral in before {
            let id = world.sql_id(&referral);
            let count = format!("SELECT count(*) FROM package_key WHERE referral_id = {id}");
            assert_eq!(sqlite::runs(&copy, &count), "1", "{referral}");
        }
    }
}

/// A copy of the file alone; none where it was just being written, which its journal shows.
fn copied(file: &Path, number: usize) -> Option<std::path::PathBuf> {
    let journal = file.with_extension("sqlite-journal");
    // Where in the file its changes are counted.
    let changes = |bytes: &[u8]| bytes[24..28].to_vec();
    if journal.exists() {
        return None;
    }
    let bytes = std::fs::read(file).unwrap();
    let after = std::fs::read(file).unwrap();
    if journal.exists() || changes(&bytes) != changes(&after) {
        return None;
    }
    let copy = file.with_file_name(format!("copy-{number}.sqlite"));
    std::fs::write(&copy, bytes).unwrap();
    Some(copy)
}
