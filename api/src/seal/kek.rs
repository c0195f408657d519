//! Where the key-encryption keys come from: a file, the environment, or a command. An embedded store makes its own, in a file
//! that only its owner can read.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sea_orm::DbErr;
use zeroize::Zeroizing;

use super::envelope::{InvalidKekError, KeyEncryptionKey};
use super::kek_command::{self, KeyCommandError};
use super::kek_set::{KekSet, SourcedKek, UnwrapError};
use super::wrappings::{self, CheckError};
use crate::private_files::{self, WideRights};
use crate::settings::{KeySource, Settings};
use crate::store::Store;

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
    /// Others can read the file.
    #[error(
        "the key file is not used: {0}; where somebody may have read it, make another key and run `concord kek rotate`"
    )]
    Wide(WideRights),
    /// The program gives none.
    #[error("the key command {program} {fault}")]
    Command {
        /// Which program.
        program: String,
        /// What was wrong with it.
        fault: KeyCommandError,
    },
    /// What came from there is no key.
    #[error("{place} is {fault}")]
    Invalid {
        /// Where it came from: `the key file ...`.
        place: String,
        /// What is wrong with it.
        fault: InvalidKekError,
    },
    /// The keyring has keys, and the file in which their key-encryption key would be is not there.
    #[error(
        "the key file {file} is missing, and the keyring was wrapped under the key in it: put the copy of it back that is kept \
         apart from the backups"
    )]
    Lost {
        /// Which file.
        file: PathBuf,
    },
    /// The process ends, or the reading did.
    #[error("the key-encryption keys were not read to the end: start again")]
    Interrupted,
    /// The keyring needs a key that is not at hand.
    #[error(transparent)]
    Needed(#[from] UnwrapError),
    /// The keyring cannot be asked.
    #[error("the keyring cannot be asked which keys it needs: {0}")]
    Store(#[from] DbErr),
}

/// Reads the keys that this store's keyring needs; makes one where the store is an embedded one that has none yet. A
/// command's program is waited for.
///
/// # Errors
/// [`KekError`]: also where the keyring needs a key that is not at hand.
pub async fn open(settings: &Settings, store: &Store) -> Result<KekSet, KekError> {
    if let KeySource::File(file) = &settings.keys.current
        && !file.exists()
        && settings.database.file().is_some()
        && wrappings::any(&store.keyring).await?
    {
        return Err(KekError::Lost { file: file.clone() });
    }
    let keks = read(settings).await?;
    match wrappings::check(&store.keyring, &keks).await {
        Err(CheckError::Store(fault)) => Err(fault.into()),
        Err(CheckError::Needed(fault)) => Err(fault.into()),
        Ok(()) => Ok(keks),
    }
}

/// Reads the key-encryption keys; makes one where the store is an embedded one that has none yet.
///
/// # Errors
/// [`KekError`].
pub async fn read(settings: &Settings) -> Result<KekSet, KekError> {
    if let KeySource::File(file) = &settings.keys.current
        && settings.database.file().is_some()
        && !file.exists()
    {
        make(file).map_err(|fault| KekError::Unreadable {
            file: file.clone(),
            fault,
        })?;
    }
    read_existing(settings).await
}

/// Reads the key-encryption keys, and makes none.
///
/// # Errors
/// [`KekError`].
pub async fn read_existing(settings: &Settings) -> Result<KekSet, KekError> {
    let sources = settings.keys.clone();
    // A command is waited for.
    let reading = tokio::task::spawn_blocking(move || {
        let current = from(&sources.current)?;
        let other = sources.other.as_ref().map(from).transpose()?;
        Ok(KekSet::new(current, other))
    });
    reading.await.unwrap_or_else(|_| Err(KekError::Interrupted))
}

fn from(source: &KeySource) -> Result<SourcedKek, KekError> {
    let (bytes, place) = match source {
        KeySource::File(file) => (from_file(file)?, format!("the key file {}", file.display())),
        KeySource::Variable(name) => {
            // What is no text is no key either.
            let text = std::env::var(name).unwrap_or_default();
            (text.into_bytes().into(), format!("the variable {name}"))
        }
        KeySource::Command(command) => {
            let program = command.first().cloned().unwrap_or_default();
            let place = format!("what the key command {program} prints");
            let printed = kek_command::run(command);
            let printed = printed.map_err(|fault| KekError::Command { program, fault })?;
            (printed, place)
        }
    };
    let key = KeyEncryptionKey::from_file_bytes(&bytes);
    let key = key.map_err(|fault| KekError::Invalid { place, fault })?;
    Ok(SourcedKek::new(key, source.to_string()))
}

fn from_file(file: &Path) -> Result<Zeroizing<Vec<u8>>, KekError> {
    if let Some(wide) = private_files::with_wide_rights([file]).pop() {
        return Err(KekError::Wide(wide));
    }
    let read = fs::read(file).map_err(|fault| KekError::Unreadable {
        file: file.to_owned(),
        fault,
    })?;
    Ok(Zeroizing::new(read))
}

/// Makes a key file, 64 hex digits, that only its owner can read.
fn make(file: &Path) -> io::Result<()> {
    let mut key = Zeroizing::new([0_u8; 32]);
    aws_lc_rs::rand::fill(key.as_mut())
        .map_err(|_| io::Error::other("the system has no randomness to give"))?;
    let mut opened = private_files::create_new(file)?;
    writeln!(
        opened,
        "{}",
        Zeroizing::new(hex::encode(key.as_ref())).as_str()
    )?;
    opened.sync_all()
}
