//! Where the key-encryption key comes from: a file. An embedded store makes its own, readable by its owner alone.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::envelope::{InvalidKekError, KeyEncryptionKey};
use crate::settings::{Settings, StoreLocation};

/// Why there is no key-encryption key.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// The file cannot be read or made.
    #[error("the key file {file} cannot be read: {fault}")]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
    /// The file holds no key.
    #[error("the key file {file} is {fault}")]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        fault: InvalidKekError,
    },
}

/// Reads the key-encryption key; makes one where the store is an embedded one that has none yet.
///
/// # Errors
/// [`KekError`].
pub fn read(settings: &Settings) -> Result<KeyEncryptionKey, KekError> {
    let file = &settings.key_file;
    let unreadable = |fault| KekError::Unreadable {
        file: file.clone(),
        fault,
    };
    if matches!(settings.database, StoreLocation::File(_)) && !file.exists() {
        make(file).map_err(unreadable)?;
    }
    let bytes = Zeroizing::new(fs::read(file).map_err(unreadable)?);
    KeyEncryptionKey::from_file_bytes(&bytes).map_err(|fault| KekError::Invalid {
        file: file.clone(),
        fault,
    })
}

/// Makes a key file, 64 hex digits, that only its owner can read.
fn make(file: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0_u8; 32]);
    aws_lc_rs::rand::fill(key.as_mut())
        .map_err(|_| io::Error::other("the system has no randomness to give"))?;
    let mut opened = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    writeln!(opened, "{}", hex::encode(key.as_ref()))?;
    opened.sync_all()
}
