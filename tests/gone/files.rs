//! What an answer says is destroyed is in no file of an embedded keyring.

use std::path::PathBuf;

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::json;

use super::wrapped::{Wrapped, of_package, selected};
use crate::contact::story::{DAYS, plan, sets};
use crate::world::{Agency, Database, Server, World, sqlite};

const NOWHERE: [PathBuf; 0] = [];

/// Takes a consent back, and returns whether the keys are said to be destroyed.
pub async fn revokes(agency: &Agency, consent: &str) -> bool {
    let revoke =
        "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { keysDestroyed } }";
    let answer = agency.asks(revoke, json!({ "id": consent })).await;
    answer.data()["revokeConsent"]["keysDestroyed"] == true
}

#[tokio::test]
async fn a_revoked_packages_key_is_in_no_file_when_the_revocation_is_answered() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let mut told = Vec::new();
    for person in ["Ada", "Bea", "Cleo", "Dora", "Eve", "Fay", "Gia", "Hope"] {
        told.push(north.refers(person).to(&south).sharing([Identity]).await);
    }
    let keys: Vec<Wrapped> = told
        .iter()
        .map(|told| of_package(&world, &told.referral))
        .collect();
    // From the middle, the newest and the oldest.
    let order = [3, 7, 0, 5, 1, 6, 2, 4];
    for (done, which) in order.into_iter().enumerate() {
        assert_eq!(keys[which].files(&world).len(), 1);
        assert!(revokes(&north, &told[which].consent).await);
        for gone in &order[..=done] {
            assert_eq!(keys[*gone].files(&world), NOWHERE, "{gone} after {which}");
        }
        // Whoever asks again is told the same.
        assert!(revokes(&north, &told[which].consent).await);
    }
}

#[tokio::test]
async fn of_an_erased_person_no_key_is_in_any_file() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    assert_eq!(sets(&north, &survivor, plan(&DAYS)).await, "");
    let (vault, now) = (&world.service.vault, concord::clock::now());
    let consent = ada.consent.parse().unwrap();
    let paper = vault.seal_document(consent, "application/pdf", b"%PDF", now);
    paper.await.unwrap();
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let others = of_package(&world, &bea.referral);
    let mut keys = vec![of_package(&world, &ada.referral)];
    keys.extend(selected(&world, "SELECT wrapped FROM document_key"));
    keys.extend(selected(&world, "SELECT wrapped FROM record_key"));
    assert_eq!(keys.len(), 3);
    let erased = north
        .changes("eraseSurvivor", &survivor, "keysDestroyed")
        .await;
    assert_eq!(erased.data()["eraseSurvivor"]["keysDestroyed"], true);
    for key in &keys {
        assert_eq!(key.files(&world), NOWHERE);
    }
    assert_eq!(others.files(&world).len(), 1);
}

#[tokio::test]
async fn what_is_sealed_anew_leaves_no_earlier_key_in_any_file() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let sealed_first = of_package(&world, &ada.referral);
    assert!(revokes(&north, &ada.consent).await);
    let survivor = north.survivor_of(&ada.consent).await;
    let later = north.consents(&survivor, &south, &[Identity]).await;
    north.signs(&later).await.data();
    let package = json!({ "identity": { "givenName": "Ada" } });
    north.continues(&ada, &later, package).await.data();
    assert_eq!(sealed_first.files(&world), NOWHERE);
    assert_eq!(of_package(&world, &ada.referral).files(&world).len(), 1);

    assert_eq!(sets(&north, &survivor, plan(&DAYS)).await, "");
    let first = selected(&world, "SELECT wrapped FROM record_key");
    // Another plan: the same one, set again, is the same.
    assert_eq!(sets(&north, &survivor, plan(&DAYS[..3])).await, "");
    let next = selected(&world, "SELECT wrapped FROM record_key");
    assert_eq!((first.len(), next.len()), (1, 1));
    assert_ne!(first, next);
    assert_eq!(first[0].files(&world), NOWHERE);
    assert_eq!(next[0].files(&world).len(), 1);
}

/// As concord 0.1 kept it: with a write-ahead log.
#[tokio::test]
async fn a_keyring_with_a_write_ahead_log_is_brought_over_when_it_is_opened() {
    let mut world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let key = of_package(&world, &ada.referral);
    world.server.ends();
    world.service.store.clone().close().await;
    let file = world.folder.path().join("keyring.sqlite");
    sqlite::is_left_with_write_ahead_log(
        &file,
        "UPDATE package_key SET created_at = created_at + 1",
    );
    assert_eq!(std::fs::read(&file).unwrap()[18..20], [2, 2]);
    assert!(file.with_extension("sqlite-wal").exists());

    world.server = Server::start(&world.flags());
    assert_eq!(std::fs::read(&file).unwrap()[18..20], [1, 1]);
    assert!(!file.with_extension("sqlite-wal").exists());
    assert!(!file.with_extension("sqlite-shm").exists());
    assert_eq!(key.files(&world), [file]);
    let (north, south) = (
        north.at(&world.server.address),
        south.at(&world.server.address),
    );
    assert!(south.reads(&ada).await.contains("Ada"));
    assert!(revokes(&north, &ada.consent).await);
    assert_eq!(key.files(&world), NOWHERE);
}
