//! What ended is remembered outside the stores before anybody is told that it ended.

use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::Value;

use super::stage::{done, found, read, with};
use crate::world::{Database, Server, World, on_both};

fn epoch_in(state: &std::path::Path) -> i64 {
    let witness: Value = serde_json::from_str(&read(state, ".json")).unwrap();
    witness["epoch"].as_i64().unwrap()
}

/// The objects of each ending of this kind.
fn endings_in(state: &std::path::Path, kind: &str) -> Vec<Value> {
    let lines = found(state, ".endings").unwrap_or_default();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|ending: &Value| ending["type"] == kind)
        .map(|ending| ending["objects"].clone())
        .collect()
}

on_both!(an_ending_is_in_the_state_folder_and_in_the_keyring_when_it_is_answered);
async fn an_ending_is_in_the_state_folder_and_in_the_keyring_when_it_is_answered(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let state = world.folder.path().join("state");
    for (turn, name) in ["Ada", "Bea", "Cleo"].into_iter().enumerate() {
        let ada = north.refers(name).to(&south).sharing([Identity]).await;
        north.revokes_consent(&ada).await.data();
        let remembered = epoch_in(&state);
        let witnessed = world.tampers_with_keyring("SELECT epoch FROM ledger_witness");
        let epoch = world.tampers("SELECT epoch FROM sharing_epoch");
        assert_eq!(remembered.to_string(), epoch, "turn {turn}");
        assert_eq!(
            witnessed.lines().last(),
            Some(epoch.as_str()),
            "turn {turn}"
        );
        let revoked = endings_in(&state, "CONSENT_REVOKED");
        assert_eq!(revoked.last().unwrap()[0], ada.consent.as_str());
        // An id and codes, and nothing about a person.
        assert!(!read(&state, ".endings").contains("Ada"));
    }
    let survivor = {
        let ada = north.refers("Dora").to(&south).sharing([Identity]).await;
        north.survivor_of(&ada.consent).await
    };
    north
        .changes("eraseSurvivor", &survivor, "packages")
        .await
        .data();
    let erased = endings_in(&state, "SURVIVOR_ERASED");
    assert_eq!(erased.len(), 1);
    assert!(!erased[0].to_string().contains(&survivor), "{erased:?}");
    south.revokes_token("nobody's").await;
}

on_both!(what_others_end_is_in_the_state_folder_soon);
async fn what_others_end_is_in_the_state_folder_soon(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let theirs = elsewhere.path().join("state");
    let mut consents = vec![bea.consent.clone()];
    let other = (world.database == Database::Postgres).then(|| {
        let flags = with(&world.flags(), "--state", &theirs);
        done(&["audit", "accept"], &flags);
        Server::start(&flags)
    });
    if let Some(other) = &other {
        north.at(&other.address).revokes_consent(&ada).await.data();
        assert_eq!(endings_in(&theirs, "CONSENT_REVOKED").len(), 1);
        consents.push(ada.consent.clone());
    }
    // A command, whose own folder is another one.
    let revoked = ["consent", "revoke", &bea.consent, "--channel", "TELEPHONE"];
    let nothing = tempfile::tempdir().unwrap();
    done(
        &revoked,
        &with(&world.flags(), "--state", nothing.path().join("state")),
    );
    let state = world.folder.path().join("state");
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        let revoked = endings_in(&state, "CONSENT_REVOKED");
        let has = |consent: &String| revoked.iter().any(|one| one[0] == consent.as_str());
        let epoch = world.tampers("SELECT epoch FROM sharing_epoch");
        if consents.iter().all(has) && epoch_in(&state).to_string() == epoch {
            break;
        }
        assert!(Instant::now() < deadline, "{revoked:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        !nothing.path().join("state").exists(),
        "a command makes no folder over stores that are in use"
    );
}
