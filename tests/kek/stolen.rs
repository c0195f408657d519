//! The key-encryption key is stolen: the drill of the operators' document, and what each of its steps takes away from the
//! thief.

use std::fs;
use std::path::Path;

use concord_entities::vocabulary::DataCategory::Identity;
use tempfile::TempDir;

use super::{NEW, anew, does, does_not_start, id_of, own_file, own_key, with_other};
use crate::world::{Database, EVERYTHING, Server, World, key_file};

/// What a thief has: a copy of every file of the stores, and the key that was stolen.
struct Loot {
    folder: TempDir,
}

impl Loot {
    fn of(world: &World, key: &str) -> Self {
        let folder = TempDir::new().unwrap();
        for entry in fs::read_dir(world.folder.path()).unwrap() {
            let file = entry.unwrap().path();
            if file.is_file() {
                fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
            }
        }
        key_file(&folder.path().join("key-encryption-key"), key);
        Self { folder }
    }

    fn flags(&self, world: &World) -> Vec<String> {
        let own = |path: &Path| path.display().to_string();
        let (theirs, ours) = (own(world.folder.path()), own(self.folder.path()));
        let flags = world.flags().into_iter();
        flags.map(|flag| flag.replace(&theirs, &ours)).collect()
    }
}

#[tokio::test]
async fn a_stolen_key_opens_nothing_that_was_not_copied_before_it_was_exchanged() {
    let mut world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let stolen = own_key(&world);
    world.server.ends();
    let before = Loot::of(&world, &stolen);

    // It is exchanged, and somebody copies the stores once more.
    key_file(&own_file(&world), NEW);
    does(&["kek", "rotate"], &with_other(&world, &stolen));
    let after = Loot::of(&world, &stolen);
    let said = does_not_start(&after.flags(&world));
    assert!(said.contains(&id_of(NEW)), "{said}");
    assert!(!said.contains(&stolen) && !said.contains(NEW), "{said}");

    // The copy of before opens as it always did, which is why it has to go. What the keys in it sign was never issued here.
    let south_token = ["token", "--agency", &south.name, "--scope", EVERYTHING];
    let forged = does(&south_token, &before.flags(&world));
    world.server = Server::start(&world.flags());
    let thief = south.with(forged.clone()).at(&world.server.address);
    assert!(!thief.reads(&ada).await.contains("Ada"));
    does(&["audit", "accept"], &before.flags(&world));
    let own_server = Server::start(&before.flags(&world));
    assert!(
        thief
            .at(&own_server.address)
            .reads(&ada)
            .await
            .contains("Ada")
    );

    // Every key that signs is retired, the next one too: whoever trusts the published keys alone trusts none of the thief's.
    let copied = kids(&does(&["key", "list"], &before.flags(&world)));
    assert_eq!(copied.len(), 2);
    for kid in &copied {
        does(&["key", "retire", kid], &world.flags());
    }
    let published = does(&["key", "list"], &world.flags());
    assert!(
        kids(&published).iter().any(|kid| !copied.contains(kid)),
        "{published}"
    );
    let south = anew(&world, &south, &world.server);
    assert!(south.reads(&ada).await.contains("Ada"));
}

/// The names of the keys that `concord key list` shows.
fn kids(listed: &str) -> Vec<String> {
    let words = listed.split_whitespace();
    words
        .filter(|word| word.len() == 43)
        .map(str::to_owned)
        .collect()
}
