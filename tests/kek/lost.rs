//! The key-encryption key is lost, and the service goes on without what it sealed: the drill of the operators' document.

use concord_entities::vocabulary::DataCategory::Identity;

use super::{NEW, anew, does, does_not_start, fill, id_of, own_file, own_key, says};
use crate::world::{Database, World, key_file, on_both};

on_both!(what_a_lost_key_sealed_is_given_up_and_the_service_goes_on);
async fn what_a_lost_key_sealed_is_given_up_and_the_service_goes_on(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    fill(&world, 150).await;
    let old = own_key(&world);
    world.server.ends();
    world.service.store.clone().close().await;
    std::fs::remove_file(own_file(&world)).unwrap();
    let said = does_not_start(&world.flags());
    let missing = match world.database {
        Database::Sqlite => "is missing, and the keyring was wrapped under the key in it",
        Database::Postgres => "cannot be read",
    };
    assert!(said.contains(missing), "{said}");
    assert!(!own_file(&world).exists());

    key_file(&own_file(&world), NEW);
    assert!(does_not_start(&world.flags()).contains(&id_of(&old)));
    let (given_up, said) = says(&["kek", "give-up"], &world.flags());
    // The package's, the ledger's and two that sign tokens, besides those that fill.
    assert!(
        !given_up && said.contains("154 keys do not unwrap"),
        "{said}"
    );
    let (given_up, _) = says(&["kek", "give-up", "--confirm", "3"], &world.flags());
    assert!(!given_up);
    assert!(world.has_key(&ada.referral));
    let said = does(&["kek", "give-up", "--confirm", "154"], &world.flags());
    assert!(said.contains("consents taken back: 1"), "{said}");
    assert!(!world.has_key(&ada.referral));

    world.server = world.another_server();
    let (north, south) = (
        anew(&world, &north, &world.server),
        anew(&world, &south, &world.server),
    );
    let read = south.reads(&ada).await;
    assert!(!read.contains("identity: Ada"), "{read}");
    let shown = north.finds("Consent", &ada.consent, "status").await;
    assert_eq!(shown["status"], "REVOKED");
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    assert!(south.reads(&bea).await.contains("Bea"));
    // Given up twice, it is as it was.
    world.server.ends();
    does(&["kek", "give-up", "--confirm", "0"], &world.flags());
    world.server = world.another_server();
    let south = anew(&world, &south, &world.server);
    assert!(south.reads(&bea).await.contains("Bea"));
}
