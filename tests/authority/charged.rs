//! What operations take, beside what they are charged: how `api/src/graphql/prices.rs` is come by. A measurement, of a
//! release build, which nothing runs beside:
//!
//! `MEASURED_PROGRAM=$PWD/target/release/concord cargo test -p concord --test concord charged -- --ignored --nocapture`

#![expect(clippy::print_stdout, reason = "a measurement tells what it found")]

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::objects::{Given, Party, Stage};
use super::rows::rows;
use crate::interop::node;
use crate::world::{Answer, Database, Server, World};

/// How often each operation is asked.
const TIMES: u32 = 12;
/// How many referrals an inbox has.
const REFERRALS: usize = 100;
/// A page as large as one may be.
const FULL: &str = "first: 100";
/// What the dearest operation that is admitted may take: a second, and 64 MiB.
const LONGEST: f64 = 1e6;
const LARGEST: u64 = 64 * 1024;

/// The processor time of a process, in microseconds.
fn used(process: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanos = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanos.sum::<f64>() / 1000.0
}

/// The memory of a process, in KiB: as it stands, or at its highest.
fn memory(process: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(Path::new(&format!("/proc/{process}/status"))).unwrap();
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    found
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

fn charged(answer: &Answer) -> f64 {
    let cost = &answer.body["extensions"]["cost"];
    cost.as_f64().unwrap_or_else(|| panic!("{}", answer.text))
}

#[tokio::test]
#[ignore = "a measurement"]
async fn operations_take_what_they_are_charged() {
    let world = World::on(Database::Postgres).await;
    let server = Server::start(&world.flags());
    let stage = Stage::set(&world, &server.address).await;
    let process = server.pid();
    for _ in 0..REFERRALS {
        stage.makes(Given::Referral).await;
    }
    let mut told = Vec::new();
    for row in rows() {
        let mut micros = Vec::new();
        let mut cost = 0.0;
        for _ in 0..TIMES {
            let object = stage.makes(row.given).await;
            // A page is asked for as large as it is: what is charged is known before.
            let mut document = row.document.to_owned();
            if document.contains(FULL) {
                let answer = stage
                    .asks(row.may, None, &document, &object.variables)
                    .await;
                let page = &answer.body["data"][row.operation()]["edges"];
                let entries = page.as_array().map_or(1, Vec::len).max(1);
                document = document.replace(FULL, &format!("first: {entries}"));
            }
            let before = used(process);
            let answer = stage
                .asks(row.may, None, &document, &object.variables)
                .await;
            micros.push(used(process) - before);
            cost = charged(&answer);
        }
        micros.sort_by(f64::total_cmp);
        let median = micros[micros.len() / 2];
        told.push((median / cost, row.label.to_owned(), cost, median));
    }
    for (label, document) in PAGES {
        if *label == "100 proofs" {
            every_event_has_its_place(&stage).await;
        }
        let mut micros = Vec::new();
        let mut cost = 0.0;
        for _ in 0..TIMES {
            let before = used(process);
            let answer = stage
                .asks(Party::Recipient, None, document, &json!({}))
                .await;
            micros.push(used(process) - before);
            cost = charged(&answer);
        }
        micros.sort_by(f64::total_cmp);
        let median = micros[micros.len() / 2];
        told.push((median / cost, (*label).to_owned(), cost, median));
    }
    told.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut table = String::new();
    for (ratio, label, cost, micros) in &told {
        writeln!(
            table,
            "{ratio:6.2} us a unit  {cost:8.0} units {micros:9.0} us  {label}"
        )
        .unwrap();
    }
    println!("{table}");
    let beyond = |(ratio, ..): &&(f64, String, f64, f64)| !(1.0 / 3.0..=3.0).contains(ratio);
    let beyond: Vec<_> = told.iter().filter(beyond).collect();
    assert!(beyond.is_empty(), "{beyond:?}");
}

/// Waits until the integrator has come to the newest hundred events, but for those of the waiting itself.
async fn every_event_has_its_place(stage: &Stage) {
    for _ in 0..100 {
        let document = "{ auditEvents(first: 100) { edges { node { index } } } }";
        let answer = stage
            .asks(Party::Recipient, None, document, &Value::Null)
            .await;
        let edges = answer.body["data"]["auditEvents"]["edges"].as_array();
        let waiting = edges
            .unwrap()
            .iter()
            .filter(|edge| edge["node"]["index"].is_null());
        if waiting.count() <= 3 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the events have no places");
}

/// What hangs many things on each entry.
const PAGES: &[(&str, &str)] = &[
    (
        "100 headers",
        "{ referrals(box: INBOX, first: 100) { edges { node { id status urgency needs sentAt allowedActions sender { name } } } } }",
    ),
    (
        "20 packages",
        "{ referrals(box: INBOX, first: 20) { edges { node { package(purpose: HOUSING_PLACEMENT) { needs { request } withheld { category reason } receipt { event } } } } } }",
    ),
    (
        "100 packages",
        "{ referrals(box: INBOX, first: 100) { edges { node { package(purpose: HOUSING_PLACEMENT) { needs { request } withheld { category reason } receipt { event } } } } } }",
    ),
    (
        "100 consents and MOUs",
        "{ referrals(box: INBOX, first: 100) { edges { node { consent { id status } mou { id status title } } } } }",
    ),
    (
        "100 events",
        "{ auditEvents(first: 100) { edges { node { id type recordedAt } } } }",
    ),
    (
        "100 proofs",
        "{ auditEvents(first: 100) { edges { node { id proof { hashes } } } } }",
    ),
    (
        "the schema",
        "{ __schema { types { name description fields { name description args { name type { name } } type { name } } inputFields { name } enumValues { name } } } }",
    ),
];

/// The dearest of ten thousand documents that are made up, and pages as full as they may be.
#[tokio::test]
#[ignore = "a measurement"]
async fn the_dearest_documents_are_bounded() {
    let world = World::on(Database::Postgres).await;
    let server = Server::start(&world.flags());
    let stage = Stage::set(&world, &server.address).await;
    for _ in 0..REFERRALS {
        stage.makes(Given::Referral).await;
    }
    let asked = json!({ "seed": 7, "count": 10_000, "written": [], "dear": true });
    let judged = node("validation.mjs", &asked.to_string());
    let judged: Vec<(String, Option<String>)> = serde_json::from_str(&judged).unwrap();
    let valid = judged.into_iter().filter(|(_, fault)| fault.is_none());
    let mut documents: Vec<(u64, String)> = valid
        .filter_map(|(document, _)| Some((crate::rate::cost_within(&document)?, document)))
        .collect();
    documents.sort();
    let dearest = documents
        .into_iter()
        .rev()
        .take(60)
        .map(|(_, document)| document);
    let full = PAGES.iter().filter_map(|(_, page)| {
        let page = page.trim_start_matches("{ ").strip_suffix(" }").unwrap();
        let many = |count: usize| {
            let pages: Vec<String> = (0..count).map(|n| format!("p{n}: {page}")).collect();
            format!("{{ {} }}", pages.join(" "))
        };
        (1..100)
            .rev()
            .map(many)
            .find(|document| crate::rate::cost_within(document).is_some())
    });
    let process = server.pid();
    let mut worst = (0.0_f64, 0);
    let mut slowest = String::new();
    for document in full.chain(dearest) {
        std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
        let resting = memory(process, "VmRSS:");
        let before = used(process);
        let answer = stage
            .asks(Party::Recipient, None, &document, &Value::Null)
            .await;
        let took = used(process) - before;
        let grew = memory(process, "VmHWM:").saturating_sub(resting);
        let start: String = document.chars().take(90).collect();
        let cost = answer.body["extensions"]["cost"].as_f64().unwrap_or(0.0);
        println!(
            "{took:9.0} us {grew:7} KiB {cost:8.0} units {:7} bytes  {start}",
            answer.text.len()
        );
        if took > worst.0 {
            slowest = document;
        }
        worst = (worst.0.max(took), worst.1.max(grew));
    }
    assert!(worst.0 <= LONGEST && worst.1 <= LARGEST, "{worst:?}");

    // Whoever asks for something small beside it, on every worker, waits no longer than one slice of it.
    let asking = async {
        let dear = (0..8).map(|_| stage.asks(Party::Recipient, None, &slowest, &Value::Null));
        futures_util::future::join_all(dear).await;
    };
    let mut waits = Vec::new();
    let health = format!("http://{}/healthz", server.address);
    let client = reqwest::Client::new();
    let looking = async {
        loop {
            let start = Instant::now();
            client.get(&health).send().await.unwrap();
            waits.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = asking => {}
        () = looking => {}
    }
    waits.sort();
    let longest = waits.last().unwrap();
    println!(
        "/healthz beside eight of it: median {:?}, longest {longest:?}",
        waits[waits.len() / 2]
    );
    assert!(*longest < Duration::from_millis(500), "{longest:?}");
}
