//! After an operator went on from an older copy, every server follows by itself; nobody is let through by that afterwards.

use concord_entities::vocabulary::DataCategory::Identity;

use super::stage::{done, refused, with};
use crate::world::agency::Told;
use crate::world::{Agency, Database, Server, World};

/// All that sharing and the ledger stand on.
const TABLES: [&str; 18] = [
    "agency_change",
    "membership",
    "agency",
    "application",
    "ended_subject",
    "consent",
    "referral",
    "sealed_part",
    "survivor",
    "notice",
    "audit_event",
    "audit_waiting",
    "audit_place",
    "audit_tile",
    "audit_tree",
    "audit_checkpoint",
    "sharing_epoch",
    "store_identity",
];

fn is_copied(world: &World, name: &str) {
    let copies = TABLES.map(|table| {
        let columns = world.columns(table);
        format!("CREATE TABLE {name}_{table} AS SELECT {columns} FROM {table}")
    });
    // All of it at one moment, whatever the integrator has under way.
    let tables = TABLES.join(", ");
    world.tampers(&format!(
        "LOCK TABLE {tables} IN SHARE MODE; {}",
        copies.join("; ")
    ));
}

fn is_put_back(world: &World, name: &str) {
    let put_back = TABLES.map(|table| {
        let columns = world.columns(table);
        format!("DELETE FROM {table}; INSERT INTO {table} ({columns}) SELECT {columns} FROM {name}_{table}")
    });
    world.tampers(&format!(
        "SET LOCAL session_replication_role = replica; {}",
        put_back.join("; ")
    ));
}

/// An agency's token after the reopening, which ended the earlier ones.
fn anew(world: &World, agency: &Agency, at: &str, epoch: u32) -> Agency {
    let mut claims = world.claims(agency.id, crate::world::EVERYTHING);
    claims.epoch = epoch;
    agency.with(world.signs(&claims)).at(at)
}

async fn withheld(reader: &Agency, told: &Told) {
    let read = reader.reads(told).await;
    assert_eq!(read, "withheld: everything (CONSENT_REVOKED)");
}

/// Whoever left after the copy was made has no token in it that counts, new ones neither; whoever came back has.
#[tokio::test]
async fn whoever_had_left_has_left_in_an_older_copy_too() {
    let mut world = World::on(Database::Postgres).await;
    let north = world.agency("north").await;
    is_copied(&world, "first");
    let changes = async |verb: &str, person: &str| {
        let document = format!("mutation {{ {verb}(subject: \"{person}\") {{ subject }} }}");
        north.asks(&document, serde_json::Value::Null).await.data();
    };
    changes("endSubject", "ana").await;
    changes("endSubject", "bea").await;
    changes("reinstateSubject", "bea").await;
    world.server.ends();
    is_put_back(&world, "first");
    assert!(refused(&world.flags()).contains("the data store is an older copy"));
    let said = done(&["audit", "reopen"], &world.flags());
    let ended = format!("ana of {}: tokens ended once more", north.id);
    assert!(said.contains(&ended) && !said.contains("bea"), "{said}");

    world.server = Server::start(&world.flags());
    for (person, codes) in [("ana", "UNAUTHENTICATED"), ("bea", "")] {
        let mut claims = world.claims(north.id, crate::world::EVERYTHING);
        claims.epoch = 2;
        person.clone_into(&mut claims.subject);
        let token = world.signs(&claims);
        let asked = north.with(token).at(&world.server.address);
        let answer = asked
            .asks("{ viewer { subject } }", serde_json::Value::Null)
            .await;
        assert_eq!(answer.codes(), codes, "{person}: {}", answer.text);
    }
}

#[tokio::test]
async fn no_other_server_is_stuck_and_no_older_copy_slips_through() {
    let mut world = World::on(Database::Postgres).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let theirs = with(&world.flags(), "--state", elsewhere.path().join("state"));
    done(&["audit", "accept"], &theirs);
    let mut other = Server::start(&theirs);
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let east = world.agency("east").await;
    is_copied(&world, "first");
    north.revokes_consent(&ada).await.data();
    // The folder of this server alone remembers it by its name; the keyring has no key any more.
    let coordinator = world.coordinator();
    coordinator.suspends(&east, "it closed").await.data();
    other.ends();
    world.server.ends();
    is_put_back(&world, "first");
    for flags in [&world.flags(), &theirs] {
        let said = refused(flags);
        assert!(said.contains("the data store is an older copy"), "{said}");
    }
    // A command changes nothing there, either: what it ends would have the copy pass for a newer one.
    let (revoked, said) =
        world.commands(&["consent", "revoke", &bea.consent, "--channel", "TELEPHONE"]);
    assert!(!revoked && said.contains("older"), "{said}");

    let said = done(&["audit", "reopen"], &world.flags());
    assert!(said.contains("taken back once more: 1"), "{said}");
    assert!(
        said.contains(&format!("{}: suspended once more in ", east.id)),
        "{said}"
    );
    let pointing = "SELECT count(*) FROM store_identity JOIN audit_event ON audit_event.id = reopened_by \
         AND recorded_at = reopened_at WHERE kind = 'LEDGER_REOPENED'";
    assert_eq!(world.tampers(pointing), "1");
    is_copied(&world, "second");

    // Both start, each over its own kept folder, and serve.
    world.server = Server::start(&world.flags());
    other = Server::start(&theirs);
    for server in [&world.server, &other] {
        let south = anew(&world, &south, &server.address, 2);
        withheld(&south, &ada).await;
        assert!(south.reads(&bea).await.contains("Bea"));
    }

    // What came after the reopening is witnessed as anything else: another older copy is one.
    let here = world.server.address.clone();
    anew(&world, &north, &here, 2)
        .revokes_consent(&bea)
        .await
        .data();
    world.server.ends();
    other.ends();
    for copy in ["second", "first"] {
        is_put_back(&world, copy);
        for flags in [&world.flags(), &theirs] {
            let said = refused(flags);
            assert!(said.contains("the data store is"), "{copy}: {said}");
        }
    }
    done(&["audit", "reopen"], &world.flags());
    world.server = Server::start(&world.flags());
    let south = anew(&world, &south, &world.server.address, 2);
    withheld(&south, &bea).await;
}

/// Nothing but the folder remembers: the keyring was put back, too, with every key.
#[tokio::test]
async fn what_the_folder_remembers_is_ended_again_though_the_keys_are_back() {
    let mut world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    let keyring = ["package_key", "ledger_witness"];
    is_copied(&world, "first");
    for table in keyring {
        world.tampers_with_keyring(&format!(
            "CREATE TABLE first_{table} AS SELECT * FROM {table}"
        ));
    }
    north.revokes_consent(&ada).await.data();
    let survivor = north.survivor_of(&bea.consent).await;
    let erased = north.changes("eraseSurvivor", &survivor, "packages").await;
    erased.data();
    world.server.ends();
    is_put_back(&world, "first");
    for table in keyring {
        world.tampers_with_keyring(&format!(
            "DELETE FROM {table}; INSERT INTO {table} SELECT * FROM first_{table}"
        ));
    }
    let said = refused(&world.flags());
    assert!(said.contains("(The witness is the state folder"), "{said}");
    let said = done(&["audit", "reopen"], &world.flags());
    assert!(said.contains("taken back once more: 2"), "{said}");
    assert!(
        said.contains("had been erased; every consent is ended"),
        "{said}"
    );
    world.server = Server::start(&world.flags());
    let south = anew(&world, &south, &world.server.address, 2);
    withheld(&south, &ada).await;
    withheld(&south, &bea).await;
    assert!(south.reads(&cleo).await.contains("Cleo"));
    for told in [&ada, &bea] {
        assert!(!world.has_key(&told.referral), "its key is still there");
    }
}
