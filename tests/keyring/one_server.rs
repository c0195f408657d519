//! A PostgreSQL service whose keyring is a file is for one server.

use std::process::{Command, Stdio};

use crate::world::{Database, KeyringPlace, World};

/// What a further server says, which must not start.
fn refused(flags: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{output:?}");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let said = said.replace('│', " ");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_second_server_is_refused_and_a_killed_one_leaves_nothing_behind() {
    let place = |folder: &std::path::Path| KeyringPlace::File(folder.join("keys/keyring.sqlite"));
    let mut world = World::with_keyring(Database::Postgres, place).await;
    let said = refused(&world.flags());
    assert!(said.contains("is for one server"), "{said}");
    // Commands run beside it.
    let (listed, said) = world.commands(&["key", "list"]);
    assert!(listed, "{said}");
    world.server.is_killed();
    world.server = world.another_server();

    // One with a keyring of its own is not this store's.
    let own = world.keyring.clone();
    world.keyring = KeyringPlace::File(world.folder.path().join("other/keyring.sqlite"));
    let said = refused(&world.flags());
    assert!(said.contains("migrate up"), "{said}");
    let (migrated, said) = world.commands(&["migrate", "up"]);
    assert!(!migrated && said.contains("keyring is missing"), "{said}");
    world.keyring = own;
}
