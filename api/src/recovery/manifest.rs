//! What a backup says of itself: whose it is, how far it goes, and what its files must hash to.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use concord_entities::instant::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::tree::Digest;
use crate::private_files;
use crate::settings::StoreLocation;

/// The manifest's name in its folder.
pub const MANIFEST: &str = "manifest.json";
/// The only form of manifests so far.
pub const FORMAT: u32 = 1;

/// One of the two stores. Their backups are kept apart, and not for as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorePart {
    /// The data store.
    Data,
    /// The keyring.
    Keyring,
}

impl StorePart {
    /// Both, the data first: a package's key is made before the package, so that a keyring which is copied later has it.
    pub const BOTH: [Self; 2] = [Self::Data, Self::Keyring];

    /// Returns the name of its folder in a backup of both.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Keyring => "keyring",
        }
    }
}

impl fmt::Display for StorePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Data => "data store",
            Self::Keyring => "keyring",
        })
    }
}

/// What a store is a copy of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// An SQLite file.
    Sqlite,
    /// A dump of PostgreSQL's, in its custom format.
    Postgres,
}

impl StoreKind {
    /// Returns the kind of store at a place.
    #[must_use]
    pub fn of(location: &StoreLocation) -> Self {
        match location {
            StoreLocation::File(_) => Self::Sqlite,
            StoreLocation::Postgres { .. } => Self::Postgres,
        }
    }

    /// Returns the name of the copy's only file.
    #[must_use]
    pub fn file(self, part: StorePart) -> &'static str {
        match (self, part) {
            (Self::Sqlite, StorePart::Data) => "concord.sqlite",
            (Self::Sqlite, StorePart::Keyring) => "keyring.sqlite",
            (Self::Postgres, StorePart::Data) => "concord.dump",
            (Self::Postgres, StorePart::Keyring) => "keyring.dump",
        }
    }
}

/// Whose copy it is and how far it goes: of the data store its ledger's head and its epoch, of the keyring what it had
/// witnessed of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreContents {
    /// The data store's identity.
    pub store_id: Uuid,
    /// The keyring's.
    pub keyring_id: Uuid,
    /// How many events the ledger has in order.
    pub size: u64,
    /// The root over them.
    #[serde(with = "super::as_text")]
    pub root: Digest,
    /// How many more are recorded, and wait for their places.
    pub waiting: u64,
    /// The sharing epoch.
    pub epoch: i64,
    /// The steps that the store has been through.
    pub migrations: Vec<String>,
}

impl StoreContents {
    /// Returns how many events it holds.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.size.saturating_add(self.waiting)
    }
}

/// What a folder of a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of this manifest.
    pub format: u32,
    /// Which store it is of.
    pub what: StorePart,
    /// What was copied.
    pub kind: StoreKind,
    /// When, by the database's clock: everything that was durable then is in it.
    #[serde(with = "super::as_text")]
    pub at: Instant,
    /// The version of the program that made it.
    pub program: String,
    /// Whose it is and how far it goes.
    pub contents: StoreContents,
    /// Its files.
    pub files: Vec<CopiedFile>,
}

/// A file as it was when the backup was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedFile {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// Why a folder is no backup.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error(
        "{0} holds no backup: there is no manifest.json in it. A dump or a base backup that was made otherwise is put \
         back by the tools that made it; then run `concord audit reopen`"
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{file} cannot be read: {fault}")]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
    /// It is none.
    #[error("{file} is damaged: {fault}. Take another backup")]
    Malformed {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        fault: serde_json::Error,
    },
    /// A later program wrote it.
    #[error("{file} has the form {format}, which concord {version} does not know: use a later program",
        version = env!("CARGO_PKG_VERSION"))]
    Newer {
        /// Which file.
        file: PathBuf,
        /// Its form.
        format: u32,
    },
}

impl Manifest {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let file = folder.join(MANIFEST);
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                return Err(ManifestError::Missing(folder.to_owned()));
            }
            Err(fault) => return Err(ManifestError::Unreadable { file, fault }),
        };
        let malformed = |fault| ManifestError::Malformed {
            file: file.clone(),
            fault,
        };
        let Form { format } = serde_json::from_slice(&bytes).map_err(malformed)?;
        if format > FORMAT {
            return Err(ManifestError::Newer { file, format });
        }
        serde_json::from_slice(&bytes).map_err(malformed)
    }

    /// Writes the manifest into its folder, for its owner alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = private_files::create_new(&folder.join(MANIFEST))?;
        serde_json::to_writer_pretty(&mut file, self)?;
        io::Write::write_all(&mut file, b"\n")
    }
}

impl CopiedFile {
    /// Reads a file of this folder through.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(folder: &Path, name: &str) -> io::Result<Self> {
        let (bytes, sha256) = hashed(&folder.join(name))?;
        Ok(Self {
            name: name.to_owned(),
            bytes,
            sha256,
        })
    }

    /// Returns what is wrong with the file by now; nothing where it is as it was.
    #[must_use]
    pub fn fault(&self, folder: &Path) -> Option<String> {
        let name = &self.name;
        match Self::of(folder, name) {
            Ok(found) if found == *self => None,
            Ok(found) if found.bytes != self.bytes => Some(format!(
                "{name} has {} bytes, and had {}",
                found.bytes, self.bytes
            )),
            Ok(_) => Some(format!("{name} was changed: its SHA-256 is another one")),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                Some(format!("{name} is missing"))
            }
            Err(fault) => Some(format!("{name} cannot be read: {fault}")),
        }
    }
}

/// Returns a file's length and its SHA-256.
///
/// # Errors
/// What the system says.
pub(super) fn hashed(file: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(file)?;
    let mut hash = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0_u64;
    loop {
        let read = file.read(&mut buffer)?;
        let Some(some) = buffer.get(..read).filter(|some| !some.is_empty()) else {
            return Ok((bytes, hex::encode(hash.finish())));
        };
        hash.update(some);
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}
