//! A keyring that is not the data store's own is refused, with what to do; so is a place that must be asked for by name.

use concord::settings::{RawSettings, Settings, StoreLocation};

use super::{is_at_rest, says};
use crate::world::postgres::Cluster;
use crate::world::{Database, KeyringPlace, World};

#[tokio::test]
async fn with_postgresql_the_settings_say_where_the_keyring_is() {
    let written = RawSettings {
        database_url: Some("postgres://db.example/concord".to_owned()),
        key_file: Some("kek".into()),
        ..RawSettings::default()
    };
    let faults = |written: &RawSettings| Settings::read(None, written).unwrap_err().to_string();
    let said = faults(&written);
    for word in [
        "keyring_url",
        "keyring_file",
        "keyring_beside_data",
        "concord keyring move",
    ] {
        assert!(said.contains(word), "{said}");
    }
    let file = RawSettings {
        keyring_file: Some("keys.sqlite".into()),
        ..written.clone()
    };
    let settings = Settings::read(None, &file).unwrap();
    assert_eq!(settings.keyring, StoreLocation::File("keys.sqlite".into()));
    assert_eq!(settings.state.to_str(), Some("concord-data-state"));
    assert!(settings.advice().is_empty(), "{:?}", settings.advice());
    let both = RawSettings {
        keyring_beside_data: Some(true),
        ..file
    };
    assert!(faults(&both).contains("only one of them"));
    let beside = RawSettings {
        keyring_beside_data: Some(true),
        ..written
    };
    let advice = Settings::read(None, &beside).unwrap().advice();
    assert!(advice[0].contains("takes the keys along"), "{advice:?}");
}

#[tokio::test]
async fn a_keyring_in_the_datas_own_cluster_is_asked_for_by_name() {
    let mut world = World::on(Database::Postgres).await;
    is_at_rest(&mut world).await;
    let url = Cluster::shared().fresh_database();
    let place = std::mem::replace(&mut world.keyring, KeyringPlace::Url(url));
    let (moved, said) = says(&["keyring", "move", "--from-beside-data"], &world.flags());
    assert!(
        !moved && said.contains("the data store's own PostgreSQL cluster"),
        "{said}"
    );
    let mut flags = world.flags();
    flags.push("--keyring-beside-data".to_owned());
    let (usable, said) = says(&["check-config"], &flags);
    assert!(usable && said.contains("takes the keys along"), "{said}");
    let (moved, said) = says(&["keyring", "move", "--from-beside-data"], &flags);
    assert!(moved, "{said}");
    let (listed, said) = says(&["key", "list"], &flags);
    assert!(listed, "{said}");
    let (verified, said) = says(&["audit", "verify"], &flags);
    assert!(verified, "{said}");
    // Back, so that the world ends as all do. Where it was, nothing is any more.
    world.tampers("DROP SCHEMA concord_keyring CASCADE");
    let KeyringPlace::Url(from) = std::mem::replace(&mut world.keyring, place) else {
        unreachable!()
    };
    let (moved, said) = says(&["keyring", "move", "--from-url", &from], &world.flags());
    assert!(moved, "{said}");
}

#[tokio::test]
async fn another_stores_keyring_and_an_empty_one_are_refused() {
    for database in [Database::Sqlite, Database::Postgres] {
        let place =
            |folder: &std::path::Path| KeyringPlace::File(folder.join("keys/keyring.sqlite"));
        let mut world = World::with_keyring(database, place).await;
        let other = World::with_keyring(database, place).await;
        is_at_rest(&mut world).await;
        let own = std::mem::replace(&mut world.keyring, other.keyring.clone());
        let (opened, said) = says(&["key", "list"], &world.flags());
        assert!(
            !opened && said.contains("that of another data store"),
            "{said}"
        );
        world.keyring = KeyringPlace::File(world.folder.path().join("nothing/keyring.sqlite"));
        if database == Database::Postgres {
            let (migrated, said) = says(&["migrate", "up"], &world.flags());
            assert!(
                !migrated && said.contains("the keyring is missing"),
                "{said}"
            );
        }
        let (opened, said) = says(&["key", "list"], &world.flags());
        assert!(!opened && said.contains("the keyring is missing"), "{said}");
        world.keyring = own;
    }
}
