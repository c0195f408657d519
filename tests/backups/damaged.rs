//! A damaged backup is told, and by what is wrong with it.

use std::fs;
use std::path::Path;

use concord_entities::vocabulary::DataCategory::Identity;

use super::shelf::{Shelf, checks, file, manifest};
use crate::world::{Database, World, on_both};

/// What somebody does to a backup, and what its check says then.
type Damage = (&'static str, fn(&Path), &'static str);

const DAMAGES: [Damage; 11] = [
    (
        "a bit flips in the data",
        |backup| flips(&file(backup, "data")),
        "was changed: its SHA-256 is another one",
    ),
    (
        "a bit flips in the keyring",
        |backup| flips(&file(backup, "keyring")),
        "was changed: its SHA-256 is another one",
    ),
    (
        "the copy is missing",
        |backup| fs::remove_file(file(backup, "data")).unwrap(),
        "is missing",
    ),
    (
        "the copy is cut off",
        |backup| cuts(&file(backup, "data")),
        "bytes, and had",
    ),
    (
        "the manifest is missing",
        |backup| fs::remove_file(backup.join("keyring/manifest.json")).unwrap(),
        "no manifest.json in it",
    ),
    (
        "the manifest is cut off",
        |backup| cuts(&backup.join("data/manifest.json")),
        "manifest.json is damaged",
    ),
    (
        "the manifest is another one",
        |backup| edits(backup, "data", "\"format\": 1", "\"format\": 2"),
        "use a later program",
    ),
    (
        "the manifest tells of no file",
        forgets_the_file,
        "is not in its manifest",
    ),
    (
        "the halves are mixed up",
        swaps,
        "the folders were mixed up",
    ),
    (
        "something lies beside it",
        |backup| fs::write(backup.join("data/concord.sqlite-wal"), b"more").unwrap(),
        "is no part of it",
    ),
    (
        "the keyring's is old",
        |backup| ages(backup, "keyring"),
        "throw it away",
    ),
];

on_both!(every_damage_to_a_backup_is_told);
async fn every_damage_to_a_backup_is_told(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let shelf = Shelf::new();
    let sound = shelf.backup_of(&world, "sound", &[]);
    for (what, damage, told) in DAMAGES {
        let copy = shelf.copy_of(&sound, what);
        let (whole, said) = checks(&world, &copy, &[]);
        assert!(whole, "before: {said}");
        damage(&copy);
        let (whole, said) = checks(&world, &copy, &[]);
        assert!(!whole, "{what}: {said}");
        assert!(said.contains(told), "{what}: {said}");
    }
    let (whole, said) = checks(&world, &sound, &[]);
    assert!(whole, "{said}");
}

#[tokio::test]
async fn a_copy_that_was_changed_along_with_its_manifest_is_told() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let shelf = Shelf::new();
    let backup = shelf.backup_of(&world, "one", &[]);
    let copy = file(&backup, "data");
    crate::world::sqlite::runs(
        &copy,
        "UPDATE audit_event SET recorded_at = recorded_at + 1 WHERE rowid = 2",
    );
    agrees_again(&backup, &copy);
    // The hash is the changed file's, and its pages are sound: only the log tells.
    let (whole, said) = checks(&world, &backup, &[]);
    assert!(whole, "{said}");
    let (whole, said) = checks(&world, &backup, &["--full"]);
    assert!(
        !whole && said.contains("is not what was recorded"),
        "{said}"
    );

    crate::world::sqlite::runs(&copy, "UPDATE sharing_epoch SET epoch = epoch - 1");
    agrees_again(&backup, &copy);
    let (whole, said) = checks(&world, &backup, &[]);
    assert!(!whole, "{said}");
    assert!(
        said.contains("does not hold what its manifest says"),
        "{said}"
    );
}

on_both!(the_halves_of_two_services_do_not_pass_for_one);
async fn the_halves_of_two_services_do_not_pass_for_one(world: World) {
    let other = World::on(world.database).await;
    let shelf = Shelf::new();
    let mixed = shelf.backup_of(&world, "ours", &[]);
    let theirs = shelf.backup_of(&other, "theirs", &[]);
    fs::rename(mixed.join("keyring"), shelf.place("aside")).unwrap();
    fs::rename(theirs.join("keyring"), mixed.join("keyring")).unwrap();
    let (whole, said) = checks(&world, &mixed, &[]);
    assert!(!whole && said.contains("do not belong together"), "{said}");
    let (whole, said) = checks(&world, &theirs, &[]);
    assert!(!whole && said.contains("of another service's"), "{said}");
}

/// Changes one bit in the middle of a file.
fn flips(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// Takes the last bytes from a file.
fn cuts(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 20]).unwrap();
}

fn edits(backup: &Path, part: &str, from: &str, to: &str) {
    let place = backup.join(part).join("manifest.json");
    let text = fs::read_to_string(&place).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(place, text.replace(from, to)).unwrap();
}

fn forgets_the_file(backup: &Path) {
    let mut changed = manifest(backup, "data");
    changed["files"] = serde_json::json!([]);
    let place = backup.join("data/manifest.json");
    fs::write(place, changed.to_string()).unwrap();
}

fn swaps(backup: &Path) {
    fs::rename(backup.join("data"), backup.join("aside")).unwrap();
    fs::rename(backup.join("keyring"), backup.join("data")).unwrap();
    fs::rename(backup.join("aside"), backup.join("keyring")).unwrap();
}

fn ages(backup: &Path, part: &str) {
    let at = manifest(backup, part)["at"].as_str().unwrap().to_owned();
    edits(backup, part, &at, "2026-01-01T00:00:00Z");
}

/// Has a manifest tell the file's own length and hash.
fn agrees_again(backup: &Path, copy: &Path) {
    use sha2::Digest;

    let bytes = fs::read(copy).unwrap();
    let mut changed = manifest(backup, "data");
    changed["files"][0]["bytes"] = bytes.len().into();
    changed["files"][0]["sha256"] = hex::encode(sha2::Sha256::digest(&bytes)).into();
    fs::write(backup.join("data/manifest.json"), changed.to_string()).unwrap();
}
