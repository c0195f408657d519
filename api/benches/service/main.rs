//! What the service costs, over HTTP and beside the bare statement on the same machine in the same run.
//!
//! `cargo bench -p concord` measures everything; `cargo bench -p concord -- --help` says how to narrow it.
// The schema's futures lie within each other: optimised, their layout goes deeper than the compiler's usual limit.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    missing_docs,
    reason = "a measurement fails by panicking"
)]

mod bare;
mod load;
#[allow(dead_code, reason = "the tests need more of it than the benchmark")]
#[path = "../../../tests/world/postgres.rs"]
mod postgres;
mod seed;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use concord::service::Service;
use concord::settings::{RawSettings, Settings};
use concord::store::Store;
use load::{Client, Measured, Work};
use seed::Recipient;
use serde_json::json;
use server::Server;

/// Measures the service over HTTP, beside the bare statement.
#[derive(Clone, Debug, Parser)]
struct Measure {
    /// What to measure; everything where nothing is named.
    #[arg(value_enum)]
    only: Vec<What>,
    /// On which database; both where none is named.
    #[arg(long, value_enum)]
    on: Option<On>,
    /// How many seconds each measurement lasts, after a second to warm up.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// How many referrals there are.
    #[arg(long, default_value_t = 20_000)]
    referrals: usize,
    /// How many connections ask at once.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Cargo says that this is a bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// The inbox's statement alone.
    Bare,
    /// A page of 50 headers.
    Inbox,
    /// A page of 20 packages.
    Packages,
    /// A change: accepting a referral.
    Accept,
    /// The decision alone.
    Decide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum On {
    Sqlite,
    Postgres,
}

const INBOX: &str = "query Inbox { referrals(box: INBOX, first: 50) { edges { node { id status statusReason needs \
    urgency sender { id name kind } recipient { id name } createdAt sentAt respondBy updatedAt allowedActions } } } }";
const PACKAGES: &str = "query Packages { referrals(box: INBOX, first: 20) { edges { node { id status \
    package(purpose: HOUSING_PLACEMENT) { contact { channels { channel } codeWord } language { primary } \
    needs { first request childcare } safety { plan threats } withheld { category reason } \
    receipt { event leafHash signature } } } } } }";
const ACCEPT: &str =
    "mutation Accept($id: ID!) { acceptReferral(id: $id) { id status allowedActions } }";

fn main() {
    let measure = Measure::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    println!(
        "{} connections, {} referrals, {} s a measurement, {} cores",
        measure.connections,
        measure.referrals,
        measure.seconds,
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    if measure.wants(What::Decide) {
        let nanos = bare::decision().as_nanos();
        println!("\ndecide, 15 categories of one package   {nanos} ns");
    }
    for on in [On::Sqlite, On::Postgres] {
        if measure.on.is_none_or(|only| only == on) {
            runtime.block_on(measure.database(on));
        }
    }
}

impl Measure {
    fn wants(&self, what: What) -> bool {
        self.only.is_empty() || self.only.contains(&what)
    }

    fn lasting(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    async fn database(&self, on: On) {
        let over_http = [What::Inbox, What::Packages, What::Accept];
        if !over_http.iter().any(|what| self.wants(*what)) && !self.wants(What::Bare) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let written = self.written(on, folder.path());
        let service = open(&written).await;
        let recipients = seed::seed(&service, self.referrals).await;
        let mut table = Table::headed(on);
        if self.wants(What::Bare) {
            self.bare(&service.store, &written, &recipients, &mut table)
                .await;
        }
        drop(service);
        let server = Server::start(folder.path(), &flags(&written));
        for what in over_http {
            if self.wants(what) {
                self.over_http(what, &server, &recipients, &mut table).await;
            }
        }
        println!(
            "peak memory of the server      {:>8.0} MiB",
            server.peak_memory()
        );
    }

    fn written(&self, on: On, folder: &Path) -> RawSettings {
        let key_file = folder.join("key");
        std::fs::write(&key_file, "0123456789abcdef".repeat(4)).unwrap();
        RawSettings {
            data: Some(folder.join("data")),
            key_file: Some(key_file),
            database_url: match on {
                On::Sqlite => None,
                On::Postgres => Some(postgres::Cluster::shared().fresh_database()),
            },
            connections: Some(u32::try_from(self.connections).unwrap()),
            ..RawSettings::default()
        }
    }

    async fn bare(
        &self,
        store: &Store,
        written: &RawSettings,
        recipients: &[Recipient],
        table: &mut Table,
    ) {
        let statements = self
            .by_turns(recipients)
            .map(|recipient| bare::page(store, recipient.agency, 50))
            .collect();
        let measured = bare::through_driver(store, statements, self.lasting()).await;
        table.row("bare statement, by the driver", &measured);
        table.bare = Some(measured.rate);
        let Some(url) = &written.database_url else {
            return;
        };
        let statement = bare::page(store, recipients[0].agency, 50);
        match bare::under_pgbench(url, &statement, self.connections, self.lasting()) {
            Some(rate) => {
                table.bare = Some(rate);
                table.rate("bare statement, under pgbench", rate);
            }
            None => println!("bare statement, under pgbench    (there is no pgbench)"),
        }
    }

    async fn over_http(
        &self,
        what: What,
        server: &Server,
        recipients: &[Recipient],
        table: &mut Table,
    ) {
        let asking = |recipient: &Recipient, query: &str| {
            load::request(server.address, &recipient.token, &json!({ "query": query }))
        };
        let page = match what {
            What::Inbox => Some(("inbox, 50 headers", INBOX, 50)),
            What::Packages => Some(("inbox, 20 packages", PACKAGES, 20)),
            What::Bare | What::Accept | What::Decide => None,
        };
        let (name, work): (_, Vec<Work>) = if let Some((name, query, entries)) = page {
            look(server, &asking(&recipients[0], query), entries).await;
            let work = self.by_turns(recipients);
            let work = work.map(|recipient| Work::Again(asking(recipient, query)));
            (name, work.collect())
        } else {
            ("acceptReferral", self.acceptances(server, recipients))
        };
        let measured = load::measure(server.address, work, self.lasting()).await;
        table.row(name, &measured);
    }

    /// The recipients by turns, one for each connection.
    fn by_turns<'r>(&self, recipients: &'r [Recipient]) -> impl Iterator<Item = &'r Recipient> {
        recipients.iter().cycle().take(self.connections)
    }

    /// Each connection accepts other referrals, the oldest first, so that the pages stay as they are.
    fn acceptances(&self, server: &Server, recipients: &[Recipient]) -> Vec<Work> {
        let turns = self.connections.div_ceil(recipients.len());
        self.by_turns(recipients)
            .enumerate()
            .map(|(place, recipient)| {
                let own = recipient.referrals.iter();
                let own = own.skip(place / recipients.len()).step_by(turns);
                let accept = own.map(|id| {
                    let body = json!({ "query": ACCEPT, "variables": { "id": id } });
                    load::request(server.address, &recipient.token, &body)
                });
                Work::Once(accept.collect())
            })
            .collect()
    }
}

/// Shows that an answer is what is to be measured.
async fn look(server: &Server, request: &[u8], entries: usize) {
    let mut client = Client::connect(server.address).await;
    let answer: serde_json::Value = serde_json::from_slice(client.ask(request).await).unwrap();
    let edges = answer["data"]["referrals"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), entries, "a whole page");
    if let Some(package) = edges[0]["node"].get("package") {
        assert!(package["needs"]["request"].is_string(), "{package}");
    }
}

async fn open(written: &RawSettings) -> Service {
    let settings = Settings::read(None, written).unwrap();
    let store = Store::connect(&settings).await.unwrap();
    store.migrate().await.unwrap();
    drop(store);
    Service::open(settings).await.unwrap()
}

/// The flags and settings that the server gets: all that is its own is left as an operator would have it.
fn flags(written: &RawSettings) -> Vec<String> {
    let path = |path: &Option<PathBuf>| path.as_ref().unwrap().display().to_string();
    let mut flags = vec![
        "--data".to_owned(),
        path(&written.data),
        "--key-file".to_owned(),
        path(&written.key_file),
    ];
    if let Some(url) = &written.database_url {
        flags.extend(["--database-url".to_owned(), url.clone()]);
    }
    flags
}

/// The table that is printed, row by row.
struct Table {
    bare: Option<f64>,
}

impl Table {
    fn headed(on: On) -> Self {
        println!(
            "\n{:<30} {:>8}   {:>8}   {:>8}   {:>7}",
            format!("{on:?}"),
            "a second",
            "p50 ms",
            "p99 ms",
            "of bare"
        );
        Self { bare: None }
    }

    fn row(&self, name: &str, measured: &Measured) {
        let millis = |quantile| measured.micros.value_at_quantile(quantile) as f64 / 1000.0;
        println!(
            "{name:<30} {:>8.0}   {:>8.2}   {:>8.2}   {:>7}",
            measured.rate,
            millis(0.5),
            millis(0.99),
            self.of_bare(measured.rate)
        );
    }

    fn rate(&self, name: &str, rate: f64) {
        println!(
            "{name:<30} {rate:>8.0}   {:>8}   {:>8}   {:>7}",
            "",
            "",
            self.of_bare(rate)
        );
    }

    fn of_bare(&self, rate: f64) -> String {
        self.bare
            .map_or_else(String::new, |bare| format!("{:.0} %", rate / bare * 100.0))
    }
}
