//! The embedded stores' files are copied and put back, in every combination of old and new.

use std::fs;
use std::path::Path;

use concord_entities::vocabulary::DataCategory::Identity;
use tempfile::TempDir;

use super::stage::{done, refused};
use crate::world::agency::Told;
use crate::world::{Agency, Database, Server, World, sqlite};

/// How the data's file was copied.
#[derive(Clone, Copy, Debug)]
enum Copied {
    /// With everything in it, as `VACUUM INTO` or the backup API do.
    Whole,
    /// The file and its journal, while the server runs.
    WithJournal,
    /// The file alone, while the server runs.
    WithoutJournal,
}

/// Which of it is put back, and which stays as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Old,
    New,
    Gone,
}

const NAMES: [&str; 2] = ["concord.sqlite", "keyring.sqlite"];

/// Copies the files of one store, those that there are.
fn copy_files(name: &str, from: &Path, to: &Path, endings: &[&str]) {
    for ending in endings {
        let file = format!("{name}{ending}");
        if from.join(&file).exists() {
            fs::copy(from.join(&file), to.join(&file)).unwrap();
        }
    }
}

fn remove_files(name: &str, folder: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(folder.join(format!("{name}{ending}")));
    }
}

/// A copy of both stores as they are now.
fn copied(world: &World, how: Copied) -> TempDir {
    let (from, to) = (world.folder.path(), tempfile::tempdir().unwrap());
    for name in NAMES {
        match how {
            Copied::Whole => sqlite::is_copied(&from.join(name), &to.path().join(name)),
            Copied::WithJournal => copy_files(name, from, to.path(), &["", "-wal", "-journal"]),
            Copied::WithoutJournal => copy_files(name, from, to.path(), &[""]),
        }
    }
    to
}

/// A folder like the world's, in which some of it is as it was.
fn put_back(world: &World, old: &Path, keyring: Is, state: Is) -> TempDir {
    let (from, made) = (world.folder.path(), tempfile::tempdir().unwrap());
    let to = made.path();
    fs::copy(
        from.join("key-encryption-key"),
        to.join("key-encryption-key"),
    )
    .unwrap();
    copy_files(NAMES[0], old, to, &["", "-wal"]);
    let keyring = if keyring == Is::Old { old } else { from };
    copy_files(NAMES[1], keyring, to, &["", "-wal", "-journal"]);
    if state == Is::New {
        fs::create_dir(to.join("state")).unwrap();
        for file in fs::read_dir(from.join("state")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), to.join("state").join(file.file_name())).unwrap();
        }
    }
    made
}

fn flags_of(folder: &Path) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    vec![
        "--data".to_owned(),
        path(folder),
        "--state".to_owned(),
        path(&folder.join("state")),
    ]
}

/// A world in which South was told of Ada. All of that is in the files; what follows is in their journals alone.
async fn told_and_folded() -> (World, Agency, Agency, Told) {
    let mut world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    world.server.ends();
    world.service.store.clone().close().await;
    world.server = Server::start(&world.flags());
    let at = world.server.address.clone();
    let (north, south) = (north.at(&at), south.at(&at));
    assert!(south.reads(&ada).await.contains("Ada"));
    (world, north, south, ada)
}

/// Each combination in which what was taken back would be readable: none of them starts.
#[tokio::test]
async fn no_older_copy_is_served_from_in_any_combination() {
    let (mut world, north, south, ada) = told_and_folded().await;
    let mut copies = Vec::new();
    for how in [Copied::Whole, Copied::WithJournal, Copied::WithoutJournal] {
        copies.push((how, copied(&world, how)));
    }
    north.revokes_consent(&ada).await.data();
    world.server.ends();

    let mut tried = Vec::new();
    for (how, old) in &copies {
        for keyring in [Is::Old, Is::New] {
            for state in [Is::New, Is::Gone] {
                let combination =
                    format!("data {how:?}, keyring {keyring:?}, state folder {state:?}");
                let made = put_back(&world, old.path(), keyring, state);
                let said = refused(&flags_of(made.path()));
                let why = match (keyring, state) {
                    (_, Is::New) => "(The witness is the state folder",
                    (Is::New, Is::Gone) => "(The witness is the keyring.)",
                    _ => "does not know these stores, and the keyring is not apart from the data",
                };
                tried.push((combination, said.contains(why), said));
            }
        }
    }
    let wrong: Vec<_> = tried.iter().filter(|(_, as_told, _)| !as_told).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    // It was readable: with both as they were, and an operator who takes them for the newest.
    let made = put_back(&world, copies[1].1.path(), Is::Old, Is::Gone);
    is_shared_once_accepted(&south, &ada, &flags_of(made.path())).await;
}

async fn is_shared_once_accepted(
    south: &Agency,
    ada: &crate::world::agency::Told,
    flags: &[String],
) {
    done(&["audit", "accept"], flags);
    let server = Server::start(flags);
    assert!(south.at(&server.address).reads(ada).await.contains("Ada"));
}

/// The file is copied beneath a running server whose journal is cut off, and put back over the newest keyring.
#[tokio::test]
async fn the_file_without_its_journal_is_behind() {
    let (mut world, north, south, ada) = told_and_folded().await;
    north.revokes_consent(&ada).await.data();
    world.server.is_killed();
    let kept = world.folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    for name in NAMES {
        copy_files(
            name,
            world.folder.path(),
            &kept,
            &["", "-wal", "-shm", "-journal"],
        );
    }
    let journal = world.folder.path().join("concord.sqlite-wal");
    assert!(journal.metadata().unwrap().len() > 0, "all is in the file");
    fs::remove_file(journal).unwrap();
    let _ = fs::remove_file(world.folder.path().join("concord.sqlite-shm"));
    let said = refused(&world.flags());
    assert!(said.contains("the data store is an older copy"), "{said}");

    // With its journal it is whole.
    for name in NAMES {
        remove_files(name, world.folder.path());
        copy_files(name, &kept, world.folder.path(), &["", "-wal", "-journal"]);
    }
    world.server = Server::start(&world.flags());
    let read = south.at(&world.server.address).reads(&ada).await;
    assert_eq!(read, "withheld: everything (CONSENT_REVOKED)");
}
