//! Putting the copies of a backup in their places.
//!
//! What was there of the data store is kept aside, since what ended in it may still be read from it. What was there of the
//! keyring is not: it may hold keys that are destroyed from now on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use concord_entities::instant::Instant;
use sea_orm::ConnectionTrait;

use super::backup::{location, run};
use super::backup_check::StoreCopy;
use super::manifest::{StorePart, hashed};
use super::postgres_tools::ToolCommand;
use super::restore::{RestoreError, RestorePlan};
use super::unfinished::FolderError;
use crate::private_files;
use crate::settings::{Settings, StoreLocation};
use crate::store::copy;

/// What SQLite keeps beside a file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// What opens content: all of the keyring that can end.
const CONTENT_KEYS: [&str; 3] = ["package_key", "document_key", "record_key"];

/// By how much that epoch is ahead. A keyring's copy has witnessed the data's epoch but for what ended in that second.
const BEYOND: i64 = 1000;

impl RestorePlan {
    /// Puts the copies in their places. No server starts over them before they were gone on from.
    ///
    /// # Errors
    /// [`RestoreError`]: what was put back before it stays; the same command can be given again.
    pub async fn carry_out(
        &mut self,
        settings: &Settings,
        now: Instant,
    ) -> Result<(), RestoreError> {
        if self.accept_loss && !self.brings_keyring() {
            forget_content(&settings.keyring, settings).await?;
        }
        for copy in &self.put_back {
            let part = copy.manifest.what;
            match location(settings, part) {
                StoreLocation::File(file) => self.put_file(copy, settings, file, now).await?,
                location @ StoreLocation::Postgres { schema, .. } => {
                    make_room(location, schema.as_deref(), part, settings).await?;
                    run(ToolCommand::restore(location, &copy.file())?).await?;
                    if part == StorePart::Keyring && self.accept_loss {
                        forget_content(location, settings).await?;
                    }
                }
            }
        }
        self.alone = None;
        Ok(())
    }

    async fn put_file(
        &self,
        copy: &StoreCopy,
        settings: &Settings,
        file: &Path,
        now: Instant,
    ) -> Result<(), RestoreError> {
        let folder = private_files::folder_of(file);
        private_files::make_folder(&folder).map_err(FolderError::at(&folder))?;
        let staged = beside(file, ".restoring");
        remove(&staged)?;
        private_files::create_new(&staged).map_err(FolderError::at(&staged))?;
        fs::copy(copy.file(), &staged).map_err(FolderError::at(&staged))?;
        is_the_copy(copy, &staged)?;
        if copy.manifest.what == StorePart::Keyring {
            if self.accept_loss {
                let staged = StoreLocation::File(staged.clone());
                forget_content(&staged, settings).await?;
            }
            // What is there may hold keys, and its journal would be applied to whatever has its name.
            for old in with_companions(file) {
                remove(&old)?;
            }
        } else {
            let aside = beside(file, &format!(".before-restore-{}", compact(now)));
            for (old, aside) in with_companions(file).zip(with_companions(&aside)) {
                set_aside(&old, &aside)?;
            }
        }
        fs::File::open(&staged)
            .and_then(|staged| staged.sync_all())
            .map_err(FolderError::at(&staged))?;
        fs::rename(&staged, file).map_err(FolderError::at(file))?;
        Ok(private_files::sync_folder(&folder).map_err(FolderError::at(&folder))?)
    }
}

/// Checks that a file holds what the copy held when it was made.
fn is_the_copy(copy: &StoreCopy, file: &Path) -> Result<(), RestoreError> {
    let name = copy.manifest.kind.file(copy.manifest.what);
    let made = copy.manifest.files.iter().find(|one| one.name == name);
    let (bytes, sha256) = hashed(file).map_err(FolderError::at(file))?;
    if made.is_some_and(|made| (made.bytes, &made.sha256) == (bytes, &sha256)) {
        return Ok(());
    }
    let changed = format!("{} could not be copied as it is", copy.file().display());
    Err(RestoreError::Unsound(vec![changed]))
}

/// Removes what is in an empty PostgreSQL store all the same: a table of no migrations, and the schema around it.
async fn make_room(
    location: &StoreLocation,
    schema: Option<&str>,
    part: StorePart,
    settings: &Settings,
) -> Result<(), RestoreError> {
    let removing = async {
        let store = copy::connect(location, settings).await?;
        let table = "DROP TABLE IF EXISTS seaql_migrations";
        store.execute_unprepared(table).await?;
        if let Some(schema) = schema {
            let drop = format!("DROP SCHEMA IF EXISTS {schema}");
            store.execute_unprepared(&drop).await?;
        }
        store.close().await
    };
    removing
        .await
        .map_err(|fault| RestoreError::Unread { part, fault })
}

/// Destroys every key of content in a keyring that is not in use, and has it remember a sharing epoch that no copy of the
/// data has reached: no server starts before the stores are gone on from.
async fn forget_content(location: &StoreLocation, settings: &Settings) -> Result<(), RestoreError> {
    let forgetting = async {
        let keyring = copy::connect(location, settings).await?;
        for table in CONTENT_KEYS {
            let forget = format!("DELETE FROM {table}");
            keyring.execute_unprepared(&forget).await?;
        }
        let remember = format!("UPDATE ledger_witness SET epoch = coalesce(epoch, 0) + {BEYOND}");
        keyring.execute_unprepared(&remember).await?;
        for table in CONTENT_KEYS {
            let vacuum = match location {
                StoreLocation::File(_) => "VACUUM".to_owned(),
                // A plain one leaves the bytes of a page's last row where they were.
                StoreLocation::Postgres { .. } => format!("VACUUM (FULL) {table}"),
            };
            keyring.execute_unprepared(&vacuum).await?;
        }
        keyring.close().await
    };
    forgetting.await.map_err(|fault| RestoreError::Unread {
        part: StorePart::Keyring,
        fault,
    })
}

/// Returns a file with everything that SQLite may keep beside it.
fn with_companions(file: &Path) -> impl Iterator<Item = PathBuf> {
    let companions = COMPANIONS.map(|companion| beside(file, companion));
    [file.to_owned()].into_iter().chain(companions)
}

/// Returns the path that is called as this one is, with more after it.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove(file: &Path) -> Result<(), FolderError> {
    match fs::remove_file(file) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(FolderError::at(file)(fault)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn set_aside(file: &Path, aside: &Path) -> Result<(), FolderError> {
    match fs::rename(file, aside) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(FolderError::at(file)(fault)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Returns a moment as part of a file's name, to the second.
fn compact(now: Instant) -> String {
    let written = Instant::from_unix_seconds(now.unix_seconds()).to_string();
    written.replace(['-', ':'], "")
}
