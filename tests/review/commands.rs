//! What each command leaves in the audit log, given once by an operator: the table `review/commands.snap`.

use std::collections::BTreeSet;
use std::fmt::Write;

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::authority::recorded::said;
use crate::authority::trimmed;
use crate::contract::documents::all_commands;
use crate::endings::put_back::{is_copied, is_put_back};
use crate::issuers::command::settings;
use crate::issuers::provider::{ISSUER, Provider};
use crate::world::agency::{PACKAGE, day};
use crate::world::{Agency, Database, KeyringPlace, World, key_file};

/// Who gives the commands.
const OPERATOR: &str = "Ines of the night shift";

/// Commands that leave nothing, and why.
const NOTHING: [(&str, &str); 12] = [
    ("serve", "what it is asked is on record, and it by its log"),
    ("migrate up", "tells of no record"),
    ("migrate status", "tells of no record"),
    ("key list", "tells of no record"),
    ("kek status", "tells of no record"),
    (
        "audit verify",
        "tells of hashes alone, also of stores that nobody may write to",
    ),
    (
        "audit check-receipt",
        "tells of hashes alone, also of stores that nobody may write to",
    ),
    ("audit witness", "has no store"),
    (
        "backup check",
        "looks at a copy, also of stores that nobody may write to",
    ),
    ("restore, without --yes", "says what would be done"),
    ("schema", "has no store"),
    ("check-config", "has no store"),
];

/// Where the commands are given.
struct Desk {
    world: World,
    north: Agency,
    south: Agency,
    seen: BTreeSet<String>,
    given: BTreeSet<String>,
    table: String,
}

impl Desk {
    /// Gives a command, and writes down what it leaves.
    fn gives(&mut self, command: &str, more: &[&str]) -> String {
        let words: Vec<&str> = command.split(' ').collect();
        self.gives_as(command, &words, more)
    }

    /// The same, under another name.
    fn gives_as(&mut self, command: &str, words: &[&str], more: &[&str]) -> String {
        let by = ["--operator", OPERATOR];
        let (content, told) = self.world.commands(&[words, more, &by].concat());
        assert!(content, "{command}: {told}");
        let mut label = command;
        for leaf in self.new_leaves() {
            let operation = leaf["operation"].as_str().unwrap();
            assert!(command.starts_with(operation), "{command}: {leaf}");
            let line = said(&leaf, |id| self.party(id));
            writeln!(self.table, "{label:28} {line}").unwrap();
            label = "";
        }
        if !label.is_empty() {
            let why = NOTHING.iter().find(|(name, _)| *name == command);
            let (_, why) = why.unwrap_or_else(|| panic!("{command} leaves nothing"));
            writeln!(self.table, "{label:28} nothing: {why}").unwrap();
        }
        self.given.insert(command.to_owned());
        told
    }

    /// The leaves by the operator that were not there before.
    fn new_leaves(&mut self) -> Vec<Value> {
        let leaves = self
            .world
            .tampers("SELECT leaf FROM audit_event ORDER BY id");
        let leaves = leaves
            .lines()
            .map(|leaf| serde_json::from_str::<Value>(leaf).unwrap());
        let by_operator = leaves.filter(|leaf| leaf["operator"] == OPERATOR);
        by_operator
            .filter(|leaf| self.seen.insert(leaf["id"].to_string()))
            .collect()
    }

    fn party(&self, id: &Value) -> &'static str {
        match id.as_str() {
            None => "nobody",
            Some(id) if id == self.north.id.to_string() => "the agency",
            Some(id) if id == self.world.coordinator.to_string() => "coordinator",
            Some(_) => "another",
        }
    }

    /// A file in the world's folder.
    fn file(&self, name: &str, text: &str) -> String {
        let file = self.world.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.world.folder.path().join(name).display().to_string()
    }
}

/// One of each that stands beside a running server.
async fn beside_a_server(desk: &mut Desk) {
    let north = desk.north.id.to_string();
    let ada = desk
        .north
        .refers("Ada")
        .to(&desk.south)
        .sharing([Identity])
        .await;
    let read = json!({ "id": ada.referral, "p": "SERVICE_DELIVERY" });
    let kept = desk.south.asks(PACKAGE, read).await.body.to_string();
    desk.gives(
        "found",
        &[
            "--task-force",
            "West",
            "--region",
            "West",
            "--coordinator",
            "West Aid",
            "--kind",
            "VICTIM_ASSISTANCE_AGENCY",
        ],
    );
    desk.gives("time-zone", &[&north, "America/Denver"]);
    desk.gives("token", &["--agency", &north, "--scope", "referral.rs"]);

    let register = [
        "--agency",
        &north,
        "--name",
        "desk",
        "--scope",
        "referral.rs",
        "--secret",
    ];
    let told = desk.gives("application register", &register);
    let id = told.split_whitespace().nth(1).unwrap().to_owned();
    let document = desk.file("viewer.graphql", "{ viewer { agency { name } } }");
    desk.gives("application list", &["--agency", &north]);
    desk.gives("application origins", &[&id, "https://desk.example"]);
    desk.gives("application documents add", &[&id, &document]);
    let hash = desk.gives("application documents list", &[&id]);
    desk.gives("application documents remove", &[&id, hash.trim()]);
    desk.gives("application documents lift", &[&id]);
    desk.gives("application suspend", &[&id]);

    desk.gives("consent review", &[]);
    desk.gives("consent revoke", &[&ada.consent, "--channel", "IN_PERSON"]);
    let row = format!(
        "2019/1,Beds,JOINT_SERVICES,north|south,{},,{},30,HOUSING_PLACEMENT: NEEDS",
        day(-900),
        day(300)
    );
    let header =
        "reference,title,kind,parties,effectiveOn,reviewOn,expiresOn,terminationNoticeDays,grants";
    let register = desk.file("register.csv", &format!("{header}\n{row}\n"));
    let task_force = desk.world.task_force.to_string();
    desk.gives(
        "mou import",
        &[
            &register,
            "--task-force",
            &task_force,
            "--clauses",
            "As signed.",
        ],
    );

    desk.world
        .tampers("UPDATE token_key SET published_at = published_at - 90000000000");
    desk.gives("key rotate", &[]);
    let listed = desk.gives("key list", &[]);
    let previous = listed
        .lines()
        .find(|line| line.contains("previous"))
        .unwrap();
    desk.gives("key retire", &[previous.split_whitespace().next().unwrap()]);

    let provider = Provider::new();
    let config = settings(&desk.world, &provider);
    let keys = provider.jwks_uri("localhost");
    let told = desk.gives(
        "issuer add",
        &[
            "--agency",
            &north,
            "--issuer",
            ISSUER,
            "--jwks-uri",
            &keys,
            "--scope",
            "referral.rs",
            "--config",
            &config,
        ],
    );
    let id = told.split_whitespace().nth(1).unwrap().to_owned();
    desk.gives("issuer list", &[]);
    desk.gives("issuer refresh", &[&id, "--config", &config]);
    desk.gives("issuer suspend", &[&id]);
    desk.gives("issuer reinstate", &[&id]);

    let log = desk.path("log.ndjson");
    desk.gives("audit export", &["--format", "fhir", "--out", &log]);
    desk.gives("audit verify", &[]);
    let receipts = desk.file("receipts.json", &kept);
    desk.gives("audit check-receipt", &[&receipts]);
    desk.gives("check-data", &[]);
    desk.gives("kek status", &[]);
    desk.gives("check-config", &[]);
    desk.gives("migrate status", &[]);
    desk.gives("migrate up", &[]);
    desk.gives("backup", &[&desk.path("backup")]);
    desk.gives("backup check", &[&desk.path("backup")]);
}

/// One of each that wants every server stopped.
fn with_no_server(desk: &mut Desk) {
    let old = std::fs::read_to_string(desk.path("key-encryption-key")).unwrap();
    let other = desk.world.folder.path().join("other-key");
    key_file(&other, old.trim());
    key_file(
        &desk.world.folder.path().join("key-encryption-key"),
        &"c01dbee5".repeat(8),
    );
    desk.gives("kek rotate", &["--other-key-file", other.to_str().unwrap()]);
    desk.gives("kek give-up", &["--confirm", "0"]);

    let backup = desk.path("backup");
    desk.gives_as("restore, without --yes", &["restore"], &[&backup]);
    desk.gives("restore", &[&backup, "--data-only", "--yes"]);
    is_copied(&desk.world);
    let later = ["time-zone", &desk.north.id.to_string(), "America/Chicago"];
    let (content, told) = desk.world.commands(&later);
    assert!(content, "{told}");
    is_put_back(&desk.world);
    desk.gives("audit reopen", &[]);
    std::fs::remove_dir_all(desk.path("state")).unwrap();
    desk.gives("audit accept", &[]);

    let from = desk.path("keyring.sqlite");
    let elsewhere = desk
        .world
        .folder
        .path()
        .join("elsewhere")
        .join("keyring.sqlite");
    desk.world.keyring = KeyringPlace::File(elsewhere);
    desk.gives("keyring move", &["--from-file", &from]);
}

/// The operator's name goes with each command that changes something or tells of a record, and with a copy of everything.
#[tokio::test]
async fn what_each_command_leaves_on_record() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let mut desk = Desk {
        world,
        north,
        south,
        seen: BTreeSet::new(),
        given: BTreeSet::new(),
        table: "What each command leaves in the audit log, given once by an operator, by whose name each event goes.\n\n\
            Its kind, who acted, who was told, of which kind of record and of which others.\n\n"
            .to_owned(),
    };
    beside_a_server(&mut desk).await;
    assert!(desk.world.server.ends());
    desk.world.service.store.clone().close().await;
    with_no_server(&mut desk);

    let known: BTreeSet<String> = all_commands(&[])
        .into_iter()
        .map(|(command, _)| command)
        .collect();
    let idle: BTreeSet<String> = NOTHING.iter().map(|(name, _)| (*name).to_owned()).collect();
    for command in idle.difference(&desk.given) {
        let why = NOTHING.iter().find(|(name, _)| name == command).unwrap().1;
        writeln!(desk.table, "{command:28} nothing: {why}").unwrap();
    }
    let told: BTreeSet<String> = desk.given.union(&idle).cloned().collect();
    let missing: Vec<_> = known.difference(&told).collect();
    assert!(missing.is_empty(), "nobody gave {missing:?}");
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("commands", trimmed(&desk.table));
    });
}
