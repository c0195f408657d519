//! Copies of a backup's copies, opened as a server would open its stores, to see that it could.

use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DbErr};

use super::backup_check::BackupReport;
use super::manifest::{StoreKind, StorePart};
use super::unfinished::{FolderError, UnfinishedFolder};
use crate::settings::{Settings, StoreLocation};
use crate::store::copy;

/// Stores that are there for a moment. They go with this.
#[derive(Debug)]
pub struct Trial {
    /// The settings that name them.
    pub settings: Settings,
    _folder: UnfinishedFolder,
}

/// Why a backup cannot be tried out.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// There is no place for it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no SQLite copy of the data.
    #[error(
        "only SQLite copies of the data can be tried out here: put a dump back into a database of its own, and run `concord \
         audit verify` over it"
    )]
    NoFile,
    /// There is no keyring.
    #[error(
        "the log is signed by a key of the keyring, and there is none: name a backup of both stores, or run this where the \
         keyring is a file"
    )]
    NoKeyring,
    /// The key-encryption key is not here.
    #[error("{0} is missing: the log's key in the keyring is wrapped under it")]
    NoKey(PathBuf),
    /// SQLite does not do it.
    #[error("the copies cannot be opened: {0}")]
    Unread(#[from] DbErr),
}

impl Trial {
    /// Copies a backup's copies beside it. The keyring that is in use stands in for one that is not in the backup.
    ///
    /// # Errors
    /// [`TrialError`].
    pub async fn of(
        report: &BackupReport,
        settings: &Settings,
        backup: &Path,
    ) -> Result<Self, TrialError> {
        if let Some(file) = settings.keys.missing_file() {
            return Err(TrialError::NoKey(file.to_owned()));
        }
        let data = file_of(report, StorePart::Data).ok_or(TrialError::NoFile)?;
        let in_use = match &settings.keyring {
            StoreLocation::File(file) if file.is_file() => Some(file.clone()),
            StoreLocation::File(_) | StoreLocation::Postgres { .. } => None,
        };
        let keyring = file_of(report, StorePart::Keyring)
            .or(in_use)
            .ok_or(TrialError::NoKeyring)?;
        let mut name = backup.as_os_str().to_owned();
        name.push(".trial");
        let folder = UnfinishedFolder::begin(Path::new(&name))?;
        let at = |name: &str| folder.path().join(name);
        let stores = [
            (data, at(StoreKind::Sqlite.file(StorePart::Data))),
            (keyring, at(StoreKind::Sqlite.file(StorePart::Keyring))),
        ];
        for (file, copied) in &stores {
            copy::copy_file(file, copied).await?;
        }
        let [(_, data), (_, keyring)] = stores;
        let settings = Settings {
            data: folder.path().to_owned(),
            database: StoreLocation::File(data),
            keyring: StoreLocation::File(keyring),
            ..settings.clone()
        };
        // The keyring was copied after the data, and its witness has seen more: that is no fault of the log.
        let opened = copy::connect(&settings.keyring, &settings).await?;
        let forgotten = opened
            .execute_unprepared("DELETE FROM ledger_witness")
            .await;
        let _ = opened.close().await;
        forgotten?;
        Ok(Self {
            settings,
            _folder: folder,
        })
    }
}

fn file_of(report: &BackupReport, part: StorePart) -> Option<PathBuf> {
    let copy = report.copy_of(part)?;
    (copy.manifest.kind == StoreKind::Sqlite).then(|| copy.file())
}
