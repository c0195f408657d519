//! What is destroyed in PostgreSQL goes from the table's file within seconds.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;

use super::files::revokes;
use super::wrapped::{Wrapped, of_package};
use crate::world::{Database, World};

/// The file of the keyring's package keys, as it stands on the disk now.
fn table(world: &World) -> PathBuf {
    world.tampers("CHECKPOINT");
    let folder = world.tampers("SHOW data_directory");
    let file = world.tampers("SELECT pg_relation_filepath('concord_keyring.package_key')");
    PathBuf::from(folder).join(file)
}

fn is_in_table(world: &World, key: &Wrapped) -> bool {
    key.is_in(&fs::read(table(world)).unwrap())
}

#[tokio::test]
async fn a_revoked_packages_key_goes_from_the_tables_file() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let mut told = Vec::new();
    for person in ["Ada", "Bea", "Cleo", "Dora"] {
        told.push(north.refers(person).to(&south).sharing([Identity]).await);
    }
    let key = |which: usize| of_package(&world, &told[which].referral);
    // The newest row is the one that vacuuming alone leaves on its page.
    let (newest, middle, kept) = (key(3), key(1), key(0));
    assert!(is_in_table(&world, &newest) && is_in_table(&world, &middle));
    for which in [3, 1] {
        assert!(revokes(&north, &told[which].consent).await);
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while is_in_table(&world, &newest) || is_in_table(&world, &middle) {
        assert!(Instant::now() < deadline, "{}", world.server.logged());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(is_in_table(&world, &kept));
    assert!(south.reads(&told[0]).await.contains("Ada"));
}

#[tokio::test]
async fn vacuuming_alone_would_leave_the_newest_key_in_the_file() {
    let mut world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let newest = of_package(&world, &bea.referral);
    world.server.ends();
    let id = world.sql_id(&bea.referral);
    world.tampers_with_keyring(&format!("DELETE FROM package_key WHERE referral_id = {id}"));
    world.tampers("VACUUM concord_keyring.package_key");
    assert!(is_in_table(&world, &newest));
    world.tampers("VACUUM (FULL) concord_keyring.package_key");
    assert!(!is_in_table(&world, &newest));
    assert!(world.has_key(&ada.referral));
}

/// A service that may not clean the tables says so, and goes on.
#[tokio::test]
async fn whoever_does_not_own_the_tables_is_told_once_what_to_do() {
    use sea_orm::ConnectionTrait;
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let role = format!("visitor_{}", uuid::Uuid::new_v4().simple());
    world.tampers(&format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA concord_keyring, public TO {role}; \
         GRANT ALL ON ALL TABLES IN SCHEMA concord_keyring, public TO {role}"
    ));
    let url = world.url().replace("//concord@", &format!("//{role}@"));
    let flags: Vec<String> = world
        .flags()
        .into_iter()
        .map(|flag| {
            if flag == world.url() {
                url.clone()
            } else {
                flag
            }
        })
        .collect();
    let visitor = crate::world::Server::start(&flags);
    let north = north.at(&visitor.address);
    for person in ["Ada", "Bea"] {
        let told = north.refers(person).to(&south).sharing([Identity]).await;
        assert!(revokes(&north, &told.consent).await);
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let said = visitor.logged();
    assert_eq!(said.matches("belong to another role").count(), 1, "{said}");
    assert!(said.contains("ALTER TABLE"), "{said}");
    assert!(
        world
            .service
            .store
            .keyring
            .execute_unprepared("SELECT 1")
            .await
            .is_ok()
    );
}
