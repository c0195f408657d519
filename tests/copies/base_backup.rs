//! A copy of a whole PostgreSQL cluster is put back.

use concord_entities::vocabulary::DataCategory::Identity;

use super::stage::{done, refused, with};
use crate::world::postgres::Cluster;
use crate::world::{Server, World};

/// The keyring was beside the data, so that the copy has both as they were.
#[tokio::test]
async fn of_data_and_keyring_together() {
    let cluster = Cluster::of_its_own();
    let mut world = World::over(cluster.fresh_database(), None).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));

    let copy = cluster.base_backup();
    north.revokes_consent(&ada).await.data();
    world.server.ends();
    let old = Cluster::start_from(copy);
    let name = world.url().rsplit_once('/').unwrap().1;
    let kept = with(&world.flags(), "--database-url", old.url(name));

    let said = refused(&kept);
    assert!(said.contains("the data store is an older copy"), "{said}");
    assert!(said.contains("(The witness is the state folder"), "{said}");

    let nothing = tempfile::tempdir().unwrap();
    let emptied = with(&kept, "--state", nothing.path().join("state"));
    let said = refused(&emptied);
    assert!(said.contains("does not know these stores"), "{said}");
    assert!(
        said.contains("the keyring is not apart from the data"),
        "{said}"
    );
    assert!(said.contains("concord audit accept"), "{said}");

    // What would have been shared: the operator can have it so, on record.
    let said = done(&["audit", "accept"], &emptied);
    assert!(said.contains("accepted as the newest there are"), "{said}");
    assert!(said.contains("could not be checked"), "{said}");
    let server = Server::start(&emptied);
    assert!(south.at(&server.address).reads(&ada).await.contains("Ada"));
}

#[tokio::test]
async fn of_the_data_alone() {
    let cluster = Cluster::of_its_own();
    let keyring = Cluster::shared().fresh_database();
    let mut world = World::over(cluster.fresh_database(), Some(keyring)).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let copy = cluster.base_backup();
    north.revokes_consent(&ada).await.data();
    // The moment that it is answered is enough.
    world.server.is_killed();
    let old = Cluster::start_from(copy);
    let name = world.url().rsplit_once('/').unwrap().1;
    let kept = with(&world.flags(), "--database-url", old.url(name));
    let said = refused(&kept);
    assert!(said.contains("the data store is an older copy"), "{said}");

    let nothing = tempfile::tempdir().unwrap();
    let emptied = with(&kept, "--state", nothing.path().join("state"));
    let said = refused(&emptied);
    assert!(said.contains("the data store is an older copy"), "{said}");
    assert!(said.contains("(The witness is the keyring.)"), "{said}");
    // Over the newest stores, a server whose folder was lost starts: the keyring vouches for them.
    let emptied = with(&world.flags(), "--state", nothing.path().join("state"));
    let server = Server::start(&emptied);
    super::stage::says(&server.address, "state", "empty at the start").await;
    world.server = Server::start(&world.flags());
}
