//! A backup is put back: what ended since stays ended, and everything else is there again.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use concord_entities::vocabulary::DataCategory::Identity;

use super::shelf::{Shelf, unwrapped};
use crate::legal_hold::story as holds;
use crate::world::agency::Told;
use crate::world::postgres::Cluster;
use crate::world::{Agency, Database, EVERYTHING, Server, World, on_both};

const WITHHELD: &str = "withheld: everything (CONSENT_REVOKED)";

/// A task force of which a backup was made, and in which something ended since.
pub struct Lived {
    world: World,
    shelf: Shelf,
    backup: PathBuf,
    north: Agency,
    south: Agency,
    /// Suspended since the backup.
    west: Agency,
    /// Whose consent was taken back since.
    ada: Told,
    /// Whose consent is in force.
    bea: Told,
    /// Who was referred since.
    dora: Told,
    /// Who was erased since, and had a plan for safe contact.
    cleo: String,
    /// A legal hold on her, which was over.
    hold: String,
    /// The keyring's own, on PostgreSQL.
    _cluster: Option<Cluster>,
    keyring_url: Option<String>,
}

impl Lived {
    async fn on(database: Database) -> Self {
        let (cluster, keyring_url, mut world) = match database {
            Database::Sqlite => (None, None, World::on(database).await),
            Database::Postgres => {
                let cluster = Cluster::of_its_own();
                let keyring = cluster.fresh_database();
                let data = Cluster::shared().fresh_database();
                let world = World::over(data, Some(keyring.clone())).await;
                (Some(cluster), Some(keyring), world)
            }
        };
        let (north, south) = world.agencies("north", "south").await;
        let west = world.agency("west").await;
        let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
        let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
        let cleo = north.registers("Cleo").await;
        let plan = serde_json::json!({ "doNotContact": true });
        let plan = serde_json::json!({ "id": cleo, "plan": plan });
        north.asks(crate::contact::story::SET, plan).await.data();
        let hold = holds::records(&north, &holds::hold(&cleo)).await;
        holds::releases(&north, &hold).await.data();
        let shelf = Shelf::new();
        let backup = shelf.backup_of(&world, "backup", &[]);
        north.revokes_consent(&ada).await.data();
        let coordinator = world.coordinator();
        coordinator.suspends(&west, "it closed").await.data();
        let erased = north.changes("eraseSurvivor", &cleo, "packages").await;
        erased.data();
        let dora = north.refers("Dora").to(&south).sharing([Identity]).await;
        assert!(south.reads(&dora).await.contains("Dora"));
        world.server.ends();
        world.service.store.clone().close().await;
        Self {
            world,
            shelf,
            backup,
            north,
            south,
            west,
            ada,
            bea,
            dora,
            cleo,
            hold,
            _cluster: cluster,
            keyring_url,
        }
    }

    /// The data store is no more.
    fn loses_the_data(&self) {
        match self.world.database {
            Database::Postgres => empties(self.world.url()),
            Database::Sqlite => destroys(&self.world.file()),
        }
    }

    /// The keyring is no more.
    fn loses_the_keyring(&self) {
        match &self.keyring_url {
            Some(url) => empties(url),
            None => destroys(&self.world.folder.path().join("keyring.sqlite")),
        }
    }

    /// Nothing opens any more what was kept of whoever was erased.
    fn has_no_key_of_whom_was_erased(&self) {
        for owner in [&self.cleo, &self.hold] {
            let owner = self.world.sql_id(owner);
            let kept = format!("SELECT count(*) FROM record_key WHERE owner = {owner}");
            assert_eq!(self.world.tampers_with_keyring(&kept), "0");
        }
    }

    /// This server's memory is no more.
    fn loses_the_state_folder(&self) {
        fs::remove_dir_all(self.world.folder.path().join("state")).unwrap();
    }

    /// What `concord restore` says, and whether it is content.
    fn restores(&self, words: &[&str]) -> (bool, String) {
        let words = [&["restore", self.backup.to_str().unwrap()], words].concat();
        let (content, said) = self.world.commands(&words);
        (content, unwrapped(&said))
    }

    fn is_restored(&self, words: &[&str]) -> String {
        let (content, said) = self.restores(words);
        assert!(content, "{said}");
        said
    }

    /// A restore that ends between putting the stores back and going on from them: the key-encryption key is another one.
    /// What was put back is not served from as it is.
    fn is_interrupted(&self, words: &[&str]) {
        let key = match self.world.database {
            Database::Sqlite => "key-encryption-key",
            Database::Postgres => "kek",
        };
        let key = self.world.folder.path().join(key);
        let right = fs::read(&key).unwrap();
        fs::write(&key, "ab".repeat(32)).unwrap();
        let (finished, said) = self.restores(words);
        assert!(!finished, "{said}");
        fs::write(&key, right).unwrap();
        let serves = Command::new("timeout")
            .args(["20", env!("CARGO_BIN_EXE_concord"), "serve"])
            .args(["--listen", "127.0.0.1:0"])
            .args(self.world.flags())
            .output()
            .unwrap();
        let said = unwrapped(&String::from_utf8_lossy(&serves.stderr));
        assert_eq!(serves.status.code(), Some(1), "{said}");
        assert!(said.contains("the data store is an older copy"), "{said}");
    }

    fn starts(&mut self) {
        self.world.server = Server::start(&self.world.flags());
    }

    /// The same agency with a token of today, on the server of today.
    fn anew(&self, agency: &Agency) -> Agency {
        let words = ["token", "--agency", &agency.name, "--scope", EVERYTHING];
        let (issued, token) = self.world.commands(&words);
        assert!(issued, "{token}");
        let caller = agency.with(token.trim().to_owned());
        caller.at(&self.world.server.address)
    }

    /// What ended since the backup is over, and what did not end is there.
    async fn what_ended_stays_ended(&mut self) {
        self.starts();
        let here = self.world.server.address.clone();
        assert_eq!(
            self.south.at(&here).reads(&self.bea).await,
            "refused: UNAUTHENTICATED"
        );
        let (north, south) = (self.anew(&self.north), self.anew(&self.south));
        assert_eq!(south.reads(&self.ada).await, WITHHELD);
        assert!(
            !self.world.has_key(&self.ada.referral),
            "its key is destroyed"
        );
        assert!(south.reads(&self.bea).await.contains("Bea"));
        // Life goes on.
        let eve = north.refers("Eve").to(&south).sharing([Identity]).await;
        assert!(south.reads(&eve).await.contains("Eve"));
        let (verified, said) = self.world.verifies();
        assert!(verified, "{said}");
    }

    async fn west_is_suspended(&self) {
        let west = self.anew(&self.west);
        let asked = west
            .asks("{ viewer { agency { name } } }", serde_json::json!({}))
            .await;
        assert!(asked.text.contains("errors"), "{}", asked.text);
    }
}

#[tokio::test]
async fn a_database_with_its_keyring_beside_the_data_is_put_back() {
    let mut world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let shelf = Shelf::new();
    let backup = shelf.backup_of(&world, "backup", &[]);
    north.revokes_consent(&ada).await.data();
    world.server.ends();
    world.service.store.clone().close().await;
    let both =
        "DROP SCHEMA public CASCADE; DROP SCHEMA concord_keyring CASCADE; CREATE SCHEMA public";
    Cluster::shared().psql(world.url(), both);
    let backup = backup.to_str().unwrap();
    let (put_back, said) = world.commands(&["restore", backup, "--yes"]);
    assert!(put_back, "{said}");
    assert!(!world.has_key(&ada.referral) && world.has_key(&bea.referral));
    world.server = Server::start(&world.flags());
    let (_, token) = world.commands(&["token", "--agency", "south", "--scope", EVERYTHING]);
    let south = south
        .with(token.trim().to_owned())
        .at(&world.server.address);
    assert_eq!(south.reads(&ada).await, WITHHELD);
    assert!(south.reads(&bea).await.contains("Bea"));
}

on_both!(a_restore_that_was_interrupted_is_given_again: Lived);
async fn a_restore_that_was_interrupted_is_given_again(mut lived: Lived) {
    lived.loses_the_data();
    lived.is_interrupted(&["--yes"]);
    lived.is_restored(&["--yes"]);
    lived.what_ended_stays_ended().await;
    lived.west_is_suspended().await;
}

fn empties(url: &str) {
    Cluster::shared().psql(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

fn destroys(file: &std::path::Path) {
    for ending in ["-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(format!("{}{ending}", file.display()));
    }
    fs::write(file, "not a database ".repeat(1000)).unwrap();
}

on_both!(a_data_store_that_was_lost_is_put_back_and_what_ended_since_stays_ended: Lived);
async fn a_data_store_that_was_lost_is_put_back_and_what_ended_since_stays_ended(mut lived: Lived) {
    lived.loses_the_data();
    let (could, said) = lived.restores(&[]);
    assert!(could, "{said}");
    assert!(
        said.contains("the keyring at") && said.contains("stays"),
        "{said}"
    );
    assert!(
        said.contains("nothing was changed: `--yes` does it"),
        "{said}"
    );
    // The consent, the agency, the survivor.
    assert!(
        said.contains("3 changes ended some sharing since the copy was made"),
        "{said}"
    );
    assert!(!lived.world.verifies().0, "nothing was changed");

    let said = lived.is_restored(&["--yes"]);
    assert!(
        said.contains(&format!("{}: taken back once more", lived.ada.consent)),
        "{said}"
    );
    assert!(
        said.contains(&format!("{}: suspended once more in ", lived.west.id)),
        "{said}"
    );
    lived.what_ended_stays_ended().await;
    lived.west_is_suspended().await;
}

on_both!(without_a_state_folder_the_keyring_tells_which_consents_ended: Lived);
async fn without_a_state_folder_the_keyring_tells_which_consents_ended(mut lived: Lived) {
    lived.loses_the_data();
    lived.loses_the_state_folder();
    let said = lived.is_restored(&["--yes"]);
    assert!(
        said.contains(&format!("{}: taken back once more", lived.ada.consent)),
        "{said}"
    );
    assert!(
        said.contains("What nobody remembers, end again by hand"),
        "{said}"
    );
    lived.what_ended_stays_ended().await;
}

on_both!(what_ended_in_a_store_that_can_still_be_read_is_taken_back: Lived);
async fn what_ended_in_a_store_that_can_still_be_read_is_taken_back(mut lived: Lived) {
    lived.loses_the_state_folder();
    let said = if lived.world.database == Database::Postgres {
        let (put_back, said) = lived.restores(&["--yes"]);
        assert!(!put_back && said.contains("is not empty"), "{said}");
        let url = lived.world.url().to_owned();
        let (server, name) = url.rsplit_once('/').unwrap();
        let postgres = Cluster::shared();
        let maintenance = format!("{server}/postgres");
        let old = format!("{name}_old");
        postgres.psql(
            &maintenance,
            &format!("ALTER DATABASE {name} RENAME TO {old}"),
        );
        postgres.psql(
            &maintenance,
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        );
        let replaced = format!("{server}/{old}");
        lived.is_restored(&["--yes", "--replaced-url", &replaced])
    } else {
        let said = lived.is_restored(&["--yes"]);
        assert!(said.contains("what was recorded since is lost"), "{said}");
        let kept = fs::read_dir(lived.world.folder.path()).unwrap();
        let kept = kept.filter(|one| {
            let name = one.as_ref().unwrap().file_name();
            name.to_string_lossy()
                .starts_with("concord.sqlite.before-restore-")
        });
        assert_eq!(kept.count(), 1, "the replaced file is kept");
        said
    };
    assert!(
        said.contains("endings are known from the store that is replaced"),
        "{said}"
    );
    assert!(
        said.contains(&format!("{}: suspended once more in ", lived.west.id)),
        "{said}"
    );
    lived.what_ended_stays_ended().await;
    lived.west_is_suspended().await;
}

on_both!(a_keyring_that_was_lost_is_put_back_without_the_keys_of_what_ended_since: Lived);
async fn a_keyring_that_was_lost_is_put_back_without_the_keys_of_what_ended_since(
    mut lived: Lived,
) {
    lived.loses_the_keyring();
    let said = lived.is_restored(&["--keyring-only", "--yes"]);
    // What was sealed since the copy was made cannot be opened any more: it ends, rather than stand in the way.
    assert!(
        said.contains(&format!("{}: taken back once more", lived.dora.consent)),
        "{said}"
    );
    lived.what_ended_stays_ended().await;
    lived.west_is_suspended().await;
}

on_both!(both_stores_are_put_back_where_the_state_folder_remembers_what_ended: Lived);
async fn both_stores_are_put_back_where_the_state_folder_remembers_what_ended(mut lived: Lived) {
    lived.loses_the_data();
    lived.loses_the_keyring();
    let said = lived.is_restored(&["--yes"]);
    assert!(
        said.contains(&format!("{}: taken back once more", lived.ada.consent)),
        "{said}"
    );
    assert!(said.contains("had been erased"), "{said}");
    lived.has_no_key_of_whom_was_erased();
    lived.what_ended_stays_ended().await;
    lived.west_is_suspended().await;
}

/// The files of both were copied by hand, and are put back so: the state folder alone remembers.
#[tokio::test]
async fn after_other_tools_put_both_back_a_reopening_leaves_no_key_of_whom_was_erased() {
    let mut lived = Lived::on(Database::Sqlite).await;
    let data = lived.backup.join("data/concord.sqlite");
    let keyring = lived.backup.join("keyring/keyring.sqlite");
    lived.loses_the_data();
    lived.loses_the_keyring();
    fs::copy(data, lived.world.file()).unwrap();
    let place = lived.world.folder.path().join("keyring.sqlite");
    fs::copy(keyring, place).unwrap();
    let (reopened, said) = lived.world.commands(&["audit", "reopen"]);
    assert!(reopened, "{said}");
    assert!(unwrapped(&said).contains("had been erased"), "{said}");
    lived.has_no_key_of_whom_was_erased();
    // Who was referred after the copies were made is not in them.
    lived.what_ended_stays_ended().await;
    lived.west_is_suspended().await;
}

/// The file is gone, and whoever has it open still answers from it.
#[tokio::test]
async fn beneath_a_server_that_runs_nothing_is_put_back_though_its_file_is_gone() {
    let mut lived = Lived::on(Database::Sqlite).await;
    lived.starts();
    lived.loses_the_data();
    for words in [&["--yes"][..], &[][..]] {
        let (put_back, said) = lived.restores(words);
        assert!(
            !put_back && said.contains("stop the servers first"),
            "{said}"
        );
    }
    lived.world.server.ends();
    lived.is_restored(&["--yes"]);
    lived.what_ended_stays_ended().await;
}

on_both!(where_nothing_remembers_what_ended_no_content_comes_back: Lived);
async fn where_nothing_remembers_what_ended_no_content_comes_back(mut lived: Lived) {
    lived.loses_the_data();
    lived.loses_the_keyring();
    lived.loses_the_state_folder();
    for words in [&["--yes"][..], &[][..]] {
        let (put_back, said) = lived.restores(words);
        assert!(!put_back, "{said}");
        assert!(said.contains("nothing remembers what ended"), "{said}");
    }
    lived.is_interrupted(&["--accept-loss", "--yes"]);
    let said = lived.is_restored(&["--accept-loss", "--yes"]);
    assert!(
        said.contains("every key in the backup is destroyed"),
        "{said}"
    );
    for told in [&lived.ada, &lived.bea] {
        assert!(!lived.world.has_key(&told.referral));
    }
    lived.starts();
    let coordinator = lived.anew(&lived.world.coordinator());
    let verified = lived.world.verifies();
    assert!(verified.0, "{}", verified.1);
    for agency in [&lived.north, &lived.south] {
        coordinator.reinstates(agency).await.data();
    }
    let (north, south) = (lived.anew(&lived.north), lived.anew(&lived.south));
    // Nobody can tell either which MOUs ended: each is suspended until each of its parties has looked at it.
    let listed = "{ mous(first: 10) { edges { node { id status } } } }";
    let answer = south.asks(listed, serde_json::json!({})).await;
    let listed = answer.data();
    for mou in listed["mous"]["edges"].as_array().unwrap() {
        let mou = &mou["node"];
        assert_eq!(mou["status"], "SUSPENDED");
        for party in [&north, &south] {
            let reinstates = "mutation($id: ID!) { reinstateMou(id: $id) { id } }";
            let id = serde_json::json!({ "id": mou["id"] });
            party.asks(reinstates, id).await.data();
        }
    }
    for told in [&lived.ada, &lived.bea] {
        assert_eq!(south.reads(told).await, WITHHELD);
    }
    let eve = north.refers("Eve").to(&south).sharing([Identity]).await;
    assert!(south.reads(&eve).await.contains("Eve"));
}

on_both!(what_must_not_be_put_back_is_refused_and_nothing_is_changed: Lived);
async fn what_must_not_be_put_back_is_refused_and_nothing_is_changed(mut lived: Lived) {
    // The keyring is there.
    let (put_back, said) = lived.restores(&["--keyring-only", "--yes"]);
    assert!(
        !put_back && said.contains("would only bring back keys"),
        "{said}"
    );

    // A server runs.
    lived.starts();
    let (put_back, said) = lived.restores(&["--data-only", "--yes"]);
    assert!(
        !put_back && said.contains("stop the servers first"),
        "{said}"
    );
    lived.world.server.ends();

    // It is another service's.
    let other = World::on(Database::Sqlite).await;
    if lived.world.database == Database::Sqlite {
        let theirs = lived.shelf.backup_of(&other, "theirs", &[]);
        let (put_back, said) =
            lived
                .world
                .commands(&["restore", theirs.to_str().unwrap(), "--yes"]);
        let said = unwrapped(&said);
        assert!(
            !put_back && said.contains("is another one: it is of the data store"),
            "{said}"
        );
    }

    // It is damaged.
    let copy = lived.shelf.copy_of(&lived.backup, "damaged");
    fs::remove_file(super::shelf::file(&copy, "data")).unwrap();
    let (put_back, said) = lived
        .world
        .commands(&["restore", copy.to_str().unwrap(), "--yes"]);
    assert!(
        !put_back && unwrapped(&said).contains("is missing"),
        "{said}"
    );

    // The data is lost, and there is no keyring to go with it.
    lived.loses_the_keyring();
    let (put_back, said) = lived.restores(&["--data-only", "--yes"]);
    assert!(
        !put_back && said.contains("is lost, and this backup has no copy of it"),
        "{said}"
    );
    lived.is_restored(&["--keyring-only", "--yes"]);
    lived.starts();
    let south = lived.anew(&lived.south);
    assert_eq!(south.reads(&lived.ada).await, WITHHELD);
    assert!(south.reads(&lived.bea).await.contains("Bea"));
}
