//! `concord keyring`: move the keys to another keyring.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use concord::recovery::keyring_move::{self, MovedKeys};
use concord::settings::{SessionKind, Settings, StoreLocation, read_postgres_url};
use miette::{IntoDiagnostic, Result};

use super::options::{Options, StoreUrl};

/// What to do with the keyring.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyringCommand {
    /// Move every key from the keyring named here to the one that the settings name, and destroy them in the old one. With
    /// no server running. Interrupted, run it again.
    Move(MoveKeys),
}

/// Where the keys are now; the settings name where they are to be.
#[derive(Debug, Args)]
pub(crate) struct MoveKeys {
    #[command(flatten)]
    from: OldKeyring,
    /// The schema that the old keyring has in the database of --from-url.
    #[arg(long, requires = "from_url")]
    from_schema: Option<String>,
    #[command(flatten)]
    options: Options,
}

/// The keyring that the keys are in now.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct OldKeyring {
    /// The `postgres://` URL of the keyring that the keys are in now.
    #[arg(id = "from_url", long = "from-url")]
    url: Option<StoreUrl>,
    /// The SQLite file that they are in now.
    #[arg(id = "from_file", long = "from-file")]
    file: Option<PathBuf>,
    /// They are beside the data now: in its database or, embedded, in the data folder.
    #[arg(id = "from_beside_data", long = "from-beside-data")]
    beside_data: bool,
}

impl KeyringCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Move(what) => what.run().await,
        }
    }
}

impl MoveKeys {
    async fn run(self) -> Result<()> {
        let command = SessionKind::LongCommand("keyring move");
        let settings = self.options.settings_of(command)?;
        let from = self.from.location(self.from_schema, &settings)?;
        let moved = keyring_move::move_keys(&settings, &from)
            .await
            .into_diagnostic()?;
        let to = &settings.keyring;
        match moved {
            MovedKeys::Now(rows) => println!("moved to {to}: {rows} keys and witnesses"),
            MovedKeys::Before => println!("they had been moved to {to}"),
        }
        println!(
            "the old keyring ({from}) holds no key any more; its backups do, for as long as they are kept"
        );
        Ok(())
    }
}

impl OldKeyring {
    fn location(self, schema: Option<String>, settings: &Settings) -> Result<StoreLocation> {
        Ok(match (self.url, self.file) {
            (Some(url), _) => {
                let url = read_postgres_url(&url.0).into_diagnostic()?;
                StoreLocation::Postgres { url, schema }
            }
            (None, Some(file)) => StoreLocation::File(file),
            (None, None) => StoreLocation::keyring_beside(&settings.database, &settings.data),
        })
    }
}
