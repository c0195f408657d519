//! What is in a package is nowhere else: not in a log, an audit leaf, an error, a probe or a data file.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use concord_entities::vocabulary::{Code, DataCategory};
use serde_json::{Value, json};

use crate::world::agency::{PACKAGE, Told};
use crate::world::documents::{DRAFT_REFERRAL, list};
use crate::world::postgres::Cluster;
use crate::world::{Agency, Database, Server, World, on_both};

/// A name and a number that nothing else contains; a legal GraphQL name, so that it can stand anywhere in a document.
pub const CANARY: &str = "Zyxabel_Quorndon_5550173301";
/// Their parts.
const NAME: &str = "Zyxabel";
const NUMBER: &str = "5550173301";

on_both!(what_is_in_a_package_is_nowhere_else);
async fn what_is_in_a_package_is_nowhere_else(mut world: World) {
    let mut talkative: Vec<Server> = ["debug", "trace"]
        .map(|level| Server::start_under(&world.flags(), &[("CONCORD_LOG", level)]))
        .into();
    let (north, south) = world.agencies("north", "south").await;
    let stranger = world.agency("stranger").await;

    let mut addresses = vec![world.server.address.clone()];
    addresses.extend(talkative.iter().map(|server| server.address.clone()));
    for (turn, address) in addresses.iter().enumerate() {
        let at = |agency: &Agency| agency.at(address);
        let person = format!("{CANARY}_{turn}");
        travels_and_is_revoked(&person, &at(&north), &at(&south), &at(&stranger)).await;
        errors_repeat_no_value(&at(&north)).await;
        unknown_names_are_refused(&at(&north)).await;
        probes_say_nothing(address).await;
    }
    // One package stays readable, so that what is searched holds a live one.
    let live = north.refers(CANARY).to(&south).sharing(every()).await;
    reads_everything(&south, &live).await;
    for audience in ["OTHER_PARTY", "OWN_AGENCY"] {
        notes(&north, &live, audience).await;
    }

    let fresh = world.another_server();
    talkative.push(std::mem::replace(&mut world.server, fresh));
    nothing_leaked("the store while the servers run", &stored(&world));
    for server in &mut talkative {
        server.ends();
        nothing_leaked("a log", server.logged().as_bytes());
        assert!(server.logged().contains("answered"), "the log is silent");
    }
    let south = south.at(&world.server.address);
    reads_everything(&south, &live).await;
    world.server.ends();
    nothing_leaked("the store at rest", &stored(&world));
}

/// Adds a note about them, and reads it again.
async fn notes(agency: &Agency, told: &Told, audience: &str) {
    let add = "mutation($id: ID!, $n: NoteInput!) { addReferralNote(id: $id, note: $n) \
        { note { content(purpose: SERVICE_DELIVERY) { text } } } }";
    let note = json!({ "category": "SAFETY", "audience": audience, "text": CANARY, "idempotencyKey": audience });
    let variables = json!({ "id": told.referral, "n": note });
    let added = agency.asks(add, variables).await;
    let content = &added.data()["addReferralNote"]["note"]["content"];
    assert_eq!(content["text"], CANARY);
}

fn every() -> Vec<DataCategory> {
    DataCategory::ALL.to_vec()
}

/// A package with the canary in every category, drafted, sent, read, refused and revoked.
async fn travels_and_is_revoked(person: &str, north: &Agency, south: &Agency, stranger: &Agency) {
    let told = north.refers(person).to(south).drafted(every()).await;
    assert_eq!(south.reads(&told).await, "nothing");
    north.does("sendReferral", &told).await.data();
    reads_everything(south, &told).await;
    reads_everything(north, &told).await;

    let refused = stranger.asks(PACKAGE, json!({ "id": told.referral })).await;
    nothing_leaked("a stranger's answer", refused.text.as_bytes());
    assert_eq!(stranger.reads(&told).await, "nothing");
    assert_eq!(
        stranger.does("acceptReferral", &told).await.codes(),
        "NOT_FOUND"
    );

    south.does("acceptReferral", &told).await.data();
    north.revokes_consent(&told).await.data();
    let withheld = south
        .asks(
            PACKAGE,
            json!({ "id": told.referral, "p": "SERVICE_DELIVERY" }),
        )
        .await;
    nothing_leaked("what is withheld", withheld.text.as_bytes());
    assert!(withheld.data()["referral"]["package"]["withheld"].is_array());

    let shown = "type reason subject operation object objects";
    let log = list("auditEvents(first: 100)", shown);
    let events = south.asks(&log, Value::Null).await;
    events.data();
    nothing_leaked("the audit log on the wire", events.text.as_bytes());
}

/// The entitled reader finds the canary in each of the categories, or this test would prove nothing.
async fn reads_everything(reader: &Agency, told: &Told) {
    let read = reader.reads(told).await;
    let shown = read.matches(CANARY).count();
    assert_eq!(shown, DataCategory::ALL.len(), "{read}");
}

/// Requests that are wrong in every way, each with the canary in a value.
async fn errors_repeat_no_value(north: &Agency) {
    let wrong = wrong_variables().into_iter().chain(wrong_documents());
    for (document, variables) in wrong {
        let answer = north.asks(&document, variables.clone()).await;
        let asked = format!("{document} {variables}");
        assert!(!answer.codes().is_empty(), "not refused: {asked}");
        nothing_leaked(&asked, answer.text.as_bytes());
    }
}

fn wrong_variables() -> Vec<(String, Value)> {
    let by_id = "query($id: ID!) { referral(id: $id) { id } }";
    let package = |contents: Value| json!({ "r": { "consent": "consent_01h2xcejqtf2nbrexx3vqjhp41", "needs": ["HOUSING"], "urgency": "URGENT", "package": contents } });
    vec![
        (by_id.into(), json!({ "id": CANARY })),
        (by_id.into(), json!({ "id": { "name": CANARY } })),
        (by_id.into(), json!({ "id": [CANARY] })),
        (by_id.into(), json!({ "id": null, CANARY: CANARY })),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "identity": { "givenName": CANARY } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "identity": { "givenName": { "is": CANARY } } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "identity": CANARY })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "identity": { "dateOfBirth": CANARY } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "language": { "primary": CANARY } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "needs": { "first": CANARY } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "family": { "children": CANARY } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "family": { "children": 5_550_173_301_u64 } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "financial": { "neededMinor": 5_550_173_301.5 } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "exploitation": { "means": [CANARY] } })),
        ),
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "identity": { (format!("{NAME} Q")): "x" } })),
        ),
    ]
}

fn wrong_documents() -> Vec<(String, Value)> {
    vec![
        (
            format!("{{ referral(id: \"{CANARY}\") {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ node(id: \"{CANARY}\") {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referral(id: {CANARY}) {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referral(id: {NUMBER}.5) {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referral(id: {{ is: \"{CANARY}\" }}) {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referrals(box: {CANARY}) {{ edges {{ node {{ id }} }} }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referrals(box: \"{CANARY}\") {{ edges {{ node {{ id }} }} }} }}"),
            Value::Null,
        ),
        (
            format!(
                "{{ referrals(box: INBOX, first: \"{CANARY}\") {{ edges {{ node {{ id }} }} }} }}"
            ),
            Value::Null,
        ),
        (
            format!("{{ referrals(box: INBOX, first: {NUMBER}) {{ edges {{ node {{ id }} }} }} }}"),
            Value::Null,
        ),
        (
            format!(
                "{{ referrals(box: INBOX, after: \"{CANARY}\") {{ edges {{ node {{ id }} }} }} }}"
            ),
            Value::Null,
        ),
        (
            format!("{{ referral(id: \"{CANARY}\" {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referral(id: \"{CANARY}\n\") {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referral(id: \"{CANARY}\\q\") {{ id }} }}"),
            Value::Null,
        ),
        (format!("# {CANARY}\n{{ referral(id: "), Value::Null),
        (
            format!(
                "mutation {{ registerSurvivor(survivor: {{ pseudonym: [\"{CANARY}\"], ageGroup: ADULT }}) {{ id }} }}"
            ),
            Value::Null,
        ),
        (
            format!(
                "mutation {{ registerSurvivor(survivor: {{ pseudonym: \"p\", ageGroup: ADULT, language: \"{CANARY} {CANARY}\" }}) {{ id }} }}"
            ),
            Value::Null,
        ),
        (
            format!(
                "mutation {{ draftReferral(referral: {{ consent: \"x\", needs: [{CANARY}], urgency: \"{CANARY}\", package: {{ identity: \"{CANARY}\" }} }}) {{ id }} }}"
            ),
            Value::Null,
        ),
    ]
}

/// Names that the schema does not have. An error may say which, and nothing else may.
async fn unknown_names_are_refused(north: &Agency) {
    let package = |contents: Value| json!({ "r": { "consent": "consent_01h2xcejqtf2nbrexx3vqjhp41", "needs": ["HOUSING"], "urgency": "URGENT", "package": contents } });
    let unknown: Vec<(String, Value)> = vec![
        (
            DRAFT_REFERRAL.into(),
            package(json!({ "identity": { CANARY: "x" } })),
        ),
        (format!("{{ {CANARY} }}"), Value::Null),
        (
            format!("{{ referral(id: \"x\", {CANARY}: 1) {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("{{ referral(id: \"x\") {{ {CANARY} }} }}"),
            Value::Null,
        ),
        (
            format!("query(${CANARY}: ID!) {{ referral(id: ${CANARY}) {{ id }} }}"),
            Value::Null,
        ),
        (
            format!("query(${CANARY}: ID) {{ __typename }}"),
            Value::Null,
        ),
        (format!("query($a: {CANARY}) {{ __typename }}"), Value::Null),
        (
            "query($a: ID = $b) { __typename }".replace('b', CANARY),
            Value::Null,
        ),
        (format!("{{ ...{CANARY} }}"), Value::Null),
        (
            format!("{{ referral(id: \"x\") @{CANARY} {{ id }} }}"),
            Value::Null,
        ),
        (format!("{{ ... on {CANARY} {{ id }} }}"), Value::Null),
        (
            format!("mutation {{ registerSurvivor(survivor: {{ {CANARY}: 1 }}) {{ id }} }}"),
            Value::Null,
        ),
    ];
    for (document, variables) in unknown {
        let answer = north.asks(&document, variables.clone()).await;
        assert_eq!(answer.codes(), "BAD_USER_INPUT", "{document} {variables}");
    }
}

async fn probes_say_nothing(address: &str) {
    for path in ["/healthz", "/readyz"] {
        let answer = reqwest::get(format!("http://{address}{path}"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        nothing_leaked(path, text.as_bytes());
    }
}

/// Every byte that the world keeps: the files with their logs of changes, or the dump.
pub fn stored(world: &World) -> Vec<u8> {
    let mut bytes = files(world.folder.path());
    if world.database == Database::Postgres {
        let dump = Cluster::shared().dump(world.url());
        assert!(
            dump.contains("COPY public.sealed_part")
                && dump.contains("COPY concord_keyring.package_key")
        );
        bytes.extend(dump.into_bytes());
    } else {
        assert!(contains(&bytes, "sealed_part") && contains(&bytes, "package_key"));
    }
    bytes
}

/// The bytes of all the files below a folder.
pub fn files(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() {
            files(&path)
        } else {
            std::fs::read(&path).unwrap()
        });
    }
    bytes
}

/// Whether a text stands anywhere among these bytes, in whatever case.
fn contains(bytes: &[u8], part: &str) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    text.contains(&part.to_ascii_lowercase())
}

/// Neither the canary nor what it looks like in hexadecimal digits or in base64 is there.
pub fn nothing_leaked(place: &str, bytes: &[u8]) {
    for part in [NAME, NUMBER] {
        let mut traces = vec![part.to_owned(), hex::encode(part)];
        // In base64 a text has three faces, after where it begins; their inner digits are what they share with any text.
        for before in 0..3 {
            let shifted = [&b"\0\0\0"[..before], part.as_bytes()].concat();
            for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                let face = engine.encode(&shifted);
                traces.push(face[4..face.len() - 2].to_owned());
            }
        }
        for trace in traces {
            assert!(!contains(bytes, &trace), "{place}: {part} as {trace}");
        }
    }
}
