//! What the service is held against: the page's statement alone, and the decision alone.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use concord::referral::find::Find;
use concord::referral::input::ReferralFilter;
use concord::referral::listing::{Listing, ReferralBox as Side};
use concord::referral::read::{self, Depth, Header};
use concord::sharing::decide::{ConsentFacts, Facts, MouFacts, Party};
use concord::sharing::{self, Question};
use concord::store::Store;
use concord::store::page::PageRequest;
use concord_entities::consent::ConsentDates;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, MouId};
use concord_entities::mou::MouDates;
use concord_entities::vocabulary::{
    AgencyStatus, Categories, Code, DataCategory, Purpose, Purposes, ReferralStatus,
};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::load::{Measured, Stopwatch};

/// The statement that the service sends for the first page of an inbox.
pub fn page(store: &Store, agency: AgencyId, size: i32) -> Statement {
    let filter = ReferralFilter::default();
    let listing = Listing::of(Side::Inbox, None, filter.read().unwrap()).unwrap();
    let list = Find {
        listing: &listing,
        agency,
        backend: store.backend,
    };
    let wanted = PageRequest::parse(Some(size), None, None, None).unwrap();
    let select = read::page_statement(&list, wanted, &Depth::default());
    store.backend.build(&select)
}

/// The statements, each on a connection of its own and its rows decoded, through the driver that the service uses.
pub async fn through_driver(
    store: &Store,
    statements: Vec<Statement>,
    lasting: Duration,
) -> Measured {
    let started = Instant::now();
    let tasks: Vec<_> = statements
        .into_iter()
        .map(|statement| {
            let database = store.read.clone();
            let mut watch = Stopwatch::start(started, lasting);
            tokio::spawn(async move {
                while watch.runs() {
                    let began = Instant::now();
                    let rows = database.query_all_raw(statement.clone()).await.unwrap();
                    for row in &rows {
                        black_box(Header::from_query_result(row, "").unwrap());
                    }
                    watch.lap(began);
                }
                watch
            })
        })
        .collect();
    let mut parts = Vec::new();
    for task in tasks {
        parts.push(task.await.unwrap());
    }
    Stopwatch::sum(parts, lasting)
}

/// Sends the statements, each on a connection of its own and so many times, and decodes their rows. Returns how many
/// were sent in all.
pub async fn so_often(store: &Store, statements: &[Statement], each: usize) -> usize {
    let tasks: Vec<_> = statements
        .iter()
        .cloned()
        .map(|statement| {
            let database = store.read.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    let rows = database.query_all_raw(statement.clone()).await.unwrap();
                    for row in &rows {
                        black_box(Header::from_query_result(row, "").unwrap());
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    each * statements.len()
}

/// How long pgbench goes on.
#[derive(Clone, Copy)]
pub enum Extent {
    /// So long.
    Lasting(Duration),
    /// So often on each connection.
    Each(usize),
}

/// The statement under pgbench, prepared: how many a second; none where there is no pgbench.
pub fn under_pgbench(
    url: &str,
    statement: &Statement,
    connections: usize,
    extent: Extent,
) -> Option<f64> {
    let (flag, number) = match extent {
        Extent::Lasting(time) => ("-T", time.as_secs().max(1).to_string()),
        Extent::Each(times) => ("-t", times.to_string()),
    };
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), format!("{statement};\n")).unwrap();
    let output = Command::new(pgbench()?)
        .args(["-n", "-M", "prepared", "-j", "2"])
        .args(["-c", &connections.to_string()])
        .args([flag, &number])
        .arg("-f")
        .arg(script.path())
        .arg(url)
        .env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("tps = "))?;
    line.split_whitespace().nth(2)?.parse().ok()
}

/// Where pgbench is, if it is installed.
pub fn pgbench() -> Option<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let packaged = packaged
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    packaged
        .chain(on_path)
        .map(|folder| folder.join("pgbench"))
        .find(|program| program.is_file())
}

/// How long the decision on all categories of one package takes.
pub fn decision() -> Duration {
    const ROUNDS: u32 = 200_000;
    let now = concord::clock::now();
    let facts = facts(now);
    let began = Instant::now();
    for _ in 0..ROUNDS {
        for category in DataCategory::ALL {
            let question = Question {
                reader: facts.recipient.agency,
                category: *category,
                purpose: Purpose::HousingPlacement,
                ceiling: Categories::all(),
            };
            black_box(sharing::decide(
                black_box(&question),
                black_box(&facts),
                now,
            ));
        }
    }
    began.elapsed() / ROUNDS
}

fn facts(now: concord_entities::instant::Instant) -> Facts {
    let party = || Party {
        agency: AgencyId::new(),
        status: AgencyStatus::Active,
    };
    let (sender, recipient) = (party(), party());
    let day = Duration::from_hours(24);
    Facts {
        sender,
        recipient,
        parted: false,
        status: ReferralStatus::Accepted,
        answerable_until: Some(now.plus(day)),
        halted: false,
        consent: Some(ConsentFacts {
            id: ConsentId::new(),
            version: 1,
            discloser: sender.agency,
            recipient: recipient.agency,
            grants: Grants::product(Categories::all(), Purposes::all()),
            dates: ConsentDates {
                effective_at: now.minus(day),
                expires_at: now.plus(day),
                signed_at: Some(now.minus(day)),
                revoked_at: None,
                void_at: None,
                suspends_at: None,
            },
        }),
        mou: Some(MouFacts {
            id: MouId::new(),
            version: 1,
            binds_both: true,
            grants: Grants::product(Categories::all(), Purposes::all()),
            dates: MouDates {
                begins_at: now.day().plus_days(-1).start(),
                ends_at: now.day().plus_days(1).end(),
                signed_at: Some(now.minus(day)),
                halted_at: None,
            },
        }),
    }
}
