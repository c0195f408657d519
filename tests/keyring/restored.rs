//! A dump of the data that is put back beside a keyring in another cluster: what was revoked since cannot be read.

use concord_entities::vocabulary::DataCategory::Identity;

use super::{is_at_rest, says};
use crate::world::postgres::Cluster;
use crate::world::{Database, KeyringPlace, World};

#[tokio::test]
async fn what_was_revoked_since_the_dump_stays_unreadable() {
    let other = Cluster::of_its_own();
    let url = other.fresh_database();
    let mut world = World::with_keyring(Database::Postgres, |_| KeyringPlace::Url(url)).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let dump = world.folder.path().join("dump.sql");
    std::fs::write(&dump, Cluster::shared().dump(world.url())).unwrap();
    let text = std::fs::read_to_string(&dump).unwrap();
    assert!(!text.contains("package_key"), "a dump holds no keys");
    north.revokes_consent(&ada).await.data();
    assert!(!world.has_key(&ada.referral));

    is_at_rest(&mut world).await;
    world.tampers("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    Cluster::shared().restore(world.url(), &dump);
    let (started, said) = says(&["serve", "--listen", "127.0.0.1:0"], &world.flags());
    assert!(!started && said.contains("an older copy"), "{said}");

    // Even its operator, who goes on from there, brings nothing back.
    let (reopened, said) = world.commands(&["audit", "reopen"]);
    assert!(reopened, "{said}");
    world.server = world.another_server();
    let north = north.at(&world.server.address);
    let south = world.caller(south.id, "south", crate::world::EVERYTHING);
    assert!(!south.reads(&ada).await.contains("Ada"));
    assert!(!world.has_key(&ada.referral));
    assert!(world.has_key(&bea.referral));
    drop(north);
}
