//! The stores that a release made, copied and opened with today's program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tempfile::TempDir;

use crate::world::postgres::Cluster;
use crate::world::{Agency, Database, Server};

const DAY: i64 = 86_400_000_000;

/// A release's stores, with a server of today's program over them.
pub struct Opened {
    pub server: Server,
    /// The client id and the secret of the program that is registered in the stores.
    pub application: String,
    /// The moment after the last event that the release recorded, RFC 3339.
    pub closed_at: String,
    pub url: String,
    flags: Vec<String>,
    _folder: TempDir,
}

impl Opened {
    /// Copies what a release made, brings it up to this program and starts a server over it.
    pub async fn made_by(release: &str, database: Database) -> Self {
        Self::made_by_with(release, database, &[]).await
    }

    /// Does so after these statements, which say what else the release might have made.
    pub async fn made_by_with(release: &str, database: Database, statements: &[&str]) -> Self {
        let made = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../tests/fixtures")
            .join(release);
        let folder = tempfile::tempdir().unwrap();
        let (from, url) = match database {
            Database::Sqlite => (made.join("sqlite"), sqlite_url(folder.path())),
            Database::Postgres => (made.join("postgres"), Cluster::shared().fresh_database()),
        };
        for file in fs::read_dir(&from).unwrap() {
            let file = file.unwrap();
            let copy = folder.path().join(file.file_name());
            fs::copy(file.path(), &copy).unwrap();
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        }
        if database == Database::Postgres {
            Cluster::shared().restore(&url, &from.join("concord.sql"));
        }
        let closed_at = as_of_today(&url).await;
        runs(&url, statements).await;
        let flags = flags(folder.path(), database, &url);
        succeeds(&["migrate", "up"], &flags);
        succeeds(&["audit", "verify"], &flags);
        Self {
            server: Server::start(&flags),
            application: fs::read_to_string(from.join("application")).unwrap(),
            closed_at,
            url,
            flags,
            _folder: folder,
        }
    }

    /// Somebody of an agency's, with a token that reads everything.
    pub async fn caller(&self, agency: &str) -> Agency {
        const SCOPE: &str =
            "agency.rs audit.rs consent.rs directory.rs evidence.r mou.rs referral.rs survivor.rs";
        self.caller_may(agency, SCOPE).await
    }

    /// Somebody of an agency's, with a token of this scope.
    pub async fn caller_may(&self, agency: &str, scope: &str) -> Agency {
        let token = succeeds(
            &["token", "--agency", agency, "--scope", scope],
            &self.flags,
        );
        let address = self.server.address.clone();
        let nobody = concord_entities::ids::AgencyId::new();
        let mut caller = Agency::new(nobody, agency, token, address);
        let viewer = "{ viewer { agency { id } } }";
        let answer = caller.asks(viewer, serde_json::json!({})).await;
        // A suspended agency is told nothing, not even who it is.
        if let Some(id) = answer.body["data"]["viewer"]["agency"]["id"].as_str() {
            caller.id = id.parse().unwrap();
        }
        caller
    }

    /// Runs a command of today's program over the stores, and returns what it prints.
    pub fn says(&self, words: &[&str]) -> String {
        succeeds(words, &self.flags)
    }

    /// Ends the server, and checks that the log verifies with what was recorded since.
    pub fn ends(&mut self) {
        assert!(self.server.ends());
        succeeds(&["audit", "verify"], &self.flags);
    }
}

/// Runs a command of today's program, and returns what it prints.
fn succeeds(words: &[&str], flags: &[String]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(words)
        .args(flags)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "concord {words:?}: {said}");
    String::from_utf8(stdout).unwrap().trim_end().to_owned()
}

fn flags(folder: &Path, database: Database, url: &str) -> Vec<String> {
    let state = folder.join("state").display().to_string();
    let mut flags = vec!["--data".to_owned(), folder.display().to_string()];
    flags.extend(["--state".to_owned(), state]);
    if database == Database::Postgres {
        let key: PathBuf = folder.join("key-encryption-key");
        flags.extend(["--database-url".to_owned(), url.to_owned()]);
        flags.push("--keyring-beside-data".to_owned());
        flags.extend(["--key-file".to_owned(), key.display().to_string()]);
    }
    flags
}

fn sqlite_url(folder: &Path) -> String {
    format!(
        "sqlite://{}?mode=rw",
        folder.join("concord.sqlite").display()
    )
}

/// Runs statements over the data store.
async fn runs(url: &str, statements: &[&str]) {
    let store = sea_orm::Database::connect(url).await.unwrap();
    for statement in statements {
        store.execute_unprepared(statement).await.unwrap();
    }
    store.close().await.unwrap();
}

/// Moves the time that consents and requests run by as many whole days as have passed since the stores were closed, so
/// that what ran then runs today and what was over is over. Returns the moment after the last event.
///
/// The statements are for the tables of the release, before anything migrates them.
async fn as_of_today(url: &str) -> String {
    let database = sea_orm::Database::connect(url).await.unwrap();
    let last: i64 = number(&database, "SELECT max(recorded_at) AS it FROM audit_event").await;
    let days = (jiff::Timestamp::now().as_microsecond() - last).div_euclid(DAY);
    let by = days * DAY;
    for statement in [
        format!(
            "UPDATE consent SET effective_at = effective_at + {by}, expires_at = expires_at + {by}, \
             signed_at = signed_at + {by}"
        ),
        format!("UPDATE consent_signature SET signed_on = signed_on + {days}"),
        format!(
            "UPDATE referral SET sent_at = sent_at + {by}, respond_by = respond_by + {by}, \
             consent_until = consent_until + {by}"
        ),
    ] {
        database.execute_unprepared(&statement).await.unwrap();
    }
    database.close().await.unwrap();
    jiff::Timestamp::from_microsecond(last + 1)
        .unwrap()
        .to_string()
}

async fn number(database: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(database.get_database_backend(), sql);
    let row = database.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "it").unwrap()
}
