//! A keyring that does not answer: the ending stands, the answer says that keys are left, and a sweep follows by itself.

use std::thread;
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;

use super::files::revokes;
use crate::world::agency::Told;
use crate::world::proxy::Proxy;
use crate::world::{Database, Server, World, sqlite};

/// How long an answer may take where the keyring hangs: two seconds, and what is left of a busy machine.
const ANSWERED: Duration = Duration::from_millis(3_500);

async fn is_swept(world: &World, told: &Told) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while world.has_key(&told.referral) {
        assert!(Instant::now() < deadline, "no sweep followed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_keyring_whose_file_is_locked_holds_no_answer_and_is_swept_after() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let file = world.folder.path().join("keyring.sqlite");
    let holding = thread::spawn(move || sqlite::holds(&file, Duration::from_secs(9)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    assert!(
        !revokes(&north, &ada.consent).await,
        "it said that they went"
    );
    assert!(begun.elapsed() < ANSWERED, "{:?}", begun.elapsed());
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    holding.join().unwrap();
    is_swept(&world, &ada).await;
    assert!(revokes(&north, &ada.consent).await);
}

#[tokio::test]
async fn a_keyring_that_hangs_holds_no_answer_and_is_swept_when_it_is_back() {
    let mut world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let proxy = Proxy::before(world.url());
    let keyring = format!(
        "{}?options[search_path]=concord_keyring",
        proxy.url(world.url())
    );
    world.server.ends();
    let mut flags = world.flags();
    flags.extend(["--keyring-url".to_owned(), keyring]);
    world.server = Server::start(&flags);
    let (north, south) = (
        north.at(&world.server.address),
        south.at(&world.server.address),
    );
    assert!(south.reads(&ada).await.contains("Ada"));

    proxy.refuses_connections(true);
    proxy.goes_silent();
    let begun = Instant::now();
    assert!(
        !revokes(&north, &ada.consent).await,
        "it said that they went"
    );
    assert!(begun.elapsed() < ANSWERED, "{:?}", begun.elapsed());
    assert!(world.has_key(&ada.referral));
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (CONSENT_REVOKED)"
    );
    // A sweep that fails meanwhile is tried again.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(world.has_key(&ada.referral));
    proxy.refuses_connections(false);
    is_swept(&world, &ada).await;
    assert!(revokes(&north, &ada.consent).await);
    world.server.ends();
}
