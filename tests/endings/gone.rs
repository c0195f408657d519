//! Sealed and gone: what has ended is not in an older copy of the data store either, and the copy is known for a fork.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use concord::seal::doomed::DoomedKeys;
use concord::seal::vault::PackageVersion;
use concord::service::Service;
use concord::settings::{RawSettings, Settings};
use concord_entities::vocabulary::Categories;
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::json;

use crate::world::agency::Told;
use crate::world::{Agency, Database, Server, World, on_both, sqlite};

/// How a package's time ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Revocation,
    Expiry,
    Erasure,
}

#[tokio::test]
async fn what_was_revoked_is_gone_from_an_older_copy() {
    Box::pin(gone_from_an_older_copy(Ending::Revocation)).await;
}

#[tokio::test]
async fn what_has_expired_is_gone_from_an_older_copy() {
    Box::pin(gone_from_an_older_copy(Ending::Expiry)).await;
}

#[tokio::test]
async fn who_was_erased_is_gone_from_an_older_copy() {
    Box::pin(gone_from_an_older_copy(Ending::Erasure)).await;
}

async fn gone_from_an_older_copy(ending: Ending) {
    let mut world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));
    assert_eq!(unsealed(&world, &ada).await, 1);

    // Nobody else may hold the file that is replaced.
    world.service.store.clone().close().await;
    world.server.ends();
    let copy = copied(&world.file());
    world.server = Server::start(&world.flags());
    ended(&world, &north.at(&world.server.address), &ada, ending).await;
    assert!(!world.has_key(&ada.referral), "{ending:?}");
    world.server.ends();
    let (content, said) = world.verifies();
    assert!(content, "{said}");

    put_back(&copy, &world.file());
    // The copy is whole: it still has the sealed parts. What opened them does not exist any more.
    assert_eq!(unsealed(&world, &ada).await, 0, "{ending:?}");
    assert_eq!(unsealed(&world, &bea).await, 1, "{ending:?}");
    let (content, said) = world.verifies();
    assert!(!content && said.contains("fork"), "{said}");
    let said = refuses_to_start(&world);
    assert!(
        said.contains("older copy") && said.contains("audit reopen"),
        "{said}"
    );

    let (reopened, said) = world.commands(&["audit", "reopen"]);
    assert!(
        reopened && said.contains("taken back once more: 1"),
        "{said}"
    );
    let (content, said) = world.verifies();
    assert!(content, "{said}");
    let (again, said) = world.commands(&["audit", "reopen"]);
    assert!(again && said.contains("nothing to reopen"), "{said}");
    world.server = Server::start(&world.flags());
    let here = |agency: &Agency| here_after_reopening(&world, agency);
    let old = south.at(&world.server.address);
    assert_eq!(old.reads(&ada).await, "refused: UNAUTHENTICATED");
    assert_eq!(
        here(&south).reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    assert!(here(&south).reads(&bea).await.contains("Bea"));
}

/// A package that was sealed anew has a key, but not the one that sealed what an older copy holds.
#[tokio::test]
async fn a_consent_whose_package_goes_on_under_another_is_taken_back_in_an_older_copy() {
    let mut world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = tells_nothing_yet(&north, &south, "Bea").await;
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    world.service.store.clone().close().await;
    world.server.ends();
    let copy = copied(&world.file());
    world.server = Server::start(&world.flags());
    let here = north.at(&world.server.address);
    for (told, package) in [
        (&ada, json!({ "identity": { "givenName": "Ada" } })),
        (&bea, json!({})),
    ] {
        here.revokes_consent(told).await.data();
        let survivor = here.survivor_of(&told.consent).await;
        let later = here.consents(&survivor, &south, &[Identity]).await;
        here.signs(&later).await.data();
        here.continues(told, &later, package).await.data();
        assert!(world.has_key(&told.referral));
    }
    world.server.ends();
    put_back(&copy, &world.file());

    let (reopened, said) = world.commands(&["audit", "reopen"]);
    assert!(
        reopened && said.contains("taken back once more: 2"),
        "{said}"
    );
    world.server = Server::start(&world.flags());
    let south = here_after_reopening(&world, &south);
    for told in [&ada, &bea] {
        let read = south.reads(told).await;
        assert_eq!(read, "withheld: everything (CONSENT_REVOKED)");
    }
    assert!(south.reads(&cleo).await.contains("Cleo"));
    // Nobody of the discloser's took it back, so it is told.
    let north = here_after_reopening(&world, &north);
    let notices = north.lists("notices", "object").await;
    let mut about: Vec<&str> = notices
        .iter()
        .map(|notice| notice["object"].as_str().unwrap())
        .collect();
    about.sort_unstable();
    let mut ended = [ada.consent.as_str(), &bea.consent];
    ended.sort_unstable();
    assert_eq!(about, ended);
}

/// A referral whose package is empty: nothing in the data store was sealed by its key.
async fn tells_nothing_yet(north: &Agency, south: &Agency, person: &str) -> Told {
    let survivor = north.registers(person).await;
    let consent = north.consents(&survivor, south, &[Identity]).await;
    north.signs(&consent).await.data();
    let told = north.drafts_referral(&consent, person, &[]).await;
    north.does("sendReferral", &told).await.data();
    told
}

/// The agency with a token of after the reopening, at the server that runs now.
fn here_after_reopening(world: &World, agency: &Agency) -> Agency {
    let mut claims = world.claims(agency.id, crate::world::EVERYTHING);
    claims.epoch = 2;
    let token = world.signs(&claims);
    agency.with(token).at(&world.server.address)
}

/// What a server says that does not start.
fn refuses_to_start(world: &World) -> String {
    let output = Command::new("timeout")
        .args([
            "20",
            env!("CARGO_BIN_EXE_concord"),
            "serve",
            "--listen",
            "127.0.0.1:0",
        ])
        .args(world.flags())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "it started, or fell");
    // The command line breaks its lines.
    let said = String::from_utf8(output.stderr).unwrap();
    said.split_whitespace()
        .filter(|word| *word != "│")
        .collect::<Vec<_>>()
        .join(" ")
}

async fn ended(world: &World, north: &Agency, told: &Told, ending: Ending) {
    match ending {
        Ending::Revocation => {
            north.revokes_consent(told).await.data();
        }
        Ending::Expiry => {
            let (consent, referral) = (world.sql_id(&told.consent), world.sql_id(&told.referral));
            world.tampers(&format!(
                "UPDATE consent SET expires_at = 1 WHERE id = {consent};\
                 UPDATE referral SET consent_until = 1 WHERE id = {referral}"
            ));
            let opened = opened(world).await;
            let now = opened.store.ping().await.unwrap();
            opened.vault.sweep(&opened.store, now).await.unwrap();
            opened.store.close().await;
            // An expiry writes nothing; a ledger that has not grown is no older than its copy.
            assert!(!north.reads(told).await.contains("Ada"));
        }
        Ending::Erasure => {
            let survivor = north.survivor_of(&told.consent).await;
            let erased = north.changes("eraseSurvivor", &survivor, "packages");
            erased.await.data();
        }
    }
}

/// The stores as they stand on disk now.
async fn opened(world: &World) -> Service {
    let written = RawSettings {
        data: Some(world.folder.path().to_owned()),
        ..RawSettings::default()
    };
    Service::open(Settings::read(None, &written).unwrap())
        .await
        .unwrap()
}

/// How many parts of the package somebody who has both stores and the key-encryption key can read.
async fn unsealed(world: &World, told: &Told) -> usize {
    let service = opened(world).await;
    let id = told.referral.parse().unwrap();
    let package = PackageVersion {
        referral: id,
        version: 1,
    };
    let wanted = HashMap::from([(package, Categories::only(Identity))]);
    let opened = service.vault.open(&service.store, &wanted).await.unwrap();
    let parts = opened.get(&id).map_or(0, Vec::len);
    service.store.close().await;
    parts
}

/// A backup of the data store, its log folded in.
fn copied(file: &Path) -> PathBuf {
    let backup = file.with_extension("backup");
    sqlite::is_copied(file, &backup);
    backup
}

fn put_back(copy: &Path, file: &Path) {
    for besides in ["sqlite-wal", "sqlite-shm"] {
        let _ = fs::remove_file(file.with_extension(besides));
    }
    fs::copy(copy, file).unwrap();
}

on_both!(a_key_goes_with_the_package_that_it_sealed_and_no_other_does);
async fn a_key_goes_with_the_package_that_it_sealed_and_no_other_does(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let (vault, store) = (&world.service.vault, &world.service.store);
    let referral = ada.referral.parse().unwrap();
    let of = |version| PackageVersion { referral, version };
    let keys = || {
        let id = world.sql_id(&ada.referral);
        world.tampers_with_keyring(&format!(
            "SELECT version FROM package_key WHERE referral_id = {id} ORDER BY version"
        ))
    };

    // A package that is being sealed anew: its key is there, and the change is not durable yet.
    let now = concord::clock::now();
    let parts = [(Identity, b"{}".to_vec())];
    vault.seal(of(2), &parts, now).await.unwrap();
    assert_eq!(keys().split_whitespace().collect::<Vec<_>>(), ["1", "2"]);
    assert!(south.reads(&ada).await.contains("Ada"), "it is version 1");
    vault.sweep(store, now).await.unwrap();
    assert_eq!(keys().split_whitespace().collect::<Vec<_>>(), ["1", "2"]);

    // Its consent ended meanwhile: whoever comes to destroy its key leaves the other.
    let consent = world.sql_id(&ada.consent);
    world.ends_sharing(&format!(
        "UPDATE consent SET revoked_at = 1 WHERE id = {consent}"
    ));
    vault.sweep(store, now).await.unwrap();
    assert_eq!(keys().trim(), "2");
    vault.seal(of(1), &parts, now).await.unwrap();
    DoomedKeys::Packages(vec![of(1)])
        .destroy(&store.keyring)
        .await
        .unwrap();
    assert_eq!(keys().trim(), "2");

    // What was decided on is opened, and nothing that was sealed since.
    let opens = async |package| {
        let wanted = HashMap::from([(package, Categories::only(Identity))]);
        vault.open(store, &wanted).await.unwrap().len()
    };
    assert_eq!((opens(of(1)).await, opens(of(2)).await), (0, 0));
    let other = PackageVersion {
        referral: bea.referral.parse().unwrap(),
        version: 1,
    };
    assert_eq!(opens(other).await, 1);

    // A change that was given up: nobody needs its key an hour later.
    let later = now.plus(std::time::Duration::from_hours(2));
    vault.sweep(store, later).await.unwrap();
    assert_eq!(keys().trim(), "");
    assert!(south.reads(&bea).await.contains("Bea"));
}
