//! The key-encryption key is exchanged for another one, in the order that the operators' document says, and everything is
//! shared at every step.

use concord_entities::vocabulary::DataCategory::{Identity, Needs};

use super::{
    NEW, does, does_not_start, fill, id_in_sql, id_of, own_file, own_key, with_other, wrapped,
};
use crate::gone::wrapped::{Wrapped, selected};
use crate::world::agency::Told;
use crate::world::{Agency, Database, Server, World, key_file};

const EVERY_KEY: &str = "SELECT wrapped FROM package_key UNION ALL SELECT wrapped FROM signing_key";

/// Two agencies, and what one told the other so far.
struct Sharing {
    north: Agency,
    south: Agency,
    told: Vec<(Told, String)>,
}

impl Sharing {
    async fn of(world: &World) -> Self {
        let (north, south) = world.agencies("north", "south").await;
        Self {
            north,
            south,
            told: Vec::new(),
        }
    }

    /// Each server takes a new referral, and then every one shows everything that was told by any.
    async fn goes_on(&mut self, servers: &[&Server]) {
        for server in servers {
            let north = self.north.at(&server.address);
            let person = format!("Person {}", self.told.len());
            let told = north
                .refers(&person)
                .to(&self.south)
                .sharing([Identity, Needs]);
            self.told.push((told.await, person));
        }
        for server in servers {
            let south = self.south.at(&server.address);
            for (told, person) in &self.told {
                let read = south.reads(told).await;
                assert!(read.contains(person.as_str()), "{person}: {read}");
            }
        }
    }
}

#[tokio::test]
async fn two_servers_share_on_while_the_key_is_exchanged() {
    let mut world = World::on(Database::Postgres).await;
    let mut second = world.another_server();
    let (old, new) = (own_key(&world), NEW);
    let mut sharing = Sharing::of(&world).await;
    sharing.goes_on(&[&world.server, &second]).await;

    // Every server gets the new key as the other one.
    let flags = with_other(&world, new);
    world.server = Server::start(&flags);
    sharing.goes_on(&[&world.server, &second]).await;
    second = Server::start(&flags);
    sharing.goes_on(&[&world.server, &second]).await;

    // Then the two change places, on each.
    key_file(&own_file(&world), new);
    let flags = with_other(&world, &old);
    world.server = Server::start(&flags);
    sharing.goes_on(&[&world.server, &second]).await;
    second = Server::start(&flags);
    sharing.goes_on(&[&world.server, &second]).await;

    // A server without the old key does not start before everything is wrapped anew.
    let said = does_not_start(&world.flags());
    assert!(
        said.contains(&format!("needs the key-encryption key {}", id_of(&old))),
        "{said}"
    );
    let said = does(&["kek", "rotate"], &flags);
    assert!(
        said.contains("the keyring needs no other key any more"),
        "{said}"
    );
    assert!(!said.contains(&old) && !said.contains(new), "{said}");
    sharing.goes_on(&[&world.server, &second]).await;
    let under_old = id_in_sql(&world, &id_of(&old));
    assert_eq!(wrapped(&world, &under_old) + wrapped(&world, "IS NULL"), 0);

    // Then the old one is dropped.
    world.server = world.another_server();
    sharing.goes_on(&[&world.server, &second]).await;
    second = world.another_server();
    sharing.goes_on(&[&world.server, &second]).await;
    let events = world.tampers("SELECT leaf FROM audit_event WHERE kind = 'KEK_ROTATED'");
    assert_eq!(events.lines().count(), 1, "{events}");
    assert!(events.contains(&id_of(new)), "{events}");
    assert!(events.contains("operator"), "{events}");
}

#[tokio::test]
async fn one_server_shares_on_and_the_old_wrappings_are_in_no_file() {
    let mut world = World::on(Database::Sqlite).await;
    let (old, new) = (own_key(&world), NEW);
    let mut sharing = Sharing::of(&world).await;
    sharing.goes_on(&[&world.server]).await;
    fill(&world, 150).await;
    for key in [new, old.as_str()] {
        let flags = with_other(&world, key);
        if key == old {
            key_file(&own_file(&world), new);
        }
        world.server.ends();
        world.server = Server::start(&flags);
        sharing.goes_on(&[&world.server]).await;
    }
    let before: Vec<Wrapped> = selected(&world, EVERY_KEY);
    assert!(before.len() >= 6);
    let done = does(&["kek", "rotate"], &with_other(&world, &old));
    assert!(
        done.contains("the keyring needs no other key any more"),
        "{done}"
    );
    let after: Vec<Wrapped> = selected(&world, EVERY_KEY);
    assert_eq!(before.len(), after.len());
    let mut exchanged = 0;
    for wrapped in before.iter().filter(|one| !after.contains(one)) {
        assert!(wrapped.files(&world).is_empty());
        exchanged += 1;
    }
    // What was told under the new key stays as it is.
    assert_eq!(exchanged, before.len() - 1);
    assert!(after.iter().all(|one| one.files(&world).len() == 1));
    sharing.goes_on(&[&world.server]).await;
    world.server.ends();
    world.server = world.another_server();
    sharing.goes_on(&[&world.server]).await;
}
