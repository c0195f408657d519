//! `concord keyring move`: from beside the data to another cluster, to a file, from a file to a file.

use std::path::Path;

use concord_entities::vocabulary::DataCategory::Identity;

use super::{is_at_rest, moves_to, moving, says};
use crate::world::postgres::Cluster;
use crate::world::{Agency, Database, KeyringPlace, World, agency::Told};

/// A world with a package that is read, and one that was taken back.
struct Stage {
    world: World,
    south: Agency,
    shared: Told,
    ended: Told,
    /// Each wrapped key of a package, hexadecimal, as it was before anything was moved.
    wrapped: Vec<String>,
}

impl Stage {
    async fn of(world: World) -> Self {
        let (north, south) = world.agencies("north", "south").await;
        let shared = north.refers("Ada").to(&south).sharing([Identity]).await;
        let ended = north.refers("Bea").to(&south).sharing([Identity]).await;
        let wrapped = world.tampers_with_keyring("SELECT wrapped FROM package_key");
        north.revokes_consent(&ended).await.data();
        let hex = wrapped
            .lines()
            .map(|line| line.trim_start_matches("\\x").to_owned());
        Self {
            south,
            shared,
            ended,
            wrapped: hex.collect(),
            world,
        }
    }

    /// What is shared reads by the server that runs now, and what has ended does not.
    async fn reads_as_before(&self) {
        let south = self.south.at(&self.world.server.address);
        let read = south.reads(&self.shared).await;
        assert!(read.starts_with("identity: Ada"), "{read}");
        assert!(!south.reads(&self.ended).await.contains("Bea"));
        assert!(self.world.has_key(&self.shared.referral));
        assert!(!self.world.has_key(&self.ended.referral));
        let recorded = "SELECT count(*) FROM audit_event WHERE kind = 'KEYRING_MOVED'";
        assert_ne!(self.world.tampers(recorded), "0");
    }

    /// No file of a keyring holds a key any more.
    fn no_key_is_left_in(&self, file: &Path) {
        assert_eq!(self.wrapped.len(), 2);
        for ending in ["", "-wal", "-journal"] {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            let bytes = std::fs::read(&name).unwrap_or_default();
            for key in &self.wrapped {
                let key = hex::decode(key).unwrap();
                let left = bytes.windows(key.len()).any(|window| window == key);
                assert!(!left, "{}", Path::new(&name).display());
            }
        }
    }
}

#[tokio::test]
async fn from_beside_the_data_to_another_cluster() {
    let other = Cluster::of_its_own();
    let mut stage = Stage::of(World::on(Database::Postgres).await).await;
    let url = other.fresh_database();
    let said = moves_to(&mut stage.world, KeyringPlace::Url(url)).await;
    assert!(said.contains("holds no key any more"), "{said}");
    stage.reads_as_before().await;
    let left = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'concord_keyring' ORDER BY 1";
    let left = stage.world.tampers(left);
    assert_eq!(left, "keyring_identity\nseaql_migrations");
    let told = "SELECT state FROM concord_keyring.keyring_identity";
    assert_eq!(stage.world.tampers(told), "moved");

    // Whoever still names the old one is told.
    let mut old = stage.world.flags();
    old.truncate(old.len() - 2);
    old.push("--keyring-beside-data".to_owned());
    let (opened, said) = says(&["key", "list"], &old);
    assert!(
        !opened && said.contains("were moved to another one"),
        "{said}"
    );
    is_at_rest(&mut stage.world).await;
    let (verified, said) = stage.world.verifies();
    assert!(verified, "{said}");
    // Run again, it has nothing to do.
    let words = moving(&KeyringPlace::BesideData);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (moved, said) = says(&words, &stage.world.flags());
    assert!(moved && said.contains("they had been moved"), "{said}");
}

#[tokio::test]
async fn from_beside_the_data_to_a_file() {
    let mut stage = Stage::of(World::on(Database::Postgres).await).await;
    let file = stage.world.folder.path().join("elsewhere/keyring.sqlite");
    moves_to(&mut stage.world, KeyringPlace::File(file)).await;
    stage.reads_as_before().await;
}

#[tokio::test]
async fn from_a_file_to_a_file() {
    let mut stage = Stage::of(World::on(Database::Sqlite).await).await;
    let folder = stage.world.folder.path().to_owned();
    let file = folder.join("elsewhere/keyring.sqlite");
    moves_to(&mut stage.world, KeyringPlace::File(file.clone())).await;
    stage.reads_as_before().await;
    stage.no_key_is_left_in(&folder.join("keyring.sqlite"));
    let further = folder.join("further/keyring.sqlite");
    moves_to(&mut stage.world, KeyringPlace::File(further)).await;
    stage.reads_as_before().await;
    stage.no_key_is_left_in(&file);
}

#[tokio::test]
async fn nothing_is_moved_beside_a_server_or_over_another_keyring() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut world = World::on(database).await;
        let file = world.folder.path().join("elsewhere/keyring.sqlite");
        let from = std::mem::replace(&mut world.keyring, KeyringPlace::File(file.clone()));
        let words = moving(&from);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (moved, said) = says(&words, &world.flags());
        assert!(!moved, "{said}");
        let told = match database {
            Database::Sqlite => "stop it first",
            Database::Postgres => "Stop every server first",
        };
        assert!(said.contains(told), "{said}");
        is_at_rest(&mut world).await;

        // The keyring of another task force is there.
        let other = World::with_keyring(database, |_| KeyringPlace::File(file)).await;
        let (moved, said) = says(&words, &world.flags());
        assert!(!moved, "{said}");
        drop(other);
        world.keyring = from;
    }
}
