//! A backup is made beside a server that is written to, and says how far it goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;

use super::shelf::{Shelf, checks, file, manifest, rights, unwrapped};
use crate::endings::put_back::{is_copied, is_put_back};
use crate::world::{Agency, Database, World, on_both};

/// Writes until it is told to stop; says how many referrals were made and how long the slowest took.
async fn keeps_writing(north: Agency, south: Agency, stop: Arc<AtomicBool>) -> (u32, Duration) {
    let (mut made, mut slowest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let person = format!("person {made}");
        north.refers(&person).to(&south).sharing([Identity]).await;
        slowest = slowest.max(began.elapsed());
        made += 1;
    }
    (made, slowest)
}

on_both!(a_backup_is_whole_though_the_server_is_written_to_meanwhile in crate::world::World, flavor = "multi_thread");
async fn a_backup_is_whole_though_the_server_is_written_to_meanwhile(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let shelf = Shelf::new();
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(keeps_writing(north, south, Arc::clone(&stop)));
    let mut backups = Vec::new();
    for name in ["one", "two", "three"] {
        let backup = tokio::task::block_in_place(|| shelf.backup_of(&world, name, &[]));
        backups.push(backup);
    }
    stop.store(true, Ordering::Relaxed);
    let (made, slowest) = writing.await.unwrap();
    assert!(made > 2, "nothing was written meanwhile");
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");

    let mut sizes = Vec::new();
    for backup in &backups {
        let (whole, said) = checks(&world, backup, &[]);
        assert!(whole, "{said}");
        assert!(said.contains("the data store has gone on since"), "{said}");
        for part in ["data", "keyring"] {
            assert_eq!(rights(&backup.join(part)), 0o700);
            assert_eq!(rights(&file(backup, part)), 0o600);
            assert_eq!(rights(&backup.join(part).join("manifest.json")), 0o600);
            let files = std::fs::read_dir(backup.join(part)).unwrap().count();
            assert_eq!(files, 2, "one file, and the manifest");
        }
        let [data, keyring] = ["data", "keyring"].map(|part| manifest(backup, part));
        for id in ["store_id", "keyring_id"] {
            assert_eq!(data["contents"][id], keyring["contents"][id]);
        }
        sizes.push(data["contents"]["size"].as_u64().unwrap());
        if world.database == Database::Sqlite {
            let (verified, said) = checks(&world, backup, &["--full"]);
            assert!(verified, "{said}");
            assert!(said.contains("events are as they were recorded"), "{said}");
        }
    }
    assert!(sizes.is_sorted() && sizes[0] < sizes[2], "{sizes:?}");
    let left: Vec<_> = std::fs::read_dir(shelf.place("")).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

on_both!(what_was_destroyed_is_not_in_a_backup);
async fn what_was_destroyed_is_not_in_a_backup(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let id = world.sql_id(&ada.referral);
    let wrapped = match world.database {
        Database::Sqlite => "hex(wrapped)",
        Database::Postgres => "encode(wrapped, 'hex')",
    };
    let wrapped = world.tampers_with_keyring(&format!(
        "SELECT {wrapped} FROM package_key WHERE referral_id = {id}"
    ));
    let wrapped = hex::decode(wrapped.trim().to_lowercase()).unwrap();
    let shelf = Shelf::new();
    let holds = |backup: &std::path::Path| {
        let bytes = std::fs::read(file(backup, "keyring")).unwrap();
        bytes.windows(wrapped.len()).any(|some| some == wrapped)
    };
    if world.database == Database::Sqlite {
        // A dump is compressed, and its bytes tell nothing.
        assert!(holds(&shelf.backup_of(&world, "before", &[])));
    }
    north.revokes_consent(&ada).await.data();
    assert!(!holds(&shelf.backup_of(&world, "after", &[])));
}

on_both!(each_store_can_be_backed_up_alone);
async fn each_store_can_be_backed_up_alone(world: World) {
    world.agencies("north", "south").await;
    let shelf = Shelf::new();
    let data = shelf.backup_of(&world, "data", &["--data-only"]);
    let keyring = shelf.backup_of(&world, "keys", &["--keyring-only"]);
    assert!(data.join("data").is_dir() && !data.join("keyring").exists());
    assert!(keyring.join("keyring").is_dir() && !keyring.join("data").exists());
    // A half is looked at wherever it is kept.
    for half in [data, keyring.join("keyring")] {
        let (whole, said) = checks(&world, &half, &[]);
        assert!(whole, "{said}");
    }
}

on_both!(a_backup_takes_no_other_ones_place);
async fn a_backup_takes_no_other_ones_place(world: World) {
    world.agencies("north", "south").await;
    let shelf = Shelf::new();
    let backup = shelf.backup_of(&world, "one", &[]);
    let before = manifest(&backup, "data");
    let again = ["backup", backup.to_str().unwrap(), "--run"];
    let (made, said) = world.commands(&again);
    assert!(!made && said.contains("is not empty"), "{said}");
    assert_eq!(manifest(&backup, "data"), before);

    // One that was interrupted is no backup, and stands in nobody's place unseen.
    std::fs::create_dir(shelf.place("two.unfinished")).unwrap();
    let second = shelf.place("two");
    let (made, said) = world.commands(&["backup", second.to_str().unwrap(), "--run"]);
    assert!(!made && said.contains("was interrupted"), "{said}");
    let (whole, said) = checks(&world, &shelf.place("two.unfinished"), &[]);
    assert!(!whole && said.contains("holds no backup"), "{said}");
}

#[tokio::test]
async fn a_backup_of_stores_that_are_not_there_makes_none() {
    let world = World::on(Database::Sqlite).await;
    let shelf = Shelf::new();
    let (nowhere, backup) = (shelf.place("nowhere"), shelf.place("one"));
    let command = std::process::Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["backup", backup.to_str().unwrap()])
        .args(["--data", nowhere.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(!command.status.success(), "{command:?}");
    assert!(!backup.exists() && !nowhere.exists(), "nothing is made");
    drop(world);
}

/// Before an upgrade, its stores are those of the program before: they are copied, and left as they are.
#[tokio::test]
async fn a_backup_of_stores_that_no_server_would_start_over_says_that_it_is_on_no_record() {
    let mut world = World::on(Database::Sqlite).await;
    world.server.ends();
    world.tampers(
        "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)",
    );
    let stands =
        "SELECT (SELECT count(*) FROM seaql_migrations), (SELECT count(*) FROM audit_event)";
    let before = world.tampers(stands);
    let shelf = Shelf::new();
    let backup = shelf.place("one");
    let (made, said) = world.commands(&["backup", backup.to_str().unwrap()]);
    assert!(made, "{said}");
    let unrecorded = "this backup is on no record: the data store is 1 migration(s) behind";
    assert!(said.contains(unrecorded), "{said}");
    assert_eq!(world.tampers(stands), before);
    world.goes_unverified();
}

on_both!(a_backup_of_an_older_copy_is_on_no_record_and_leaves_it_one);
async fn a_backup_of_an_older_copy_is_on_no_record_and_leaves_it_one(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    is_copied(&world);
    north.revokes_consent(&ada).await.data();
    world.server.ends();
    is_put_back(&world);
    let events = "SELECT count(*) FROM audit_event";
    let before = world.tampers(events);
    let shelf = Shelf::new();
    let backup = shelf.place("one");
    let (made, said) = world.commands(&["backup", backup.to_str().unwrap(), "--run"]);
    let said = unwrapped(&said);
    assert!(made, "{said}");
    let unrecorded = "this backup is on no record: the data store is an older copy";
    assert!(said.contains(unrecorded), "{said}");
    // What was written into it would have it pass for a newer one.
    assert_eq!(world.tampers(events), before);
    world.goes_unverified();
}

#[tokio::test]
async fn without_leave_to_run_it_a_dump_is_only_shown_and_never_with_a_password() {
    let world = World::on(Database::Postgres).await;
    let shelf = Shelf::new();
    let backup = shelf.place("one");
    let url = world.url().to_owned();
    let with_password = url.replace("concord@", "concord:s%40cret@");
    let flags: Vec<String> = world
        .flags()
        .into_iter()
        .map(|flag| {
            if flag == url {
                with_password.clone()
            } else {
                flag
            }
        })
        .collect();
    let shown = std::process::Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["backup", backup.to_str().unwrap()])
        .args(&flags)
        .output()
        .unwrap();
    assert!(!shown.status.success(), "no backup was made");
    let said = String::from_utf8([shown.stdout, shown.stderr].concat()).unwrap();
    assert!(said.contains("pg_dump") && said.contains("--run"), "{said}");
    assert!(!said.contains("cret"), "{said}");
    assert!(!backup.exists());

    let made = std::process::Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["backup", backup.to_str().unwrap(), "--run"])
        .args(&flags)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

#[tokio::test]
async fn a_backup_that_is_killed_is_whole_or_is_none() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let shelf = Shelf::new();
    let (mut whole, mut none) = (0, 0);
    for millis in [1, 10, 20, 30, 40, 60, 80, 120, 2000] {
        let place = shelf.place(&format!("after {millis} ms"));
        let mut making = std::process::Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["backup", place.to_str().unwrap()])
            .args(world.flags())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(millis)).await;
        // SIGKILL; one that had ended has been told apart by its folder.
        let _ = making.kill();
        making.wait().unwrap();
        if place.exists() {
            let (content, said) = checks(&world, &place, &[]);
            assert!(content, "{said}");
            whole += 1;
        } else {
            none += 1;
        }
    }
    assert!(
        whole > 0 && none > 0,
        "{whole} were made, and {none} were not"
    );
}
