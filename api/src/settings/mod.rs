//! The settings: file < environment < flag, parsed once.
//!
//! Every fault is reported together, and a key that we do not know is a fault: a misspelt safeguard must not be
//! taken for one.

mod advice;
mod allowances;
mod keys;
mod operator;
pub mod origin;
mod postgres_url;
mod proxies;
mod sources;
mod stores;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use advice::Places;
use allowances::WrittenAllowances;
pub use allowances::{AGENCY_SHARE, Allowances, MAX_COST};
pub use keys::{KEY_VARIABLE, KeySource, KeySources, OTHER_KEY_VARIABLE};
use keys::{WrittenKey, WrittenKeys};
pub use postgres_url::{PostgresUrlError, read as read_postgres_url};
use proxies::WrittenProxies;
pub use proxies::{ForwardedHeader, TrustedProxies};
use sources::without_passwords;
pub use stores::StoreLocation;
use stores::{Stores, WrittenStores};

/// Where the service listens, what it keeps and what it calls itself.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that an operator sets by its name"
)]
pub struct Settings {
    /// The address that the service listens on.
    pub listen: SocketAddr,
    /// The address that metrics are shown at, where somebody watches.
    pub metrics_listen: Option<SocketAddr>,
    /// The proxies whose word about who asked is taken.
    pub proxies: TrustedProxies,
    /// The folder that holds the embedded stores and the key-encryption key.
    pub data: PathBuf,
    /// The folder in which this server remembers how far the stores had come, outside what is backed up.
    pub state: PathBuf,
    /// Where the data store is.
    pub database: StoreLocation,
    /// Where the keyring is.
    pub keyring: StoreLocation,
    /// Whether the keyring may be in the data store's own cluster.
    pub keyring_beside_data: bool,
    /// Whether a named standby must have what was committed before anybody is told.
    pub synchronous_standby: bool,
    /// Where the key-encryption keys come from.
    pub keys: KeySources,
    /// The `iss` of our tokens, an `https` URL (RFC 8414, 2): where partners find the authorization server.
    pub issuer: String,
    /// The `aud` of our tokens: the URL at which partners find `/graphql` (RFC 9728, 1.2).
    pub audience: String,
    /// The origins of pages that may call with any application's token.
    pub allowed_origins: Vec<String>,
    /// Whether the explorer page is served.
    pub explorer: bool,
    /// Whether agencies' own issuers may publish their keys at private addresses.
    pub issuer_private_addresses: bool,
    /// A file of certificates (PEM) that agencies' own issuers may stand on besides those that the machine trusts.
    pub issuer_ca_file: Option<PathBuf>,
    /// The witnesses that cosign the log's checkpoints: where each is, and its verifier key.
    pub witnesses: Vec<(Url, String)>,
    /// The number of request workers.
    pub workers: usize,
    /// Database connections for each worker.
    pub connections: u32,
    /// How much an application may ask for, and how often somebody may fail to prove who they are.
    pub allowances: Allowances,
    /// For how long a backup of the keyring is kept: after that, no copy of a destroyed key is left.
    pub keyring_backups: Duration,
    /// The operator's name, as it goes on record with what they do.
    pub operator: String,
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

/// The settings as a file, the environment or the flags write them; every key may be missing.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSettings {
    /// The address to listen on, such as `127.0.0.1:4000`. What Kubernetes sets for a service called `concord`
    /// (`CONCORD_PORT`, `CONCORD_SERVICE_HOST`, ...) is passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// The address at which Prometheus reads `/metrics`, such as `127.0.0.1:9464`: another port than `listen`'s, asking for no
    /// token, so that only it should reach it [default: none, and nothing is counted].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<String>,
    /// The proxies before the service, as a list of networks such as `10.1.0.0/16`, with commas in the environment: what one
    /// of them writes in `forwarded_header` is where a request comes from, in limits and in the audit log [default: none, so
    /// that it is the socket's peer].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<Vec<String>>,
    /// The one header in which they write it: `x-forwarded-for` (the default) or `forwarded` (RFC 7239). The other is not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_header: Option<String>,
    /// The data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The state folder: there each server remembers how far the stores had come. Outside what is backed up, and each
    /// server's own [default: the data folder's name with `-state`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PathBuf>,
    /// A `postgres://` URL; without it the store is a file in the data folder. On a network, the server's certificate and name
    /// are verified (`sslmode=verify-full`, the authority by `sslrootcert=FILE`) unless it or `PGSSLMODE` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// A `postgres://` URL for the keyring, in another cluster than the data. With `database_url`, this or one of the next
    /// two is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyring_url: Option<String>,
    /// An SQLite file for the keyring, where there is one server [default without `database_url`: `keyring.sqlite` in the
    /// data folder].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyring_file: Option<PathBuf>,
    /// Whether the keyring may be in the data's own cluster, where every copy of the cluster takes the keys along: a schema
    /// of its own in the same database or, with `keyring_url`, another database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyring_beside_data: Option<bool>,
    /// Whether a standby in PostgreSQL's `synchronous_standby_names` must have what was committed before anybody is told, so
    /// that an old primary releases nothing once its standby was promoted [default: no]. Only with `database_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronous_standby: Option<bool>,
    /// The file with the key-encryption key, which only its owner may read: 32 bytes, their base64, or 64 hex digits. Instead
    /// of it, the variable `CONCORD_KEY` may hold that text, or `key_command` print it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// A program that prints the key-encryption key, and its arguments, as a list: a client of a KMS or an HSM. It has 10
    /// seconds, and no shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_command: Option<Vec<String>>,
    /// A file with a second key-encryption key, which is accepted as well: see `concord kek rotate`. Instead of it, the
    /// variable `CONCORD_OTHER_KEY`, or `other_key_command`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_key_file: Option<PathBuf>,
    /// A program that prints the second key, and its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_key_command: Option<Vec<String>>,
    /// The `iss` of our tokens: the URL under which partners reach the service [default: this machine at the
    /// port of `listen`, `http://127.0.0.1:4000`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The `aud` of our tokens [default: the issuer with `/graphql`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The origins of pages that may call with any application's token, each as a browser sends it: `https://desk.example`
    /// [default: none]. In the environment, set apart by commas. An application's own are registered with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,
    /// Whether to serve the explorer page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explorer: Option<bool>,
    /// Whether to fetch issuers' keys from private addresses as well [default: no].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_private_addresses: Option<bool>,
    /// Certificates that issuers may stand on besides the machine's own, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_ca_file: Option<PathBuf>,
    /// The witnesses that are asked to cosign the audit log's checkpoints, as a list, each its URL, a space and its verifier key
    /// (`https://witness.example/ witness.example+...`), with commas in the environment [default: none]. See `concord audit witness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<Vec<String>>,
    /// The number of request workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    /// Database connections for each worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// What an application of an agency's may ask for each second in the long run, in units of cost (docs/CLIENTS.md), each
    /// of about a microsecond of processor time; all applications of an agency together twice that. 50000 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_second: Option<u32>,
    /// What it may ask for at once, at least the 250000 that one operation may cost; 1000000 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_burst: Option<u32>,
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
    /// Your name: it goes into the audit log with each command that you give, 1 to 128 characters [default: the name by which you
    /// logged in].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
}

impl fmt::Debug for RawSettings {
    /// Writes what is set, no password, and of a command the program alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.clone();
        let commands = [&mut shown.key_command, &mut shown.other_key_command];
        for words in commands.into_iter().flatten() {
            words.truncate(1);
        }
        let written = serde_json::to_string(&shown).map_err(|_| fmt::Error)?;
        f.write_str(&without_passwords(&written))
    }
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
        let written = sources::read(file, flags).map_err(|fault| SettingsError(vec![fault]))?;
        written.check()
    }
}

impl Settings {
    /// Returns what their operator should know of them, a sentence or two each: what no longer holds, and which files others
    /// can look into.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        Places {
            data: &self.data,
            state: &self.state,
            database: &self.database,
            keyring: &self.keyring,
            keyring_beside_data: self.keyring_beside_data,
            listen: self.listen,
            metrics_listen: self.metrics_listen,
            issuer: &self.issuer,
            proxies: &self.proxies,
        }
        .advice()
    }

    /// Returns these settings for a service that answers at this address, whose port was not known before. What follows
    /// the address follows it.
    #[must_use]
    pub fn answering_at(mut self, address: SocketAddr) -> Self {
        let follows = self.issuer == issuer_at(self.listen);
        if follows && self.audience == audience_of(&self.issuer) {
            self.audience = audience_of(&issuer_at(address));
        }
        if follows {
            self.issuer = issuer_at(address);
        }
        self.listen = address;
        self
    }
}

impl RawSettings {
    fn check(self) -> Result<Settings, SettingsError> {
        let mut faults = Vec::new();
        let allowances = WrittenAllowances {
            cost_per_second: self.cost_per_second,
            cost_burst: self.cost_burst,
            endings_per_second: self.endings_per_second,
            endings_burst: self.endings_burst,
            failed_per_minute: self.failed_per_minute,
        }
        .check(&mut faults);
        let listen = self.listen.as_deref().unwrap_or("127.0.0.1:4000");
        let listen = address("listen", listen, &mut faults)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 4000)));
        let metrics_listen = self.metrics_listen.as_deref();
        let metrics_listen =
            metrics_listen.and_then(|listen| address("metrics_listen", listen, &mut faults));
        let proxies = WrittenProxies {
            trusted: self.trusted_proxies.unwrap_or_default(),
            header: self.forwarded_header,
        }
        .check(&mut faults);
        let Stores {
            data,
            state,
            database,
            keyring,
        } = WrittenStores {
            data: self.data.unwrap_or_else(|| PathBuf::from("concord-data")),
            state: self.state,
            database_url: self.database_url,
            keyring_url: self.keyring_url,
            keyring_file: self.keyring_file,
            keyring_beside_data: self.keyring_beside_data.unwrap_or(false),
        }
        .check(&mut faults);
        let keys = WrittenKeys {
            current: WrittenKey {
                file: self.key_file,
                command: self.key_command,
            },
            other: WrittenKey {
                file: self.other_key_file,
                command: self.other_key_command,
            },
        }
        .check(&data, database.file().is_some(), &mut faults);
        faults.extend(self.issuer_ca_file.as_deref().and_then(missing));
        if self.synchronous_standby == Some(true) && matches!(database, StoreLocation::File(_)) {
            faults.push("synchronous_standby: only together with database_url".to_owned());
        }
        let workers = self
            .workers
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from));
        let connections = self.connections.unwrap_or(8);
        if workers == 0 || connections == 0 {
            faults.push("workers, connections: at least 1".to_owned());
        }
        let issuer = self.issuer.unwrap_or_else(|| issuer_at(listen));
        let audience = self.audience.unwrap_or_else(|| audience_of(&issuer));
        for (key, identifier) in [("issuer", &issuer), ("audience", &audience)] {
            if !is_identifier(identifier) {
                faults.push(format!(
                    "{key}: an https:// URL without query, fragment and final `/`; http:// only for this very machine"
                ));
            }
        }
        let allowed_origins = self.allowed_origins.unwrap_or_default();
        faults.extend(allowed_origins.iter().filter_map(|text| no_origin(text)));
        let witnesses = witnesses(&self.witnesses.unwrap_or_default(), &mut faults);
        let keyring_backups = keyring_backups(self.keyring_backup_days, &mut faults);
        let operator = operator::checked(self.operator, &mut faults);
        if !faults.is_empty() {
            return Err(SettingsError(faults));
        }
        Ok(Settings {
            listen,
            metrics_listen,
            proxies,
            state,
            database,
            keyring,
            keyring_beside_data: self.keyring_beside_data.unwrap_or(false),
            synchronous_standby: self.synchronous_standby.unwrap_or(false),
            keys,
            data,
            issuer,
            audience,
            allowed_origins,
            explorer: self.explorer.unwrap_or(false),
            issuer_private_addresses: self.issuer_private_addresses.unwrap_or(false),
            issuer_ca_file: self.issuer_ca_file,
            witnesses,
            workers,
            connections,
            allowances,
            keyring_backups,
            operator,
            sessions: SessionKind::Server,
        })
    }
}

/// Reads an address to listen on.
fn address(key: &str, text: &str, faults: &mut Vec<String>) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        faults.push(format!(
            "{key}: `{text}` is not ADDRESS:PORT, such as 127.0.0.1:4000"
        ));
    }
    address
}

/// Says that there is no file of authorities.
fn missing(file: &Path) -> Option<String> {
    let name = file.display();
    (!file.is_file()).then(|| format!("issuer_ca_file: there is no file {name}"))
}

/// Says that a text is not an origin.
fn no_origin(text: &str) -> Option<String> {
    let expected = origin::EXPECTED;
    (!origin::is_origin(text)).then(|| format!("allowed_origins: `{text}` is not {expected}"))
}

/// Returns the witnesses that are written like this; what their keys are worth is looked at when they are asked.
fn witnesses(written: &[String], faults: &mut Vec<String>) -> Vec<(Url, String)> {
    let mut witnesses = Vec::new();
    for text in written {
        let parts = text.trim().split_once(' ');
        let parts = parts.and_then(|(url, vkey)| Some((Url::parse(url).ok()?, vkey.trim())));
        match parts {
            Some((url, vkey)) if origin::is_secure(&url) && !vkey.contains(' ') => {
                witnesses.push((url, vkey.to_owned()));
            }
            Some(_) | None => faults.push(format!(
                "witnesses: `{text}` is not an https:// URL (http:// only for this very machine), a space and a verifier key"
            )),
        }
    }
    witnesses
}

/// Returns for how long backups of the keyring are kept; 30 days unless told.
fn keyring_backups(days: Option<u32>, faults: &mut Vec<String>) -> Duration {
    let days = days.unwrap_or(30);
    if days > 3650 {
        faults.push("keyring_backup_days: at most 3650".to_owned());
    }
    Duration::from_hours(24 * u64::from(days))
}

/// Returns who we are to a partner who tries the service on its own machine, at the listener's port.
fn issuer_at(listen: SocketAddr) -> String {
    let here = match listen.ip() {
        address if address.is_loopback() => address,
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => Ipv4Addr::LOCALHOST.into(),
    };
    let url = format!("http://{}", SocketAddr::new(here, listen.port()));
    // As every library writes it: without the port that everybody knows.
    Url::parse(&url).map_or(url, |url| url.as_str().trim_end_matches('/').to_owned())
}

/// Returns the resource of an issuer that names none.
fn audience_of(issuer: &str) -> String {
    format!("{}/graphql", issuer.trim_end_matches('/'))
}

/// Returns whether a URL can be an issuer's or a resource's identifier (RFC 8414, 2; RFC 9728, 1.2). It is compared
/// letter for letter, so it must be written as every library would write it.
fn is_identifier(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let as_written = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    origin::is_secure(&url)
        && as_written
        && !text.ends_with('/')
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}
