//! The world that a test runs in: real servers over a fresh database, and callers as types.
//!
//! ```ignore
//! let world = World::on(Database::Sqlite).await;
//! let (north, south) = world.agencies("north", "south").await;
//! let ada = north.refers("Ada").to(&south).sharing([Identity, Needs]).await;
//! assert_snapshot!(south.reads(&ada).await, @"identity: Ada   needs: ...   withheld: ...");
//! ```
//! When a world ends, its servers are asked to end and its whole audit log is verified.

pub mod agency;
pub mod documents;
pub mod limits;
pub mod plan;
pub mod postgres;
pub mod proxy;
pub mod server;
pub mod sqlite;

use std::fs::Permissions;
use std::future::{Ready, ready};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use concord::access::token::{Claims, issue};
use concord::agency::founding::{Founding, found_task_force};
use concord::clock;
use concord::service::Service;
use concord::settings::{RawSettings, Settings};
use concord_entities::ids::{AgencyId, AnyId, TaskForceId, TokenId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AgencyKind;
use concord_entities::zone::Zone;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use agency::Agency;
pub use server::Server;

use postgres::Cluster;
use proxy::Proxy;

/// Which kind of database a world stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    /// For a story that makes its worlds by itself.
    pub fn on(self) -> Ready<Self> {
        ready(self)
    }
}

/// Makes a story two tests, `story::sqlite` and `story::postgres`.
///
/// The story takes the world that it happens in, or, where it says `story: Scene`, what `Scene::on(database)` makes.
/// What follows a comma goes to `tokio::test`.
macro_rules! on_both {
    ($story:ident) => {
        $crate::world::on_both!($story in $crate::world::World);
    };
    ($story:ident: $scene:ident $(, $run:ident = $how:literal)?) => {
        $crate::world::on_both!($story in super::$scene $(, $run = $how)?);
    };
    ($story:ident in $scene:ty $(, $run:ident = $how:literal)?) => {
        mod $story {
            use $crate::world::Database;

            #[tokio::test($($run = $how)?)]
            async fn sqlite() {
                super::$story(<$scene>::on(Database::Sqlite).await).await;
            }

            #[tokio::test($($run = $how)?)]
            async fn postgres() {
                super::$story(<$scene>::on(Database::Postgres).await).await;
            }
        }
    };
}

pub(crate) use on_both;

/// A task force with its coordinator, and one server or more.
pub struct World {
    pub database: Database,
    pub service: Service,
    pub task_force: TaskForceId,
    pub coordinator: AgencyId,
    pub server: Server,
    pub folder: TempDir,
    /// Where its keyring is.
    pub keyring: KeyringPlace,
    url: Option<String>,
    abandoned: bool,
}

/// Where a world's keyring is.
#[derive(Clone, Debug)]
pub enum KeyringPlace {
    /// Beside the data: in its database, or in its folder.
    BesideData,
    /// In a PostgreSQL cluster of its own.
    Url(String),
    /// In a file elsewhere.
    File(PathBuf),
}

/// What an agency may do in a test that is not about scopes.
pub const EVERYTHING: &str =
    "agency.cruds audit.crus consent.crus directory.rs mou.crus referral.crus survivor.cruds";

/// The UUID in an id.
fn uuid_of(id: &str) -> uuid::Uuid {
    id.parse::<AnyId>().unwrap().uuid
}

/// An id of the wire as SQL writes it.
fn sql_uuid(on_postgres: bool, id: &str) -> String {
    let uuid = uuid_of(id);
    if on_postgres {
        format!("'{uuid}'::uuid")
    } else {
        format!("x'{}'", uuid.simple())
    }
}

/// The letters by which an audit event's leaf names a record among many.
pub fn packed(id: &str) -> String {
    concord::audit::record_ids::packed(uuid_of(id))
}

impl World {
    /// A fresh world with one server.
    pub async fn on(database: Database) -> Self {
        Self::with_keyring(database, |_| KeyringPlace::BesideData).await
    }

    /// A fresh world with one server, whose keyring is elsewhere: where, is said of the world's folder.
    pub async fn with_keyring(
        database: Database,
        place: impl FnOnce(&Path) -> KeyringPlace,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keyring = place(folder.path());
        let url = (database == Database::Postgres).then(|| Cluster::shared().fresh_database());
        Self::at(database, folder, url, keyring).await
    }

    /// The same over this PostgreSQL database, its keyring beside it or in another one.
    pub async fn over(url: String, keyring_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keyring = keyring_url.map_or(KeyringPlace::BesideData, KeyringPlace::Url);
        Self::at(Database::Postgres, folder, Some(url), keyring).await
    }

    async fn at(
        database: Database,
        folder: TempDir,
        url: Option<String>,
        keyring: KeyringPlace,
    ) -> Self {
        let flags = flags(&folder, url.as_deref(), &keyring);
        let written = written(&folder, url.as_deref(), &keyring);
        if database == Database::Postgres {
            key_file(&folder.path().join("kek"), &("5a".repeat(31) + "7e"));
            let migrated = Command::new(env!("CARGO_BIN_EXE_concord"))
                .args(["migrate", "up"])
                .args(&flags)
                .output()
                .unwrap();
            assert!(migrated.status.success(), "{migrated:?}");
        }
        let settings = Settings::read(None, &written).unwrap();
        let service = Service::open(settings).await.unwrap();
        let founding = Founding {
            task_force: "Three Rivers Task Force".to_owned(),
            region: "Three Rivers".to_owned(),
            coordinator: "Coordination Office".to_owned(),
            kind: AgencyKind::VictimAssistanceAgency,
            time_zone: Zone::UTC,
        };
        let (task_force, coordinator) = found_task_force(&service.store, founding).await.unwrap();
        let server = Server::start(&flags);
        Self {
            database,
            service,
            task_force,
            coordinator,
            server,
            folder,
            keyring,
            url,
            abandoned: false,
        }
    }

    /// Another server over the same stores.
    pub fn another_server(&self) -> Server {
        Server::start(&self.flags())
    }

    /// A second server, where a database serves several.
    pub fn second_server(&self) -> Option<Server> {
        (self.database == Database::Postgres).then(|| self.another_server())
    }

    /// The flags with which any command finds this world's stores.
    pub fn flags(&self) -> Vec<String> {
        flags(&self.folder, self.url.as_deref(), &self.keyring)
    }

    /// A server that reaches the data store by way of `proxy`.
    pub fn server_behind(&self, proxy: &Proxy) -> Server {
        let url = self.url();
        let flags = self.flags().into_iter();
        let flags: Vec<String> = flags
            .map(|flag| if flag == url { proxy.url(url) } else { flag })
            .collect();
        Server::start(&flags)
    }

    /// The data store's file, in an embedded world.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("concord.sqlite")
    }

    /// The data store's URL, in a PostgreSQL world.
    pub fn url(&self) -> &str {
        self.url.as_deref().unwrap()
    }

    /// Two agencies with an MOU in force that covers everything.
    pub async fn agencies(&self, one: &str, other: &str) -> (Agency, Agency) {
        let (one, other) = (self.agency(one).await, self.agency(other).await);
        one.agrees_with(&other).await;
        (one, other)
    }

    /// A registered agency.
    pub async fn agency(&self, name: &str) -> Agency {
        let coordinator = self.coordinator();
        let answer = coordinator
            .asks(
                "mutation($a: AgencyInput!) { registerAgency(agency: $a) { id } }",
                json!({ "a": { "taskForce": self.task_force.to_string(), "name": name, "kind": "ADVOCACY_GROUP" } }),
            )
            .await;
        let id: AgencyId = answer.data()["registerAgency"]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        self.caller(id, name, EVERYTHING)
    }

    /// The coordinating agency.
    pub fn coordinator(&self) -> Agency {
        self.caller(self.coordinator, "Coordination Office", EVERYTHING)
    }

    /// Somebody of an agency's, with a token of this scope.
    pub fn caller(&self, id: AgencyId, name: &str, scope: &str) -> Agency {
        Agency::new(id, name, self.token(id, scope), self.server.address.clone())
    }

    /// A token of this scope.
    pub fn token(&self, agency: AgencyId, scope: &str) -> String {
        self.signs(&self.claims(agency, scope))
    }

    /// A token with these claims, whose state is kept as that of any token.
    pub fn signs(&self, claims: &Claims) -> String {
        let agency = self.sql_id(&claims.agency.to_string());
        let (jti, until) = (&claims.id, claims.expires_at.0);
        self.tampers(&format!(
            "INSERT INTO token_state (jti, agency_id, expires_at) VALUES ('{jti}', {agency}, {until}) \
             ON CONFLICT DO NOTHING"
        ));
        issue(&self.service.key_cache.signer(), claims).unwrap()
    }

    /// The claims of a good token.
    pub fn claims(&self, agency: AgencyId, scope: &str) -> Claims {
        let now = Instant::from_unix_seconds(clock::now().unix_seconds());
        Claims {
            issuer: self.service.settings.issuer.clone(),
            audience: self.service.settings.audience.clone(),
            subject: "somebody".to_owned(),
            client: "test".to_owned(),
            agency,
            scope: scope.to_owned(),
            issued_at: now,
            not_before: now,
            expires_at: now.plus(Duration::from_hours(1)),
            id: TokenId::new().to_string(),
            epoch: 1,
            holder: None,
            actor: None,
        }
    }

    /// Runs statements on the data store behind the service's back, as one transaction.
    pub fn tampers(&self, sql: &str) -> String {
        match self.database {
            Database::Postgres => Cluster::shared().psql(self.url(), sql),
            Database::Sqlite => sqlite::runs(&self.file(), sql),
        }
    }

    /// The columns of a table that are written: the database computes the others.
    pub fn columns(&self, table: &str) -> String {
        self.tampers(&match self.database {
            Database::Postgres => format!(
                "SELECT string_agg(column_name, ', ') FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}' AND is_generated = 'NEVER'"
            ),
            Database::Sqlite => {
                format!("SELECT group_concat(name, ', ') FROM pragma_table_info('{table}')")
            }
        })
    }

    /// An id of the wire as SQL writes it.
    pub fn sql_id(&self, id: &str) -> String {
        sql_uuid(self.database == Database::Postgres, id)
    }

    /// Runs statements as an operator's command does that ends some sharing: alone, and with a new epoch.
    pub fn ends_sharing(&self, sql: &str) {
        let lock = match self.database {
            Database::Postgres => "SELECT pg_advisory_xact_lock(12602381);",
            Database::Sqlite => "",
        };
        let bump = "UPDATE sharing_epoch SET epoch = epoch + 1";
        self.tampers(&format!("{lock} {sql}; {bump}"));
    }

    /// Statements on the keyring, behind the service's back.
    pub fn tampers_with_keyring(&self, sql: &str) -> String {
        match (&self.keyring, self.database) {
            (KeyringPlace::Url(url), _) => Cluster::shared().psql(url, sql),
            (KeyringPlace::File(file), _) => sqlite::runs(file, sql),
            (KeyringPlace::BesideData, Database::Postgres) => {
                let within = format!("SET search_path = concord_keyring;{sql}");
                Cluster::shared().psql(self.url(), &within)
            }
            (KeyringPlace::BesideData, Database::Sqlite) => {
                sqlite::runs(&self.folder.path().join("keyring.sqlite"), sql)
            }
        }
    }

    /// Whether the keyring has a key for this package.
    pub fn has_key(&self, referral: &str) -> bool {
        let on_postgres = match self.keyring {
            KeyringPlace::Url(_) => true,
            KeyringPlace::File(_) => false,
            KeyringPlace::BesideData => self.database == Database::Postgres,
        };
        let id = sql_uuid(on_postgres, referral);
        let count = format!("SELECT count(*) FROM package_key WHERE referral_id = {id}");
        self.tampers_with_keyring(&count) != "0"
    }

    /// What `concord` says to this command, and whether it is content.
    pub fn commands(&self, words: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(words)
            .args(self.flags())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    /// Ends it without a look at its audit log: what has gone on elsewhere is not in it.
    pub fn goes_unverified(mut self) {
        self.abandoned = true;
    }

    /// What `concord audit verify` says, and whether it is content.
    pub fn verifies(&self) -> (bool, String) {
        self.commands(&["audit", "verify"])
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.ends();
        if !self.abandoned && !std::thread::panicking() {
            let (content, said) = self.verifies();
            assert!(content, "the audit log does not verify: {said}");
        }
    }
}

/// A file with a key-encryption key, which its owner alone can read.
pub fn key_file(file: &Path, key: &str) {
    std::fs::write(file, key).unwrap();
    std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
}

fn written(folder: &TempDir, url: Option<&str>, keyring: &KeyringPlace) -> RawSettings {
    let (keyring_url, keyring_file) = match keyring.clone() {
        KeyringPlace::BesideData => (None, None),
        KeyringPlace::Url(url) => (Some(url), None),
        KeyringPlace::File(file) => (None, Some(file)),
    };
    let beside = url.is_some() && matches!(keyring, KeyringPlace::BesideData);
    RawSettings {
        keyring_url,
        keyring_file,
        data: Some(folder.path().to_owned()),
        database_url: url.map(str::to_owned),
        key_file: url.map(|_| folder.path().join("kek")),
        state: Some(folder.path().join("state")),
        keyring_beside_data: beside.then_some(true),
        ..RawSettings::default()
    }
}

fn flags(folder: &TempDir, url: Option<&str>, keyring: &KeyringPlace) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let mut flags = vec!["--data".to_owned(), path(folder.path())];
    flags.extend(["--state".to_owned(), path(&folder.path().join("state"))]);
    if let Some(url) = url {
        let key = path(&folder.path().join("kek"));
        flags.extend([
            "--database-url".to_owned(),
            url.to_owned(),
            "--key-file".to_owned(),
            key,
        ]);
    }
    match keyring {
        KeyringPlace::BesideData if url.is_none() => {}
        KeyringPlace::BesideData => flags.push("--keyring-beside-data".to_owned()),
        KeyringPlace::Url(url) => flags.extend(["--keyring-url".to_owned(), url.clone()]),
        KeyringPlace::File(file) => flags.extend(["--keyring-file".to_owned(), path(file)]),
    }
    flags
}

/// What a GraphQL request was answered with.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// The data of an answer without errors.
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.text);
        &self.body["data"]
    }

    /// What was found in a consent that was refused.
    pub fn findings(&self) -> &[Value] {
        assert_eq!(self.codes(), "CONSENT_DEFECTIVE", "{}", self.text);
        let findings = &self.body["errors"][0]["extensions"]["findings"];
        findings.as_array().unwrap()
    }

    /// The codes of what was found in a consent that was refused.
    pub fn finding_codes(&self) -> Vec<&str> {
        let findings = self.findings().iter();
        findings.map(|one| one["code"].as_str().unwrap()).collect()
    }

    /// Checks that a request was refused for nothing but its input, and for this part of it, or something within.
    pub fn is_refused_for(&self, part: &str) {
        self.is_refused_for_input();
        let mut errors = self.body["errors"].as_array().unwrap().iter();
        let is_there = errors.any(|error| {
            let field = error["extensions"]["field"].as_array();
            let steps = field.into_iter().flatten();
            let place: String = steps
                .map(|step| match step.as_str() {
                    Some(name) => format!(".{name}"),
                    None => format!("[{step}]"),
                })
                .collect();
            let beyond = place.trim_start_matches('.').strip_prefix(part);
            beyond.is_some_and(|beyond| beyond.is_empty() || beyond.starts_with(['.', '[']))
        });
        assert!(is_there, "{part}: {}", self.text);
    }

    /// Checks that a request was refused for nothing but its input.
    pub fn is_refused_for_input(&self) {
        let codes = self.codes();
        assert!(!codes.is_empty(), "{}", self.text);
        let mut codes = codes.split(' ');
        assert!(codes.all(|code| code == "BAD_USER_INPUT"), "{}", self.text);
    }

    /// What the caller is shown, which is the answer without the id of its request.
    pub fn shown(&self) -> String {
        let id = format!(r#","extensions":{}"#, self.body["extensions"]);
        self.text.replacen(&id, "", 1)
    }

    /// The codes of the errors, joined; all faults of one field's input as one.
    pub fn codes(&self) -> String {
        let mut errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors.dedup_by(|one, before| {
            one["path"] == before["path"]
                && one["extensions"]["code"] == before["extensions"]["code"]
        });
        let codes: Vec<&str> = errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or("(none)"))
            .collect();
        codes.join(" ")
    }
}
