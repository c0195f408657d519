//! The settings: file < environment < flag, parsed once.
//!
//! Every fault is reported together, and a key that we do not know is a fault: a misspelt safeguard must not be
//! taken for one.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Config, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The most selections of a document, each fragment counted wherever it is spread.
pub const MAX_SELECTIONS: usize = 2_000;

/// How much is allowed. Each is an allowance that fills up again bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowances {
    /// How many selections an application may ask for each second, in the long run.
    pub selections_per_second: NonZeroU32,
    /// How many it may ask for at once, when it has asked for nothing for a while.
    pub selections_burst: NonZeroU32,
    /// How many tokens and programs an agency may end each second, in the long run.
    pub endings_per_second: NonZeroU32,
    /// How many it may end at once, when it has ended none for a while.
    pub endings_burst: NonZeroU32,
    /// How often a minute somebody may fail to prove who they are, and how often at once.
    pub failed_per_minute: NonZeroU32,
}

impl fmt::Display for Allowances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} selections a second and {} at once, {} tokens and programs ended a second and {} at once, {} failures a minute to prove who one is",
            self.selections_per_second,
            self.selections_burst,
            self.endings_per_second,
            self.endings_burst,
            self.failed_per_minute
        )
    }
}

/// Where the service listens, what it keeps and what it calls itself.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that the service listens on.
    pub listen: SocketAddr,
    /// The folder that holds the embedded stores and the key-encryption key.
    pub data: PathBuf,
    /// Where the data store is.
    pub database: StoreLocation,
    /// Where the keyring is.
    pub keyring: StoreLocation,
    /// The file that holds the key-encryption key, 64 hex digits.
    pub key_file: PathBuf,
    /// The `iss` of our tokens, an `https` URL (RFC 8414, 2): where partners find the authorization server.
    pub issuer: String,
    /// The `aud` of our tokens: the URL at which partners find `/graphql` (RFC 9728, 1.2).
    pub audience: String,
    /// Whether the explorer page is served.
    pub explorer: bool,
    /// Whether agencies' own issuers may publish their keys at private addresses.
    pub issuer_private_addresses: bool,
    /// A file of certificates (PEM) that agencies' own issuers may stand on besides those that the machine trusts.
    pub issuer_ca_file: Option<PathBuf>,
    /// The number of request workers.
    pub workers: usize,
    /// Database connections for each worker.
    pub connections: u32,
    /// How much an application may ask for, and how often somebody may fail to prove who they are.
    pub allowances: Allowances,
    /// For how long a backup of the keyring is kept: after that, no copy of a destroyed key is left.
    pub keyring_backups: Duration,
    /// Who connects to the stores: the server, unless a command says otherwise.
    pub sessions: SessionKind,
}

/// Who connects to a store: by what name, and for how long a statement of theirs may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionKind {
    /// The server, for requests that nobody waits long for.
    #[default]
    Server,
    /// An operator's command of this name.
    Command(&'static str),
    /// An operator's command of this name that reads or rewrites everything.
    LongCommand(&'static str),
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// An SQLite file; it is made, and migrates itself.
    File(PathBuf),
    /// A PostgreSQL database and the schema in it.
    Postgres {
        /// The URL.
        url: String,
        /// The schema, where it is not the default one.
        schema: Option<String>,
    },
}

impl std::fmt::Display for StoreLocation {
    /// Writes where the store is, never with a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => write!(f, "embedded, {}", file.display()),
            Self::Postgres { url, schema } => {
                let place = url
                    .rsplit_once('@')
                    .map_or("(the URL names no user)", |(_, place)| place);
                write!(f, "PostgreSQL, {place}")?;
                match schema {
                    Some(schema) => write!(f, ", schema {schema}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The settings as a file, the environment or the flags write them; every key may be missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSettings {
    /// The address to listen on, such as `127.0.0.1:4000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// The data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// A `postgres://` URL; without it the store is a file in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// A `postgres://` URL for the keyring; without it, a schema of its own in the same database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyring_url: Option<String>,
    /// The file with the key-encryption key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The `iss` of our tokens: the URL under which partners reach the service [default: `http://127.0.0.1:4000`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The `aud` of our tokens [default: the issuer with `/graphql`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Whether to serve the explorer page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explorer: Option<bool>,
    /// Whether to fetch issuers' keys from private addresses as well [default: no].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_private_addresses: Option<bool>,
    /// Certificates that issuers may stand on besides the machine's own, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_ca_file: Option<PathBuf>,
    /// The number of request workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// Database connections for each worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// How many selections an application of an agency's may ask for each second in the long run, each fragment counted
    /// wherever it is spread; 5000 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selections_per_second: Option<u32>,
    /// How many selections it may ask for at once, at least the 2000 that one document may come to; 50000 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selections_burst: Option<u32>,
    /// How many tokens and programs an agency may end each second in the long run, and agencies bring back; 1 unless told.
    /// Consents are taken back without limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endings_per_second: Option<u32>,
    /// How many of them at once; 30 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endings_burst: Option<u32>,
    /// How often a minute somebody at one address may fail to prove who they are, and how often at once; 30 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_per_minute: Option<u32>,
    /// For how many days a backup of the keyring is kept; 30 unless told, at most 3650. An erasure's receipt names the day
    /// after which no backup holds the keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyring_backup_days: Option<u32>,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("the settings are not usable:\n{}", .0.iter().map(|fault| format!("  - {fault}")).collect::<Vec<_>>().join("\n"))]
pub struct SettingsError(pub Vec<String>);

impl Settings {
    /// Reads the file (where one is named), then the environment (`CONCORD_LISTEN` and so on), then the flags.
    ///
    /// # Errors
    /// [`SettingsError`], all of them at once.
    pub fn read(file: Option<&Path>, flags: &RawSettings) -> Result<Self, SettingsError> {
        let mut sources = Config::builder();
        if let Some(path) = file {
            sources = sources.add_source(File::from(path).format(FileFormat::Toml));
        }
        let flags =
            Config::try_from(flags).map_err(|fault| SettingsError(vec![fault.to_string()]))?;
        sources
            .add_source(
                Environment::with_prefix("CONCORD")
                    .prefix_separator("_")
                    .try_parsing(true)
                    .source(Some(variables())),
            )
            .add_source(flags)
            .build()
            .and_then(Config::try_deserialize::<RawSettings>)
            .map_err(|fault| SettingsError(vec![fault.to_string()]))?
            .check()
    }
}

/// Returns the variables that are settings. Two of ours are not: where the settings file is, and how much to log.
fn variables() -> HashMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name != "CONCORD_CONFIG" && name != "CONCORD_LOG")
        .collect()
}

impl RawSettings {
    fn check(self) -> Result<Settings, SettingsError> {
        let mut faults = Vec::new();
        let allowances = self.allowances(&mut faults);
        let data = self.data.unwrap_or_else(|| PathBuf::from("concord-data"));
        let listen = self.listen.as_deref().unwrap_or("127.0.0.1:4000");
        let listen = listen.parse().unwrap_or_else(|_| {
            faults.push(format!(
                "listen: `{listen}` is not ADDRESS:PORT, such as 127.0.0.1:4000"
            ));
            SocketAddr::from(([127, 0, 0, 1], 4000))
        });
        for (key, url) in [
            ("database_url", &self.database_url),
            ("keyring_url", &self.keyring_url),
        ] {
            if url.as_deref().is_some_and(|url| {
                !url.starts_with("postgres://") && !url.starts_with("postgresql://")
            }) {
                faults.push(format!(
                    "{key}: only a postgres:// URL; leave it out for the embedded store"
                ));
            }
        }
        if self.keyring_url.is_some() && self.database_url.is_none() {
            faults.push("keyring_url: only together with database_url".to_owned());
        }
        if self.database_url.is_some() && self.key_file.is_none() {
            faults.push("key_file: needed with database_url: a file with 64 hex digits that every replica has".to_owned());
        }
        if let Some(file) = self
            .issuer_ca_file
            .as_deref()
            .filter(|file| !file.is_file())
        {
            let file = file.display();
            faults.push(format!("issuer_ca_file: there is no file {file}"));
        }
        let workers = self
            .workers
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
        let connections = self.connections.unwrap_or(8);
        if workers == 0 || connections == 0 {
            faults.push("workers, connections: at least 1".to_owned());
        }
        let issuer = self.issuer.unwrap_or_else(|| DEFAULT_ISSUER.to_owned());
        let audience = self
            .audience
            .unwrap_or_else(|| format!("{}/graphql", issuer.trim_end_matches('/')));
        for (key, identifier) in [("issuer", &issuer), ("audience", &audience)] {
            if !is_identifier(identifier) {
                faults.push(format!(
                    "{key}: an https:// URL without query, fragment and final `/`; http:// only for this very machine"
                ));
            }
        }
        let keyring_backups = keyring_backups(self.keyring_backup_days, &mut faults);
        if !faults.is_empty() {
            return Err(SettingsError(faults));
        }
        let (database, keyring) = locations(&data, self.database_url, self.keyring_url);
        Ok(Settings {
            listen,
            database,
            keyring,
            key_file: self
                .key_file
                .unwrap_or_else(|| data.join("key-encryption-key")),
            data,
            issuer,
            audience,
            explorer: self.explorer.unwrap_or(false),
            issuer_private_addresses: self.issuer_private_addresses.unwrap_or(false),
            issuer_ca_file: self.issuer_ca_file,
            workers,
            connections,
            allowances,
            keyring_backups,
            sessions: SessionKind::Server,
        })
    }

    /// Returns the allowances, each of at least one.
    fn allowances(&self, faults: &mut Vec<String>) -> Allowances {
        let allowances = Allowances {
            selections_per_second: positive(
                "selections_per_second",
                self.selections_per_second.unwrap_or(5_000),
                faults,
            ),
            selections_burst: positive(
                "selections_burst",
                self.selections_burst.unwrap_or(50_000),
                faults,
            ),
            endings_per_second: positive(
                "endings_per_second",
                self.endings_per_second.unwrap_or(1),
                faults,
            ),
            endings_burst: positive("endings_burst", self.endings_burst.unwrap_or(30), faults),
            failed_per_minute: positive(
                "failed_per_minute",
                self.failed_per_minute.unwrap_or(30),
                faults,
            ),
        };
        if u32::try_from(MAX_SELECTIONS).is_ok_and(|most| allowances.selections_burst.get() < most)
        {
            faults.push(format!(
                "selections_burst: at least {MAX_SELECTIONS}, which one document may come to"
            ));
        }
        allowances
    }
}

/// Returns for how long backups of the keyring are kept; 30 days unless told.
fn keyring_backups(days: Option<u32>, faults: &mut Vec<String>) -> Duration {
    let days = days.unwrap_or(30);
    if days > 3650 {
        faults.push("keyring_backup_days: at most 3650".to_owned());
    }
    Duration::from_hours(24 * u64::from(days))
}

fn positive(key: &str, value: u32, faults: &mut Vec<String>) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap_or_else(|| {
        faults.push(format!("{key}: at least 1"));
        NonZeroU32::MIN
    })
}

/// Who we are to a partner who tries the service on its own machine.
const DEFAULT_ISSUER: &str = "http://127.0.0.1:4000";

/// Returns whether a URL can be an issuer's or a resource's identifier (RFC 8414, 2; RFC 9728, 1.2). It is compared
/// letter for letter, so it must be written as every library would write it.
fn is_identifier(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let secure = url.scheme() == "https" || (url.scheme() == "http" && here);
    let as_written = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    secure
        && as_written
        && !text.ends_with('/')
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn locations(
    data: &Path,
    database: Option<String>,
    keyring: Option<String>,
) -> (StoreLocation, StoreLocation) {
    let Some(database) = database else {
        return (
            StoreLocation::File(data.join("concord.sqlite")),
            StoreLocation::File(data.join("keyring.sqlite")),
        );
    };
    let keyring = match keyring {
        Some(url) => StoreLocation::Postgres { url, schema: None },
        None => StoreLocation::Postgres {
            url: database.clone(),
            schema: Some("concord_keyring".to_owned()),
        },
    };
    (
        StoreLocation::Postgres {
            url: database,
            schema: None,
        },
        keyring,
    )
}
