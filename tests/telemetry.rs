//! What an operator watches: metrics over a socket of their own, with nobody in them, and a log that tells when it is late.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use concord::telemetry::METRICS;
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::postgres::Cluster;
use crate::world::{Database, Server, World, on_both};

const ASKED: (&str, &str) = ("CONCORD_METRICS_LISTEN", "127.0.0.1:0");

/// Where a server shows its metrics, as its log says.
fn metrics_of(server: &Server) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        let logged = server.logged();
        let lines = logged
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut shown = lines.filter(|line| line["fields"]["message"] == "metrics");
        if let Some(line) = shown.next() {
            return line["fields"]["address"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the metrics are not shown: {}", server.logged());
}

/// What was read, as Prometheus reads it: each value by its name and labels, and the kind of each name.
#[derive(Debug, Default)]
struct Scrape {
    values: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
    text: String,
}

impl Scrape {
    async fn of(address: &str) -> Self {
        let answer = reqwest::get(format!("http://{address}/metrics"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        let mut scrape = Self {
            text: answer.text().await.unwrap(),
            ..Self::default()
        };
        for line in scrape.text.lines().filter(|line| !line.is_empty()) {
            if let Some(said) = line.strip_prefix("# TYPE ") {
                let (name, kind) = said.split_once(' ').unwrap();
                scrape.kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with("# HELP ") {
                let (name, value) = line.rsplit_once(' ').unwrap();
                scrape
                    .values
                    .insert(name.to_owned(), value.parse().unwrap());
            }
        }
        scrape
    }

    fn value(&self, name: &str) -> f64 {
        self.values.get(name).copied().unwrap_or(0.0)
    }
}

on_both!(a_scrape_has_the_documented_metrics_that_change_with_what_happens_and_name_nobody);
async fn a_scrape_has_the_documented_metrics_that_change_with_what_happens_and_name_nobody(
    world: World,
) {
    let server = Server::start_under(&world.flags(), &[ASKED]);
    let metrics = metrics_of(&server);
    let (north, south) = world.agencies("Quorndon", "Zyxabel").await;
    let (north, south) = (north.at(&server.address), south.at(&server.address));
    let before = Scrape::of(&metrics).await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    assert!(south.reads(&told).await.contains("Ada"));
    let nobodys = "query { consent(id: \"consent_01h2xcejqtf2nbrexx3vqjhp41\") { id } }";
    assert_eq!(
        south.asks(nobodys, Value::Null).await.data()["consent"],
        Value::Null
    );
    south.asks("{ viewer { nothing } }", json!({})).await;
    north.revokes_consent(&told).await.data();

    // How far the log is, is looked at every second.
    let deadline = Instant::now() + Duration::from_secs(30);
    let after = loop {
        let after = Scrape::of(&metrics).await;
        if after.value("concord_checkpoint_events") > 10.0 || Instant::now() > deadline {
            break after;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let grown = |name: &str| after.value(name) - before.value(name);
    assert!(
        grown("concord_requests_total{outcome=\"answered\"}") >= 6.0,
        "{}",
        after.text
    );
    assert!(grown("concord_requests_total{outcome=\"refused\"}") >= 1.0);
    let same = |one: f64, other: f64| (one - other).abs() < 0.5;
    assert!(same(
        grown("concord_refusals_total{code=\"BAD_USER_INPUT\"}"),
        1.0
    ));
    assert!(grown("concord_releases_total") >= 1.0);
    assert!(grown("concord_events_recorded_total") >= 1.0);
    assert!(grown("concord_ledger_batch_events_count") >= 1.0);
    assert!(same(
        after.value("concord_ledger_batch_events_sum"),
        after.value("concord_events_recorded_total")
    ));
    let waits = |lock: &str| {
        grown(&format!(
            "concord_sharing_lock_wait_seconds_count{{lock=\"{lock}\"}}"
        ))
    };
    assert!(
        waits("shared") >= 4.0 && waits("exclusive") >= 1.0,
        "{}",
        after.text
    );
    assert!(
        after.value("concord_checkpoint_events") > 10.0,
        "{}",
        after.text
    );
    assert!(same(after.value("concord_keys_due"), 0.0));
    assert!(after.value("concord_integration_delay_seconds") < 5.0);

    // What is shown is documented, what is documented is shown, and each is what it is said to be.
    let shown: BTreeMap<&str, &str> = after
        .kinds
        .iter()
        .map(|(name, kind)| (name.as_str(), kind.as_str()))
        .collect();
    let documented: BTreeMap<&str, &str> = METRICS.iter().map(|one| (one.name, one.kind)).collect();
    assert_eq!(shown, documented);
    for metric in METRICS {
        let help = format!("# HELP {} {}", metric.name, metric.help);
        assert!(after.text.contains(&help), "{help}: {}", after.text);
    }
    // A label is a code of ours, and a code has capitals or is one of a few words.
    let words = BTreeSet::from([
        "answered",
        "refused",
        "failed",
        "shared",
        "exclusive",
        "+Inf",
    ]);
    for name in after.values.keys() {
        for value in name.split('"').skip(1).step_by(2) {
            let is_code = value
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter == '_');
            let is_number = value.parse::<f64>().is_ok();
            assert!(words.contains(value) || is_code || is_number, "{name}");
        }
    }
    for secret in [
        "Quorndon",
        "Zyxabel",
        "Ada",
        "agency_",
        "referral_",
        "somebody",
        "sendReferral",
    ] {
        assert!(!after.text.contains(secret), "{secret}");
    }

    let get = async |address: &str, path: &str| {
        let answer = reqwest::get(format!("http://{address}{path}"))
            .await
            .unwrap();
        answer.status().as_u16()
    };
    for path in ["/", "/graphql", "/healthz", "/metrics/"] {
        assert_eq!(get(&metrics, path).await, 404, "{path}");
    }
    assert_eq!(get(&server.address, "/metrics").await, 404);
    let post = reqwest::Client::new().post(format!("http://{metrics}/metrics"));
    assert_eq!(post.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_service_that_cannot_be_watched_as_it_was_told_does_not_start() {
    let world = World::on(Database::Sqlite).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let starts = |listen: &str| {
        let started = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(world.flags())
            .env("CONCORD_METRICS_LISTEN", listen)
            .output()
            .unwrap();
        assert!(!started.status.success());
        String::from_utf8(started.stderr).unwrap()
    };
    let said = starts(&address);
    assert!(said.contains("metrics_listen: cannot listen on"), "{said}");
    let said = starts("here");
    assert!(
        said.contains("metrics_listen: `here` is not ADDRESS:PORT"),
        "{said}"
    );
}

#[tokio::test]
async fn a_log_that_is_late_is_told_once_and_once_more_when_it_is_not() {
    let world = World::on(Database::Postgres).await;
    let server = Server::start_under(&world.flags(), &[ASKED]);
    let metrics = metrics_of(&server);
    let url = world.url().to_owned();
    // Nobody integrates while somebody has the integrators' lock.
    let holding = std::thread::spawn(move || {
        let hold = "SELECT 'integrators' FROM (SELECT pg_advisory_lock(12602382)) AS held; SELECT pg_sleep(120)";
        Cluster::shared().psql(&url, hold)
    });
    let held = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' AND wait_event = 'PgSleep' \
         AND datname = current_database()";
    let deadline = Instant::now() + Duration::from_secs(10);
    while world.tampers(held) == "0" {
        assert!(Instant::now() < deadline, "nobody holds the lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let until = async |what: &str, is_so: &dyn Fn(&str) -> bool| {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !is_so(&server.logged()) {
            assert!(Instant::now() < deadline, "{what}: {}", server.logged());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let north = world.agency("north").await.at(&server.address);
    north.lists("auditEvents", "id").await;
    let late = "wait for more than 5 seconds for their place in the log";
    until("it is not told", &|log| log.contains(late)).await;
    let scrape = Scrape::of(&metrics).await;
    assert!(scrape.value("concord_integration_waiting_events") >= 1.0);
    assert!(scrape.value("concord_integration_delay_seconds") > 5.0);
    world.tampers(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)' \
         AND datname = current_database() AND pid <> pg_backend_pid()",
    );
    let in_time = "have their place in the log in time again";
    until("that it is over is not told", &|log| log.contains(in_time)).await;
    assert_eq!(server.logged().matches(late).count(), 1);
    drop(holding.join());
}
