//! Making a backup: a folder for each store, so that they can be kept apart, each with a manifest.
//!
//! A backup is made beside a running server and holds nobody up for long. It is never half of one: the folder gets its
//! name when all of it is durable.

use std::path::Path;

use concord_entities::instant::Instant;
use sea_orm::DbErr;

use super::contents;
use super::manifest::{CopiedFile, FORMAT, Manifest, StoreContents, StoreKind, StorePart};
use super::postgres_tools::{ToolCommand, ToolError};
use super::unfinished::{FolderError, UnfinishedFolder};
use crate::audit::change::{ByOperator, Change};
use crate::audit::witnesses::{WitnessError, Witnesses};
use crate::clock;
use crate::error::Refusal;
use crate::private_files;
use crate::settings::{Settings, StoreLocation};
use crate::store::copy::{self, Snapshot};
use crate::store::error::StoreError;
use crate::store::{Connections, Store};

/// Why there is no backup. Nothing is left of one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder cannot be made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no store.
    #[error("there is no {part} at {location}: nothing was copied")]
    NoStore {
        /// Which one.
        part: StorePart,
        /// Where.
        location: StoreLocation,
    },
    /// The store is too old to say whose it is.
    #[error(
        "the {0} is from before stores had identities, and a copy of it could not be told from another: let this program \
         bring it up first (`concord migrate up`)"
    )]
    NoIdentity(StorePart),
    /// A store cannot be read.
    #[error("the {part} cannot be copied: {fault}")]
    Unread {
        /// Which one.
        part: StorePart,
        /// What the database says.
        fault: DbErr,
    },
    /// The copy is damaged, and so is the store, most likely.
    #[error(
        "the copy of the {part} is damaged, and so is the {part}, most likely: {}. Keep your earlier backups",
        faults.join("; ")
    )]
    Damaged {
        /// Which one.
        part: StorePart,
        /// What SQLite finds.
        faults: Vec<String>,
    },
    /// PostgreSQL's program did not do it.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// It is for the operator to have PostgreSQL's programs run.
    #[error(
        "no backup was made: a PostgreSQL store is copied by PostgreSQL's own programs, and `--run` has them run, of one \
         moment each, checked and with a manifest"
    )]
    NotRun,
}

/// Why a backup is on no record: no server would serve from these stores as they are.
#[derive(Debug, thiserror::Error)]
pub enum UnrecordedError {
    /// They cannot be used as they are.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They are an older copy, which would pass for a newer one by what is written into it.
    #[error(transparent)]
    Older(#[from] WitnessError),
    /// It cannot be written.
    #[error("{}", .0.error)]
    Refused(Refusal),
}

/// Puts on record that a backup is made: whoever has it has all that is in it. Stores that no server would serve from are
/// backed up as well, and nothing is written into them.
///
/// # Errors
/// [`UnrecordedError`].
pub async fn put_on_record(settings: &Settings) -> Result<(), UnrecordedError> {
    let store = Store::open_as_it_stands(settings).await?;
    let recorded = record(&store).await;
    store.close().await;
    recorded
}

async fn record(store: &Store) -> Result<(), UnrecordedError> {
    Witnesses::of(store).compare(store).await?;
    let given = Change::<ByOperator>::command_given(store).await;
    given.map_err(UnrecordedError::Refused)
}

/// Returns where a store is.
#[must_use]
pub fn location(settings: &Settings, part: StorePart) -> &StoreLocation {
    match part {
        StorePart::Data => &settings.database,
        StorePart::Keyring => &settings.keyring,
    }
}

/// Copies these stores into a new folder, a folder each.
///
/// # Errors
/// [`BackupError`].
pub async fn make(
    settings: &Settings,
    folder: &Path,
    parts: &[StorePart],
) -> Result<Vec<Manifest>, BackupError> {
    let unfinished = UnfinishedFolder::begin(folder)?;
    let mut manifests = Vec::new();
    for part in parts {
        let folder = unfinished.folder(part.folder())?;
        let manifest = copy_store(settings, *part, &folder).await?;
        manifest.write(&folder).map_err(FolderError::at(&folder))?;
        manifests.push(manifest);
    }
    unfinished.finish()?;
    Ok(manifests)
}

/// Returns the commands that PostgreSQL's programs would be given; none for embedded stores.
///
/// # Errors
/// [`ToolError`].
pub fn commands(
    settings: &Settings,
    folder: &Path,
    parts: &[StorePart],
) -> Result<Vec<String>, ToolError> {
    let mut commands = Vec::new();
    for part in parts {
        let location = location(settings, *part);
        if let StoreLocation::Postgres { .. } = location {
            let file = folder
                .join(part.folder())
                .join(StoreKind::Postgres.file(*part));
            commands.push(ToolCommand::dump(location, *part, None, &file)?.to_string());
        }
    }
    Ok(commands)
}

async fn copy_store(
    settings: &Settings,
    part: StorePart,
    folder: &Path,
) -> Result<Manifest, BackupError> {
    let unread = |fault| BackupError::Unread { part, fault };
    let location = location(settings, part);
    if let StoreLocation::File(file) = location
        && !file.is_file()
    {
        let location = location.clone();
        return Err(BackupError::NoStore { part, location });
    }
    let kind = StoreKind::of(location);
    let name = kind.file(part);
    let copied = folder.join(name);
    private_files::create_new(&copied).map_err(FolderError::at(&copied))?;
    let store = copy::connect(location, settings).await.map_err(unread)?;
    let taken = match location {
        StoreLocation::File(file) => copy_file(&store, part, file, &copied).await,
        StoreLocation::Postgres { .. } => dump(&store, part, location, &copied).await,
    };
    let _ = store.close().await;
    let (at, contents) = taken?;
    Ok(Manifest {
        format: FORMAT,
        what: part,
        kind,
        at,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        contents,
        files: vec![CopiedFile::of(folder, name).map_err(FolderError::at(&copied))?],
    })
}

/// Copies an SQLite file, and reads from the copy what it holds.
async fn copy_file(
    store: &Connections,
    part: StorePart,
    file: &Path,
    into: &Path,
) -> Result<(Instant, StoreContents), BackupError> {
    let unread = |fault| BackupError::Unread { part, fault };
    let at = clock::of(store).await.map_err(unread)?;
    copy::copy_file(file, into).await.map_err(unread)?;
    let copied = copy::read_file(into).await.map_err(unread)?;
    let faults = copy::faults(&copied).await;
    let contents = contents::read(part, &copied).await;
    let _ = copied.close().await;
    let faults = faults.map_err(unread)?;
    if !faults.is_empty() {
        return Err(BackupError::Damaged { part, faults });
    }
    let contents = contents.map_err(unread)?;
    Ok((at, contents.ok_or(BackupError::NoIdentity(part))?))
}

/// Has a PostgreSQL store dumped, of one moment, of which it is read what the store holds.
async fn dump(
    store: &Connections,
    part: StorePart,
    location: &StoreLocation,
    into: &Path,
) -> Result<(Instant, StoreContents), BackupError> {
    let unread = |fault| BackupError::Unread { part, fault };
    let snapshot = Snapshot::hold(store).await.map_err(unread)?;
    let at = clock::of(&snapshot.transaction).await.map_err(unread)?;
    let contents = contents::read(part, &snapshot.transaction).await;
    let contents = contents
        .map_err(unread)?
        .ok_or(BackupError::NoIdentity(part))?;
    let command = ToolCommand::dump(location, part, Some(&snapshot.name), into)?;
    run(command).await?;
    // Whoever took the moment has it for itself by now.
    let _ = snapshot.transaction.rollback().await;
    run(ToolCommand::list(into)).await?;
    Ok((at, contents))
}

/// Runs a command, which may take long, beside everything else.
pub(super) async fn run(command: ToolCommand) -> Result<(), ToolError> {
    let running = tokio::task::spawn_blocking(move || command.run());
    running.await.unwrap_or_else(|broken| {
        Err(ToolError::Failed {
            program: "the program",
            said: broken.to_string(),
        })
    })
}
