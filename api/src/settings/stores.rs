//! Where the two stores are, and the folder beside them in which a server remembers how far they had come.

use std::fmt;
use std::path::{Path, PathBuf};

use super::postgres_url;
use super::sources::without_passwords;

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Display for StoreLocation {
    /// Writes where the store is, never with a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "embedded, {}", file.display()),
            Self::Postgres { url, schema } => {
                let url = without_passwords(url);
                let place = url.split_once("://").map_or("", |(_, place)| place);
                write!(f, "PostgreSQL, {place}")?;
                match schema {
                    Some(schema) => write!(f, ", schema {schema}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Debug for StoreLocation {
    /// Writes the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StoreLocation {
    /// The schema that a keyring in the data's own database has.
    pub const KEYRING_SCHEMA: &str = "concord_keyring";

    /// Returns the file of an embedded store.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Postgres { .. } => None,
        }
    }

    /// Returns the place of a keyring beside the data: a schema of its own in the same database, or a file in the data
    /// folder.
    #[must_use]
    pub fn keyring_beside(database: &Self, data: &Path) -> Self {
        match database {
            Self::File(_) => Self::File(data.join("keyring.sqlite")),
            Self::Postgres { url, .. } => Self::Postgres {
                url: url.clone(),
                schema: Some(Self::KEYRING_SCHEMA.to_owned()),
            },
        }
    }
}

/// Where the stores are, as it is written.
pub(super) struct WrittenStores {
    pub(super) data: PathBuf,
    pub(super) state: Option<PathBuf>,
    pub(super) database_url: Option<String>,
    pub(super) keyring_url: Option<String>,
    pub(super) keyring_file: Option<PathBuf>,
    pub(super) keyring_beside_data: bool,
}

/// Where the stores are.
pub(super) struct Stores {
    pub(super) data: PathBuf,
    pub(super) state: PathBuf,
    pub(super) database: StoreLocation,
    pub(super) keyring: StoreLocation,
}

impl WrittenStores {
    /// Returns where the stores are. What is wrong is added to `faults`.
    pub(super) fn check(mut self, faults: &mut Vec<String>) -> Stores {
        self.check_keyring(faults);
        for (key, url) in [
            ("database_url", &mut self.database_url),
            ("keyring_url", &mut self.keyring_url),
        ] {
            match url.as_deref().map(postgres_url::read) {
                Some(Ok(read)) => *url = Some(read),
                Some(Err(fault)) => faults.push(format!("{key}: {fault}")),
                None => {}
            }
        }
        let database = match self.database_url {
            Some(url) => StoreLocation::Postgres { url, schema: None },
            None => StoreLocation::File(self.data.join("concord.sqlite")),
        };
        let keyring = match (self.keyring_url, self.keyring_file) {
            (Some(url), _) => StoreLocation::Postgres { url, schema: None },
            (None, Some(file)) => StoreLocation::File(file),
            (None, None) => StoreLocation::keyring_beside(&database, &self.data),
        };
        let state = self.state.or_else(|| state_beside(&self.data));
        if state.is_none() {
            faults
                .push("state: say which folder; the data folder has no place beside it".to_owned());
        }
        Stores {
            state: state.unwrap_or_default(),
            data: self.data,
            database,
            keyring,
        }
    }

    fn check_keyring(&self, faults: &mut Vec<String>) {
        let mut fault = |fault: &str| faults.push(fault.to_owned());
        let (apart, file) = (self.keyring_url.is_some(), self.keyring_file.is_some());
        if apart && file {
            fault("keyring_url, keyring_file: only one of them");
        }
        if file && self.keyring_beside_data {
            fault("keyring_file, keyring_beside_data: only one of them");
        }
        if self.database_url.is_none() {
            if apart {
                fault("keyring_url: only together with database_url");
            }
            if self.keyring_beside_data {
                fault("keyring_beside_data: only together with database_url");
            }
        } else if !apart && !file && !self.keyring_beside_data {
            fault(
                "database_url: say where the keyring is, too: keyring_url, a PostgreSQL cluster of its own; or keyring_file, \
                 an SQLite file, where there is one server; or keyring_beside_data = true, a schema in the same database, as \
                 concord 0.1 had it: every copy of the database then holds the keys as well. `concord keyring move` brings an \
                 existing keyring over",
            );
        }
        if apart && self.keyring_url == self.database_url {
            fault(
                "keyring_url: the data store itself; name another cluster, or set keyring_beside_data alone",
            );
        }
    }
}

/// Returns the folder that is called as the data folder is, with `-state` after it.
fn state_beside(data: &Path) -> Option<PathBuf> {
    let beside = |folder: &Path| {
        let mut name = folder.file_name()?.to_owned();
        name.push("-state");
        Some(folder.with_file_name(name))
    };
    beside(data).or_else(|| beside(&std::path::absolute(data).ok()?))
}
