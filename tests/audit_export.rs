//! The log leaves for other programs, and says there what it says here: as FHIR that its publishers' schema accepts, and as a table.

mod filters;
mod records;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use concord::audit::leaf::Leaf;
use concord::audit::tree::leaf_hash;
use concord::review::export::horizon;
use concord_entities::vocabulary::{AuditType, Code};
use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::interop::node;
use crate::world::postgres::Cluster;
use crate::world::{Database, Server, key_file, on_both, sqlite};

/// The demo, whose log has events of long ago.
struct Exporting {
    folder: TempDir,
    url: Option<String>,
    server: Server,
    tokens: Value,
}

/// The leaves of a log with their hashes, by the events' ids as FHIR has them, oldest first.
type Leaves = BTreeMap<String, (Leaf, String)>;

impl Exporting {
    /// The demo, once each of its events has its place in the ledger.
    async fn on(database: Database) -> Self {
        let demo = Self::over(database);
        while demo.finds("SELECT count(*) FROM audit_waiting") != "0" {
            sleep(Duration::from_millis(20)).await;
        }
        demo
    }

    fn over(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = (database == Database::Postgres).then(|| Cluster::shared().fresh_database());
        let flags = flags(&folder, url.as_deref());
        if url.is_some() {
            key_file(&folder.path().join("kek"), &("5a".repeat(31) + "7e"));
            let migrated = Command::new(env!("CARGO_BIN_EXE_concord"))
                .args(["migrate", "up"])
                .args(&flags)
                .output()
                .unwrap();
            assert!(migrated.status.success(), "{migrated:?}");
        }
        std::fs::create_dir(folder.path().join("d")).unwrap();
        let demo = [flags.as_slice(), &["--demo".to_owned()]].concat();
        let server = Server::start(&demo);
        let tokens = std::fs::read(folder.path().join("d/demo-tokens.json")).unwrap();
        Self {
            url,
            server,
            tokens: serde_json::from_slice(&tokens).unwrap(),
            folder,
        }
    }

    fn finds(&self, sql: &str) -> String {
        match &self.url {
            Some(url) => Cluster::shared().psql(url, sql),
            None => sqlite::runs(&self.folder.path().join("d/concord.sqlite"), sql),
        }
    }

    /// The leaves that an export has from now on.
    fn leaves(&self) -> Leaves {
        let end = horizon(concord::clock::now());
        let leaves = self.finds("SELECT leaf FROM audit_event");
        let leaves = leaves.lines().map(|text| {
            let leaf: Leaf = serde_json::from_str(text).unwrap();
            (leaf, leaf_hash(text.as_bytes()).to_string())
        });
        leaves
            .filter(|(leaf, _)| leaf.id < end)
            .map(|(leaf, hash)| (leaf.id.0.to_string(), (leaf, hash)))
            .collect()
    }

    /// The leaves of the exports that are on record.
    fn exports_on_record(&self) -> Vec<Leaf> {
        let leaves = "SELECT leaf FROM audit_event WHERE kind = 'AUDIT_EXPORTED' ORDER BY id";
        let leaves = self.finds(leaves);
        let leaves = leaves.lines();
        leaves
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    }

    async fn gets(&self, persona: &str, path: &str) -> Response {
        let url = format!("http://{}/audit/{path}", self.server.address);
        let token = self.tokens[persona]["token"].as_str().unwrap();
        let request = reqwest::Client::new().get(url).bearer_auth(token);
        request.send().await.unwrap()
    }

    /// What a persona exports as FHIR.
    async fn events(&self, persona: &str, query: &str) -> Vec<Value> {
        let answer = self.gets(persona, &format!("events.ndjson?{query}")).await;
        assert_eq!(answer.status(), 200, "{query}");
        events(&answer.text().await.unwrap())
    }

    /// What `concord audit export` says, and the file that it was to write.
    fn exports(&self, name: &str, arguments: &[&str]) -> (PathBuf, Output) {
        let file = self.folder.path().join(name);
        let output = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["audit", "export", "--operator", "Ines", "--out"])
            .arg(&file)
            .args(arguments)
            .args(flags(&self.folder, self.url.as_deref()))
            .output()
            .unwrap();
        (file, output)
    }

    /// What the operator exports as FHIR with these flags.
    fn exported(&self, name: &str, arguments: &[&str]) -> Vec<Value> {
        let (file, output) = self.exports(name, &[&["--format", "fhir"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        events(&std::fs::read_to_string(file).unwrap())
    }
}

fn flags(folder: &TempDir, url: Option<&str>) -> Vec<String> {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut flags = vec!["--data".to_owned(), path("d")];
    flags.extend(["--state".to_owned(), path("s")]);
    if let Some(url) = url {
        flags.extend(["--database-url".to_owned(), url.to_owned()]);
        flags.extend(["--key-file".to_owned(), path("kek")]);
        flags.push("--keyring-beside-data".to_owned());
    }
    flags
}

fn events(ndjson: &str) -> Vec<Value> {
    let lines = ndjson.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ids(events: &[Value]) -> Vec<&str> {
    let ids = events.iter().map(|event| event["id"].as_str().unwrap());
    ids.collect()
}

/// What an event's entity of this kind says.
fn detail<'e>(event: &'e Value, kind: &str) -> Option<&'e str> {
    let entities = event["entity"].as_array().unwrap().iter();
    let details = entities.flat_map(|one| one["detail"].as_array().into_iter().flatten());
    let mut named = details.filter(|one| one["type"] == kind);
    named.next().map(|one| one["valueString"].as_str().unwrap())
}

/// The identifiers of a system among what an event names.
fn named(event: &Value, part: &str, system: &str) -> BTreeSet<String> {
    let parts = event[part].as_array().unwrap().iter();
    let by = if part == "agent" { "who" } else { "what" };
    let system = format!("urn:concord:{system}");
    parts
        .map(|one| &one[by]["identifier"])
        .filter(|identifier| identifier["system"] == system.as_str())
        .map(|identifier| identifier["value"].as_str().unwrap().to_owned())
        .collect()
}

/// Says that an event tells what its leaf does, and nothing else.
fn tells(event: &Value, leaf: &Leaf, hash: &str) {
    let id = leaf.id.to_string();
    assert_eq!(detail(event, "event"), Some(id.as_str()));
    assert_eq!(detail(event, "leafHash"), Some(hash));
    assert!(detail(event, "index").is_some(), "{event}");
    assert_eq!(event["recorded"], leaf.recorded_at.in_full().to_string());
    let own = event["subtype"].as_array().unwrap().last().unwrap();
    assert_eq!(own["code"], leaf.kind.code());
    assert_eq!(event["action"], leaf.action.code());
    let parts = [leaf.agency, leaf.recipient, leaf.discloser];
    let parts = parts.into_iter().flatten();
    assert_eq!(
        named(event, "agent", "agency"),
        parts.map(|id| id.to_string()).collect()
    );
    let subject = Some(leaf.subject.clone()).filter(|subject| !subject.is_empty());
    assert_eq!(
        named(event, "agent", "subject"),
        subject.into_iter().collect()
    );
    let records = leaf.objects.iter().cloned().chain(leaf.object.clone());
    assert_eq!(named(event, "entity", "record"), records.collect());
    let one = |id: Option<String>| id.into_iter().collect::<BTreeSet<_>>();
    let survivor = leaf.survivor.map(|id| id.to_string());
    assert_eq!(named(event, "entity", "survivor-in-log"), one(survivor));
    let consent = leaf.consent.map(|id| id.to_string());
    assert_eq!(named(event, "entity", "consent"), one(consent));
    let mou = leaf.mou.map(|id| id.to_string());
    assert_eq!(named(event, "entity", "mou"), one(mou));
    let categories = leaf.categories.iter().flat_map(|some| some.iter());
    let told = detail(event, "category");
    assert_eq!(told.is_some(), categories.count() > 0);
    assert!(
        !event.to_string().contains("\"reference\""),
        "nothing leads to a person's resource: {event}"
    );
}

on_both!(what_the_operator_exports_is_the_log_and_the_published_schema_accepts_it: Exporting);
async fn what_the_operator_exports_is_the_log_and_the_published_schema_accepts_it(demo: Exporting) {
    let leaves = demo.leaves();
    let exported = demo.exported("log.ndjson", &[]);
    assert!(exported.len() > 300, "{}", exported.len());
    // What grew too old to be held back meanwhile came behind.
    assert!(ids(&exported).is_sorted());
    let ids: Vec<_> = ids(&exported).into_iter().take(leaves.len()).collect();
    assert_eq!(ids, leaves.keys().map(String::as_str).collect::<Vec<_>>());
    for event in exported.iter().take(leaves.len()) {
        let (leaf, hash) = &leaves[event["id"].as_str().unwrap()];
        tells(event, leaf, hash);
    }
    let kinds: BTreeSet<_> = leaves.values().map(|(leaf, _)| leaf.kind).collect();
    assert!(kinds.contains(&AuditType::PackageRead) && kinds.len() > 20);

    let file = demo.folder.path().join("log.ndjson");
    let judged = node("audit_events.mjs", file.to_str().unwrap());
    let judged: Value = serde_json::from_str(&judged).unwrap();
    let expected = json!({ "count": exported.len(), "faults": [], "isStrict": true });
    assert_eq!(judged, expected, "{judged:#}");

    // What a file begins, another one goes on with.
    let middle = exported.len() / 2;
    let after = detail(&exported[middle], "event").unwrap();
    let (rest, output) = demo.exports("rest.ndjson", &["--format", "fhir", "--after", after]);
    assert!(output.status.success(), "{output:?}");
    let rest = events(&std::fs::read_to_string(rest).unwrap());
    assert!(rest.starts_with(&exported[middle + 1..]));
    let told = String::from_utf8(output.stdout).unwrap();
    let last = detail(rest.last().unwrap(), "event").unwrap();
    assert!(told.contains(&format!("--after {last}")), "{told}");

    // A file that is there is not written over.
    let (file, output) = demo.exports("rest.ndjson", &["--format", "csv"]);
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(events(&std::fs::read_to_string(file).unwrap()), rest);

    // Each export is an event of its own, which names the operator.
    let recorded = demo.exports_on_record();
    assert_eq!(recorded.len(), 2);
    for leaf in recorded {
        assert_eq!(leaf.operator.as_deref(), Some("Ines"));
        assert_eq!(leaf.operation.as_deref(), Some("audit export"));
        assert_eq!(leaf.reason.as_deref(), Some("FHIR"));
    }
}

on_both!(an_auditor_exports_what_it_reaches_and_goes_on_after_what_it_has: Exporting);
async fn an_auditor_exports_what_it_reaches_and_goes_on_after_what_it_has(demo: Exporting) {
    let leaves = demo.leaves();
    let answer = demo.gets("auditor", "events.ndjson").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/fhir+ndjson");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let all = events(&answer.text().await.unwrap());
    assert!(all.len() > 200 && ids(&all).is_sorted(), "{}", all.len());
    // Each part was on record before it left, with whose it was.
    let recorded = demo.exports_on_record();
    let parts = all.len().div_ceil(100);
    assert!(
        (parts..=parts + 1).contains(&recorded.len()),
        "{recorded:?}"
    );
    for leaf in &recorded {
        assert_eq!(leaf.subject, "demo:auditor");
        assert_eq!(leaf.operation.as_deref(), Some("exportAuditEvents"));
    }
    let of_before = all
        .iter()
        .filter_map(|event| Some((event, leaves.get(event["id"].as_str()?)?)));
    let mut count = 0;
    for (event, (leaf, hash)) in of_before {
        tells(event, leaf, hash);
        assert_eq!(detail(event, "document"), None, "the operator's to know");
        count += 1;
    }
    assert!(count > 200, "{count}");

    let middle = all.len() / 2;
    for after in [detail(&all[middle], "event"), all[middle]["id"].as_str()] {
        let rest = format!("after={}", after.unwrap());
        let rest = demo.events("auditor", &rest).await;
        assert!(rest.starts_with(&all[middle + 1..]));
    }

    // The table is of the same events.
    let last = all.last().unwrap()["id"].as_str().unwrap();
    let table = demo.gets("auditor", "events.csv").await;
    let table = table.text().await.unwrap();
    let table = table.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let told = rows.iter().take(all.len());
    let told: Vec<_> = told
        .map(|row| row.get(0).unwrap().parse().unwrap())
        .map(|id: concord_entities::ids::AuditEventId| id.0.to_string())
        .collect();
    assert_eq!(told, ids(&all), "up to {last}");

    // An agency that coordinates nobody exports what it had a part in, and cannot link what it was told.
    let own = demo.tokens["housing"]["agencyId"].as_str().unwrap();
    let harbor = demo.events("housing", "").await;
    assert!(harbor.len() > 20 && harbor.len() < all.len());
    for event in &harbor {
        assert!(named(event, "agent", "agency").contains(own), "{event}");
        let (leaf, _) = &leaves[event["id"].as_str().unwrap()];
        let is_holder = leaf.discloser.or(leaf.agency).map(|id| id.to_string());
        let was_told = leaf.recipient.is_some_and(|id| id.to_string() == own);
        if was_told && is_holder.as_deref() != Some(own) {
            assert!(named(event, "entity", "survivor-in-log").is_empty());
        }
    }
}
