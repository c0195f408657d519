//! A throwaway PostgreSQL cluster, started from the installed binaries.
//!
//! One cluster serves all the tests of one process, so run them with plain `cargo test`: a runner that gives every test
//! a process of its own (cargo-nextest does) would start a cluster for each.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use nix::unistd::{Uid, User};
use tempfile::TempDir;

/// How many free-looking ports may turn out to be taken before the start is given up.
const PORTS_TO_TRY: u32 = 8;

/// How many of the log's last lines a failure shows.
const LOG_TAIL: usize = 40;

/// The database's superuser, named in every URL.
const SUPERUSER: &str = "concord";

/// A running PostgreSQL, durable as in earnest (`fsync` and `synchronous_commit` are on), which trusts whoever
/// reaches it over loopback and ends with the process that started it, however that process ends.
pub struct Cluster {
    programs: PathBuf,
    port: u16,
    databases: AtomicU64,
    /// The pipe whose closing ends the cluster.
    _lifeline: ChildStdin,
}

impl Cluster {
    /// The cluster of this test process, started by the first who asks.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start, with what to do or the end of its log. The start is tried
    /// once: every later test fails at once with the same text.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        match SHARED.get_or_init(Self::start) {
            Ok(cluster) => cluster,
            Err(why) => panic!("no PostgreSQL for the tests: {why}"),
        }
    }

    /// A cluster of one test's own, whose settings may be changed.
    pub fn of_its_own() -> Self {
        Self::start().unwrap_or_else(|why| panic!("no PostgreSQL for the test: {why}"))
    }

    /// The URL of a new, empty database that nobody else uses. It needs no dropping: it goes with the cluster.
    pub fn fresh_database(&self) -> String {
        let name = format!("db_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        // template0, because creating from template1 fails while anyone is connected to it.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        self.psql(&self.url("postgres"), &create);
        self.url(&name)
    }

    /// Runs `sql` (one statement, or several as one transaction) in the database at `url` and returns its rows: a
    /// line each, columns separated by `|`, without headings.
    ///
    /// # Panics
    /// When the database refuses, with its message.
    pub fn psql(&self, url: &str, sql: &str) -> String {
        let mut psql = quiet(&self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--set=ON_ERROR_STOP=1", "--dbname", url, "--command", sql])
            .stdin(Stdio::null());
        let output = psql.output().expect("psql starts");
        assert!(
            output.status.success(),
            "psql refused `{sql}`: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let rows = String::from_utf8(output.stdout).expect("psql answers in UTF-8");
        rows.trim_end().to_owned()
    }

    /// Everything in the database at `url`, as `pg_dump` writes it.
    ///
    /// # Panics
    /// When the database refuses, with its message.
    pub fn dump(&self, url: &str) -> String {
        let mut dump = quiet(&self.programs.join("pg_dump"));
        let output = dump
            .args(["--dbname", url])
            .stdin(Stdio::null())
            .output()
            .expect("pg_dump starts");
        assert!(
            output.status.success(),
            "pg_dump: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("pg_dump writes UTF-8")
    }

    /// Runs the statements of a plain dump in the database at `url`.
    ///
    /// # Panics
    /// When the database refuses one, with its message.
    pub fn restore(&self, url: &str, dump: &Path) {
        let mut psql = quiet(&self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--single-transaction"])
            .args(["--set=ON_ERROR_STOP=1", "--dbname", url, "--file"])
            .arg(dump)
            .stdin(Stdio::null());
        let output = psql.output().expect("psql starts");
        assert!(
            output.status.success(),
            "psql refused {}: {}",
            dump.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// A copy of the whole cluster, every database of it, as it is now.
    ///
    /// # Panics
    /// When PostgreSQL refuses, with its message.
    pub fn base_backup(&self) -> BaseBackup {
        self.copied(&[])
    }

    /// A cluster that follows this one: read-only, until it is promoted.
    ///
    /// # Panics
    /// When PostgreSQL refuses, with its message.
    pub fn standby_of(&self) -> Self {
        Self::start_from(self.copied(&["--write-recovery-conf"]))
    }

    /// A cluster that goes on from a copy.
    ///
    /// # Panics
    /// When PostgreSQL does not start, with the end of its log.
    pub fn start_from(copy: BaseBackup) -> Self {
        let started = Self::start_in(copy.folder);
        started.unwrap_or_else(|why| panic!("no PostgreSQL from the copy: {why}"))
    }

    /// Has a standby be a primary, on a timeline of its own.
    ///
    /// # Panics
    /// When it is not within a minute.
    pub fn promote(&self) {
        let promoted = self.psql(&self.url("postgres"), "SELECT pg_promote(true, 60)");
        assert_eq!(promoted, "t");
    }

    fn copied(&self, more: &[&str]) -> BaseBackup {
        let owner = owner().unwrap();
        let folder = folder_of(owner.as_ref()).unwrap();
        let port = self.port;
        let mut copying = quiet(&self.programs.join("pg_basebackup"));
        copying
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .args([
                "--dbname",
                &format!("host=127.0.0.1 port={port} user={SUPERUSER} application_name=standby"),
            ])
            .args(["--checkpoint=fast", "--no-sync"])
            .args(more)
            .current_dir(folder.path())
            .stdin(Stdio::null());
        if let Some(user) = owner {
            copying.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let output = copying.output().expect("pg_basebackup starts");
        assert!(
            output.status.success(),
            "pg_basebackup: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        BaseBackup { folder }
    }

    /// The URL of a database of this cluster.
    pub fn url(&self, database: &str) -> String {
        let port = self.port;
        format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{database}")
    }

    fn start() -> Result<Self, String> {
        let owner = owner()?;
        Self::start_in(folder_of(owner.as_ref())?)
    }

    fn start_in(folder: TempDir) -> Result<Self, String> {
        let (programs, owner) = (programs()?, owner()?);
        let mut keeper = Keeper::start(&programs, folder, owner.as_ref())?;
        keeper.answer("initdb")?;
        let port = keeper.listen()?;
        Ok(Self {
            programs,
            port,
            databases: AtomicU64::new(1),
            _lifeline: keeper.lifeline,
        })
    }
}

/// A copy of a whole cluster.
pub struct BaseBackup {
    folder: TempDir,
}

/// The process that owns the cluster: it outlives a killed test process for the moment that it takes to clean up.
struct Keeper {
    lifeline: ChildStdin,
    answers: BufReader<ChildStdout>,
    log: PathBuf,
    _process: Child,
}

impl Keeper {
    fn start(programs: &Path, folder: TempDir, owner: Option<&User>) -> Result<Self, String> {
        let mut sh = quiet(Path::new("sh"));
        // The script travels as an argument, because its user need not be able to read the checkout.
        sh.args(["-c", include_str!("postgres_keeper.sh"), "postgres_keeper"])
            .args([programs, folder.path()])
            .current_dir(folder.path())
            // A group of its own: Ctrl-C reaches the tests, and the keeper follows in its own time.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(user) = owner {
            sh.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let spawned = sh.spawn();
        let mut process = spawned.map_err(|why| {
            let owner = owner.map_or("this user", |user| user.name.as_str());
            let folder = folder.path().display();
            format!("cannot start sh as {owner} in {folder} (may it enter TMPDIR?): {why}")
        })?;
        // From here on the folder is the keeper's to remove.
        let folder = folder.keep();
        Ok(Self {
            lifeline: process.stdin.take().expect("stdin is piped"),
            answers: BufReader::new(process.stdout.take().expect("stdout is piped")),
            log: folder.join("log"),
            _process: process,
        })
    }

    /// Starts the server on a free port, which it returns.
    fn listen(&mut self) -> Result<u16, String> {
        let mut last = Err("no port was tried".to_owned());
        for _ in 0..PORTS_TO_TRY {
            let port = free_port()?;
            let told = writeln!(self.lifeline, "{port}");
            told.map_err(|why| format!("the keeper is gone: {why}\n{}", self.log_tail()))?;
            last = self.answer("pg_ctl start").map(|()| port);
            // Between our finding a port free and the server's binding it, anyone may have taken it.
            match &last {
                Err(why) if why.contains("could not bind") => {}
                Ok(_) | Err(_) => break,
            }
        }
        last
    }

    /// Waits for the keeper's word on `step`. The script bounds each of its steps to 60 s, so it does come.
    fn answer(&mut self, step: &str) -> Result<(), String> {
        let mut word = String::new();
        let heard = self.answers.read_line(&mut word);
        match heard {
            Ok(_) if word.trim_end() == "ready" => Ok(()),
            Ok(_) | Err(_) => Err(format!("{step} failed; its log ends:\n{}", self.log_tail())),
        }
    }

    fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
    }
}

/// A command that the settings of whoever runs the tests do not reach, and that speaks English.
fn quiet(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C");
    command
}

/// Whom the cluster belongs to: us, unless we are root, which PostgreSQL refuses to run as.
fn owner() -> Result<Option<User>, String> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let known = |name| User::from_name(name).ok().flatten();
    let user = known("postgres").or_else(|| known("nobody"));
    let user = user.ok_or("run the tests as an unprivileged user: PostgreSQL refuses root, and there is no user `postgres` or `nobody`")?;
    Ok(Some(user))
}

/// A new folder that belongs to `owner`.
fn folder_of(owner: Option<&User>) -> Result<TempDir, String> {
    let made = TempDir::with_prefix("concord-postgres-");
    let folder = made.map_err(|why| format!("no temporary folder: {why}"))?;
    if let Some(user) = owner {
        let given = chown(
            folder.path(),
            Some(user.uid.as_raw()),
            Some(user.gid.as_raw()),
        );
        given.map_err(|why| format!("cannot give the folder to {}: {why}", user.name))?;
    }
    Ok(folder)
}

fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let address = bound.map_err(|why| format!("no free loopback port: {why}"))?;
    Ok(address.port())
}

/// The folder of PostgreSQL's programs: the one `pg_config` names, else the newest installed, else one on the PATH.
fn programs() -> Result<PathBuf, String> {
    const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];
    let complete = |folder: &PathBuf| NEEDED.iter().all(|name| executable(&folder.join(name)));

    let configured = configured_programs().into_iter();
    let on_path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&on_path).collect();
    let mut candidates = configured.chain(packaged_programs()).chain(on_path);

    candidates.find(complete).ok_or_else(|| {
        "install the PostgreSQL server, version 14 or newer (`apt-get install postgresql` on Debian and Ubuntu, \
         `dnf install postgresql-server` on Fedora); looked where `pg_config --bindir` points, in \
         /usr/lib/postgresql/*/bin, in /usr/pgsql-*/bin and on the PATH for a folder with initdb, pg_ctl, postgres and psql"
            .to_owned()
    })
}

/// What `pg_config` says, where it is installed: a client library alone brings it too, without a server beside it.
fn configured_programs() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let named = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(named.trim_end()))
}

/// Where distributions put PostgreSQL's programs outside the PATH, the newest version first.
fn packaged_programs() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        found.extend(entries.filter_map(|entry| {
            let version = version_after(prefix, &entry.file_name())?;
            Some((version, entry.path().join("bin")))
        }));
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn version_after(prefix: &str, name: &OsString) -> Option<u32> {
    name.to_str()?.strip_prefix(prefix)?.parse().ok()
}

fn executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|met| met.is_file() && met.permissions().mode() & 0o111 != 0)
}
