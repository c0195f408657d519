//! What the service costs, over HTTP and beside the bare statement on the same machine in the same run.
//!
//! `cargo bench -p concord` measures everything; `cargo bench -p concord -- --help` says how to narrow it.
//!
//! `cargo bench -p concord -- --cpu` measures only the processor time a request, of the server and of the database, for
//! the inbox, packages and accepting: how two builds are compared, as it hardly depends on what else the machine does.
//! A name narrows it: `--cpu inbox`. It lasts about a minute for each database.
//!
//! `cargo bench -p concord -- --register` measures a coordinator's register of 200 agencies and 2,000 MOUs.
//!
//! `cargo bench -p concord -- --events 10000000` measures lists and the verification of an audit log of so many events.
// The schema's futures lie within each other: optimised, their layout goes deeper than the compiler's usual limit.
#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement fails by panicking"
)]

mod bare;
mod cpu;
mod events;
mod load;
#[expect(dead_code, reason = "the tests need more of it than the benchmark")]
#[path = "../../../tests/world/postgres.rs"]
mod postgres;
mod register;
mod seed;
mod server;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bare::Extent;
use clap::{Parser, ValueEnum};
use concord::service::Service;
use concord::settings::{RawSettings, SessionKind, Settings};
use concord::store::Store;
use cpu::{Meter, Program};
use load::{Client, Crowd, Measured, Work};
use seed::Recipient;
use serde_json::json;
use server::Server;

/// Measures the service over HTTP, beside the bare statement.
#[derive(Clone, Debug, Parser)]
struct Measure {
    /// What to measure; everything where nothing is named.
    #[arg(value_enum)]
    only: Vec<What>,
    /// Measure processor time a request, and nothing else.
    #[arg(long)]
    cpu: bool,
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
    /// Measure lists and the verification of an audit log of so many events, on PostgreSQL, and nothing else.
    #[arg(long)]
    events: Option<usize>,
    /// Measure a coordinator's register, on PostgreSQL, and nothing else.
    #[arg(long)]
    register: bool,
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

impl What {
    /// Its row's name.
    fn title(self) -> &'static str {
        match self {
            Self::Bare => "bare statement",
            Self::Inbox => "inbox, 50 headers",
            Self::Packages => "inbox, 20 packages",
            Self::Accept => "acceptReferral",
            Self::Decide => "decide",
        }
    }

    /// How many requests a measurement of processor time counts at a time: some seconds' worth, and of acceptances, of
    /// which each uses up a referral, no more than there are.
    fn requests_a_round(self) -> usize {
        match self {
            Self::Bare => 16_000,
            Self::Inbox => 4_800,
            Self::Packages | Self::Accept | Self::Decide => 2_400,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum On {
    Sqlite,
    Postgres,
}

/// What is asked over HTTP.
const OVER_HTTP: [What; 3] = [What::Inbox, What::Packages, What::Accept];

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
    if let Some(events) = measure.events {
        runtime.block_on(measure.audit_log(events));
        return;
    }
    if measure.register {
        runtime.block_on(measure.register());
        return;
    }
    if measure.rates() && measure.wants(What::Decide) {
        let nanos = bare::decision().as_nanos();
        println!("\ndecide, 15 categories of one package   {nanos} ns");
    }
    for on in [On::Sqlite, On::Postgres] {
        if measure.on.is_none_or(|only| only == on) {
            if measure.rates() {
                runtime.block_on(measure.database(on));
            }
            if measure.processor_time() {
                runtime.block_on(measure.processor_time_on(on));
            }
        }
    }
}

impl Measure {
    fn wants(&self, what: What) -> bool {
        self.only.is_empty() || self.only.contains(&what)
    }

    fn rates(&self) -> bool {
        !self.cpu
    }

    fn processor_time(&self) -> bool {
        self.cpu || self.only.is_empty()
    }

    fn lasting(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    async fn database(&self, on: On) {
        if !OVER_HTTP.iter().any(|what| self.wants(*what)) && !self.wants(What::Bare) {
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
        for what in OVER_HTTP {
            if self.wants(what) {
                self.over_http(what, &server, &recipients, &mut table).await;
            }
        }
        println!(
            "peak memory of the server      {:>8.0} MiB",
            server.peak_memory()
        );
    }

    async fn audit_log(&self, events: usize) {
        let folder = tempfile::tempdir().unwrap();
        let written = self.written(On::Postgres, folder.path());
        let service = open(&written).await;
        let url = written.database_url.clone().unwrap();
        events::measure(&service, &url, &flags(&written), events).await;
    }

    async fn register(&self) {
        let folder = tempfile::tempdir().unwrap();
        let written = self.written(On::Postgres, folder.path());
        let url = written.database_url.clone().unwrap();
        let measured = register::Measured {
            service: open(&written).await,
            url: &url,
            postmaster: postmaster(&url),
            connections: self.connections,
        };
        let start = || Server::start(folder.path(), &flags(&written));
        register::measure(measured, start).await;
    }

    fn written(&self, on: On, folder: &Path) -> RawSettings {
        let key_file = folder.join("key");
        std::fs::write(&key_file, "0123456789abcdef".repeat(4)).unwrap();
        // A key that others can read is refused.
        std::fs::set_permissions(&key_file, Permissions::from_mode(0o600)).unwrap();
        RawSettings {
            data: Some(folder.join("data")),
            key_file: Some(key_file),
            database_url: match on {
                On::Sqlite => None,
                On::Postgres => Some(postgres::Cluster::shared().fresh_database()),
            },
            state: Some(folder.join("state")),
            keyring_beside_data: (on == On::Postgres).then_some(true),
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
        let extent = Extent::Lasting(self.lasting());
        match bare::under_pgbench(url, &statement, self.connections, extent) {
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
        let work = self.work(what, server, recipients).await;
        let measured = load::measure(server.address, work, self.lasting()).await;
        table.row(what.title(), &measured);
    }

    /// Prints the processor time of a request, on stores of its own: accepting uses referrals up.
    async fn processor_time_on(&self, on: On) {
        let folder = tempfile::tempdir().unwrap();
        let written = self.written(on, folder.path());
        let service = open(&written).await;
        let recipients = seed::seed(&service, self.referrals).await;
        let postmaster = written.database_url.as_deref().map(postmaster);
        let mut table = cpu::Table::headed(&format!("{on:?}, processor time"));
        let url = written.database_url.as_deref();
        self.bare_processor_time(&service.store, url, postmaster, &recipients, &mut table)
            .await;
        drop(service);
        let server = Server::start(folder.path(), &flags(&written));
        let meter = Meter {
            program: Program::Process(server.id()),
            postmaster,
        };
        for what in OVER_HTTP.into_iter().filter(|what| self.wants(*what)) {
            let work = self.work(what, &server, &recipients).await;
            let mut crowd = Crowd::connect(server.address, work).await;
            let requests = what.requests_a_round();
            let rounds = cpu::rounds(meter, async || crowd.send(requests).await).await;
            table.row(what.title(), &rounds, what == What::Inbox);
        }
    }

    async fn bare_processor_time(
        &self,
        store: &Store,
        url: Option<&str>,
        postmaster: Option<u32>,
        recipients: &[Recipient],
        table: &mut cpu::Table,
    ) {
        let each = What::Bare.requests_a_round() / self.connections;
        let statements: Vec<_> = self
            .by_turns(recipients)
            .map(|recipient| bare::page(store, recipient.agency, 50))
            .collect();
        let meter = |program| Meter {
            program,
            postmaster,
        };
        let rounds = cpu::rounds(meter(Program::Own), async || {
            bare::so_often(store, &statements, each).await
        });
        table.bare("bare statement, by the driver", &rounds.await);
        if let (Some(url), Some(_)) = (url, bare::pgbench()) {
            let rounds = cpu::rounds(meter(Program::Waited), async || {
                let extent = Extent::Each(each);
                bare::under_pgbench(url, &statements[0], self.connections, extent).unwrap();
                each * self.connections
            });
            table.bare("bare statement, under pgbench", &rounds.await);
        }
    }

    /// What each connection asks, after a look at the answer.
    async fn work(&self, what: What, server: &Server, recipients: &[Recipient]) -> Vec<Work> {
        let asking = |recipient: &Recipient, query: &str| {
            load::request(server.address, &recipient.token, &json!({ "query": query }))
        };
        let (query, entries) = match what {
            What::Inbox => (INBOX, 50),
            What::Packages => (PACKAGES, 20),
            What::Bare | What::Accept | What::Decide => {
                return self.acceptances(server, recipients);
            }
        };
        look(server, &asking(&recipients[0], query), entries).await;
        self.by_turns(recipients)
            .map(|recipient| Work::Again(asking(recipient, query)))
            .collect()
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

/// The first process of the server of this database.
fn postmaster(url: &str) -> u32 {
    let data = postgres::Cluster::shared().psql(url, "SHOW data_directory");
    cpu::postmaster(Path::new(&data))
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
    // A store is filled in transactions that take as long as they take.
    let settings = Settings {
        sessions: SessionKind::LongCommand("bench"),
        ..Settings::read(None, written).unwrap()
    };
    drop(Store::migrate_up(&settings).await.unwrap());
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
        "--state".to_owned(),
        path(&written.state),
    ];
    if let Some(url) = &written.database_url {
        flags.extend(["--database-url".to_owned(), url.clone()]);
        flags.push("--keyring-beside-data".to_owned());
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
