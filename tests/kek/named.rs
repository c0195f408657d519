//! Every wrapped key names the key-encryption key that wrapped it.

use concord_entities::vocabulary::DataCategory::Identity;

use super::{NEW, does, does_not_start, id_in_sql, id_of, own_file, own_key, with_other, wrapped};
use crate::world::{World, key_file, on_both};

on_both!(a_key_is_opened_by_the_key_that_it_names);
async fn a_key_is_opened_by_the_key_that_it_names(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let (own, new) = (own_key(&world), NEW.to_owned());
    let (own_id, new_id) = (id_of(&own), id_of(&new));
    let under_own = id_in_sql(&world, &own_id);
    assert_eq!(wrapped(&world, "IS NULL"), 0);
    let count = wrapped(&world, &under_own);
    // The package's, the ledger's and two that sign tokens.
    assert_eq!(count, 4);
    let status = does(&["kek", "status"], &world.flags());
    assert!(status.contains(&format!("{own_id} 4 the file")), "{status}");
    assert!(!status.contains(&own), "{status}");

    // Another key alone is not enough, and it is said which is.
    world.server.ends();
    key_file(&own_file(&world), &new);
    let said = does_not_start(&world.flags());
    let needs = format!("this keyring needs the key-encryption key {own_id}");
    assert!(said.contains(&needs), "{said}");
    assert!(
        said.contains(&format!("only {new_id}, from the file")),
        "{said}"
    );
    assert!(!said.contains("seal is broken"), "{said}");

    // As keys were wrapped before they had ids.
    for table in ["package_key", "signing_key"] {
        world.tampers_with_keyring(&format!("UPDATE {table} SET kek_id = NULL"));
    }
    let said = does_not_start(&world.flags());
    assert!(said.contains("not among those at hand"), "{said}");
    let flags = with_other(&world, &own);
    world.server = crate::world::Server::start(&flags);
    let (north, south) = (
        north.at(&world.server.address),
        south.at(&world.server.address),
    );
    assert!(south.reads(&ada).await.contains("Ada"));
    north.refers("Bea").to(&south).sharing([Identity]).await;
    assert_eq!(wrapped(&world, "IS NULL"), 4);
    assert_eq!(wrapped(&world, &id_in_sql(&world, &new_id)), 1);
    let status = does(&["kek", "status"], &flags);
    assert!(status.contains("(none) 4 before keys had ids"), "{status}");
    let said = does(&["kek", "rotate"], &flags);
    assert!(said.contains("4 keys"), "{said}");
    assert_eq!(wrapped(&world, &id_in_sql(&world, &new_id)), 5);
    assert!(south.reads(&ada).await.contains("Ada"));
}
