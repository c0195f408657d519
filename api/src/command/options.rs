//! The options that every command has: where the stores are.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use concord::audit::change::{ByOperator, Change};
use concord::settings::{RawSettings, SessionKind, Settings};
use concord::store::Store;
use miette::{IntoDiagnostic, Result, miette};

/// A URL that may hold a password, and does not show it.
#[derive(Clone)]
pub(crate) struct StoreUrl(pub(crate) String);

impl From<String> for StoreUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a URL)")
    }
}

/// Where the settings come from. A flag wins over the environment, the environment over the file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Options {
    /// A settings file, TOML.
    #[arg(long, env = "CONCORD_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder [default: concord-data, with --demo: demo].
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// A `postgres://` URL for the data store; without it, an embedded store in the data folder.
    #[arg(long)]
    database_url: Option<StoreUrl>,
    /// The state folder [default: the data folder's name with -state].
    #[arg(long)]
    state: Option<PathBuf>,
    /// A `postgres://` URL for the keyring, in another cluster than the data.
    #[arg(long)]
    keyring_url: Option<StoreUrl>,
    /// An SQLite file for the keyring, where there is one server.
    #[arg(long)]
    keyring_file: Option<PathBuf>,
    /// Have the keyring in the data's own cluster, where every copy of the cluster takes the keys along.
    #[arg(long)]
    keyring_beside_data: bool,
    /// The file with the key-encryption key, 64 hex digits.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// A file with a second key-encryption key that is accepted, too.
    #[arg(long)]
    other_key_file: Option<PathBuf>,
    /// Your name: it goes into the audit log with what you do [default: the name by which you logged in].
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
}

impl Options {
    /// Returns the settings of a command, whose sessions with the stores are of this kind.
    pub(crate) fn settings_of(&self, sessions: SessionKind) -> Result<Settings> {
        let settings = self.settings(RawSettings::default())?;
        Ok(Settings {
            sessions,
            ..settings
        })
    }

    /// Returns the settings, with these flags and `more`.
    pub(crate) fn settings(&self, more: RawSettings) -> Result<Settings> {
        let flags = RawSettings {
            data: self.data.clone().or(more.data),
            database_url: self.database_url.clone().map(|url| url.0),
            state: self.state.clone(),
            keyring_url: self.keyring_url.clone().map(|url| url.0),
            keyring_file: self.keyring_file.clone(),
            keyring_beside_data: self.keyring_beside_data.then_some(true),
            key_file: self.key_file.clone(),
            other_key_file: self.other_key_file.clone(),
            operator: self.operator.clone(),
            ..more
        };
        Settings::read(self.config.as_deref(), &flags).into_diagnostic()
    }
}

/// Puts on record that the operator gave a command which shows records, before it shows them.
pub(crate) async fn given(store: &Store) -> Result<()> {
    Change::<ByOperator>::command_given(store)
        .await
        .map_err(|refusal| miette!("{}", refusal.error))
}
