//! Processor time a request, of the server's process and of the database's.
//!
//! Unlike a rate it hardly depends on what else the machine does, so two builds can be compared by it. The kernel counts
//! it in hundredths of a second: a round is long enough for that to be less than a percent. Each row is the median of
//! [`ROUNDS`] rounds of a fixed number of requests after one that warms up; "spread" is how far apart the rounds are.
//!
//! `SQLite` works within the server's process, so it has no column of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many rounds are measured.
const ROUNDS: usize = 5;
/// No further round is begun after this, and none may last longer.
const LONGEST: Duration = Duration::from_mins(1);
/// The kernel's unit in /proc, the same on every architecture that Linux runs servers on.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time that was used, in seconds.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// By the process that asks the database: the server, pgbench, or this program.
    program: f64,
    /// By the database's processes, if it has any of its own.
    database: f64,
}

impl Used {
    fn together(self) -> f64 {
        self.program + self.database
    }

    fn minus(self, earlier: Self) -> Self {
        Self {
            program: self.program - earlier.program,
            database: self.database - earlier.database,
        }
    }

    /// In microseconds for each of so many requests.
    fn micros_of_each(self, requests: usize) -> Self {
        let each = 1e6 / requests as f64;
        Self {
            program: self.program * each,
            database: self.database * each,
        }
    }
}

/// Whose processor time is read.
#[derive(Clone, Copy)]
pub struct Meter {
    /// The process that asks the database.
    pub program: Program,
    /// The `PostgreSQL` server's first process, if there is one.
    pub postmaster: Option<u32>,
}

/// The process that asks the database.
#[derive(Clone, Copy)]
pub enum Program {
    /// The one with this id.
    Process(u32),
    /// This one.
    Own,
    /// All that this one has started and waited for.
    Waited,
}

impl Meter {
    /// Reads the processor time that has been used up to now.
    pub fn read(&self) -> Used {
        let program = match self.program {
            Program::Process(id) => Times::of(&process(id)).unwrap().own,
            Program::Own => Times::of(Path::new("/proc/self/stat")).unwrap().own,
            Program::Waited => Times::of(Path::new("/proc/self/stat")).unwrap().waited,
        };
        let database = self.postmaster.map_or(0.0, cluster);
        Used { program, database }
    }
}

/// The id of the first process of the cluster whose data are in this folder.
pub fn postmaster(data: &Path) -> u32 {
    let file = std::fs::read_to_string(data.join("postmaster.pid")).unwrap();
    file.lines().next().unwrap().trim().parse().unwrap()
}

/// What all processes of a cluster have used, those that have ended as well.
fn cluster(postmaster: u32) -> f64 {
    let first = process(postmaster);
    loop {
        let before = Times::of(&first).unwrap();
        let children: f64 = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| Times::of(&entry.ok()?.path().join("stat")))
            .filter(|times| times.parent == postmaster)
            .map(|times| times.own)
            .sum();
        let after = Times::of(&first).unwrap();
        // One that ended in between may have been counted twice or not at all.
        if before.waited.total_cmp(&after.waited).is_eq() {
            return after.own + after.waited + children;
        }
    }
}

fn process(id: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{id}/stat"))
}

/// What `/proc/PID/stat` says of a process, in seconds.
struct Times {
    parent: u32,
    own: f64,
    waited: f64,
}

impl Times {
    /// Returns `None` if there is no such process (any more).
    fn of(stat: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(stat).ok()?;
        // The name stands in parentheses and may hold anything, so count from its end: the state is the third field.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3);
        let seconds = |number: usize| -> Option<f64> {
            let ticks: u32 = field(number)?.parse().ok()?;
            Some(f64::from(ticks) / TICKS_PER_SECOND)
        };
        Some(Self {
            parent: field(4)?.parse().ok()?,
            own: seconds(14)? + seconds(15)?,
            waited: seconds(16)? + seconds(17)?,
        })
    }
}

/// Sends rounds, of as many requests as `send` returns, and returns what a request used in each round.
pub async fn rounds(meter: Meter, mut send: impl AsyncFnMut() -> usize) -> Vec<Used> {
    let began = Instant::now();
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let before = meter.read();
        let answered = tokio::time::timeout(LONGEST, send()).await;
        let requests = answered.expect("a round that ends in time");
        // The first warms up.
        if round > 0 {
            rounds.push(meter.read().minus(before).micros_of_each(requests));
        }
        if began.elapsed() > LONGEST && !rounds.is_empty() {
            break;
        }
    }
    rounds
}

/// The table that is printed, row by row.
pub struct Table {
    /// What the bare statement uses.
    bare: Option<f64>,
}

impl Table {
    /// Prints the heading.
    pub fn headed(title: &str) -> Self {
        println!(
            "\n{title:<30} {:>9}   {:>9}   {:>9}   {:>7}   {:>6}",
            "server us", "database", "together", "of bare", "spread"
        );
        Self { bare: None }
    }

    /// Prints what the bare statement uses. What follows is held against the last of these.
    pub fn bare(&mut self, name: &str, rounds: &[Used]) {
        self.bare = Some(middle(rounds, Used::together));
        self.row(name, rounds, true);
    }

    /// Prints a row, with its ratio to the bare statement where it makes sense.
    pub fn row(&self, name: &str, rounds: &[Used], beside_bare: bool) {
        let together = middle(rounds, Used::together);
        let ratio = self
            .bare
            .filter(|_| beside_bare)
            .map(|bare| together / bare);
        let of_bare = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} x"));
        println!(
            "{name:<30} {:>9.0}   {:>9.0}   {together:>9.0}   {of_bare:>7}   {:>4.0} %",
            middle(rounds, |used| used.program),
            middle(rounds, |used| used.database),
            spread(rounds, together)
        );
    }
}

fn middle(rounds: &[Used], part: impl Fn(Used) -> f64) -> f64 {
    let mut parts: Vec<f64> = rounds.iter().map(|used| part(*used)).collect();
    parts.sort_by(f64::total_cmp);
    parts[parts.len() / 2]
}

/// How far the rounds are apart, in percent of the middle one.
fn spread(rounds: &[Used], middle: f64) -> f64 {
    let parts = rounds.iter().copied().map(Used::together);
    let (least, most) = parts.fold((f64::MAX, f64::MIN), |(least, most), part| {
        (least.min(part), most.max(part))
    });
    (most - least) / middle * 100.0
}
