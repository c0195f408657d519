//! A move that is killed at any moment, again and again: one of the two keyrings is in force, and never both; and in the end
//! what was ended in between is nowhere.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;

use super::{is_at_rest, moving, says};
use crate::world::postgres::Cluster;
use crate::world::{Database, KeyringPlace, World};

/// How often a move is killed.
const KILLS: u32 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn from_a_file_to_a_file() {
    let world = World::on(Database::Sqlite).await;
    let to = KeyringPlace::File(world.folder.path().join("elsewhere/keyring.sqlite"));
    is_killed_at_any_moment(world, to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_beside_the_data_to_another_cluster() {
    let other = Cluster::of_its_own();
    let to = KeyringPlace::Url(other.fresh_database());
    let world = World::on(Database::Postgres).await;
    is_killed_at_any_moment(world, to).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_beside_the_data_to_a_file() {
    let world = World::on(Database::Postgres).await;
    let to = KeyringPlace::File(world.folder.path().join("elsewhere/keyring.sqlite"));
    is_killed_at_any_moment(world, to).await;
}

async fn is_killed_at_any_moment(mut world: World, to: KeyringPlace) {
    let (north, south) = world.agencies("north", "south").await;
    let mut told = Vec::new();
    for person in ["Ada", "Bea", "Cleo"] {
        told.push(north.refers(person).to(&south).sharing([Identity]).await);
    }
    is_at_rest(&mut world).await;
    let from = world.keyring.clone();
    let mut ended = Vec::new();
    let whole = a_move_takes(&world);
    for kill in 0..KILLS {
        world.keyring = to.clone();
        let words = moving(&from);
        let mut child = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(&words)
            .args(world.flags())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From its first moment to beyond its last.
        sleep(whole * kill / (KILLS - 4));
        let _ = child.kill();
        child.wait().unwrap();
        let in_force = one_is_in_force(&mut world, [&from, &to]);
        if kill % 10 == 5 {
            // Taken back while neither is whole, at the command line, by whichever is in force.
            let one = told.pop().unwrap();
            world.keyring = in_force;
            let revoke = ["consent", "revoke", &one.consent, "--channel", "TELEPHONE"];
            let (revoked, said) = says(&revoke, &world.flags());
            assert!(revoked, "{said}");
            ended.push(one);
        }
    }
    assert!(ended.len() >= 2 && !told.is_empty());
    world.keyring = to.clone();
    let words = moving(&from);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (moved, said) = says(&words, &world.flags());
    assert!(moved, "{said}");
    world.keyring = from;
    let state = world.tampers_with_keyring("SELECT state FROM keyring_identity");
    assert_eq!(state, "moved");
    world.keyring = to;
    world.server = world.another_server();
    let south = south.at(&world.server.address);
    for one in &told {
        let read = south.reads(one).await;
        assert!(read.starts_with("identity: "), "{read}");
    }
    for one in &ended {
        assert!(!world.has_key(&one.referral), "a key came back");
        assert!(!south.reads(one).await.contains("identity: "));
    }
}

/// About how long a move takes: the opening of the stores, and twice as long for what follows it.
fn a_move_takes(world: &World) -> Duration {
    let began = Instant::now();
    let (opened, said) = says(&["key", "list"], &world.flags());
    assert!(opened, "{said}");
    began.elapsed() * 3
}

/// The one keyring that a command works with now. The other one is refused, with what to do.
fn one_is_in_force(world: &mut World, places: [&KeyringPlace; 2]) -> KeyringPlace {
    let mut found = Vec::new();
    for place in places {
        world.keyring = place.clone();
        let (opened, said) = says(&["key", "list"], &world.flags());
        if opened {
            found.push(place.clone());
        } else {
            let told = ["keyring", "migrate up"];
            assert!(told.iter().any(|word| said.contains(word)), "{said}");
        }
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}
