//! Putting backups back.
//!
//! A copy of the data store knows nothing of what ended since, and a copy of the keyring holds keys that were destroyed
//! since. So neither is put back unless something outside it remembers: the keyring in use, or this server's state folder.
//! Then the stores are gone on from as [`reopening`](super::reopening) does it, and what is known to have ended is taken
//! back again, before any server starts. What is put in the keyring's place is never older than what is there: a keyring
//! in use stays. Here it is decided what is put back; [`put_back`](super::put_back) does it.

use std::fmt;
use std::path::{Path, PathBuf};

use concord_entities::instant::Instant;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use uuid::Uuid;

use super::backup::location;
use super::backup_check::{BackupReport, StoreCopy};
use super::contents;
use super::manifest::{ManifestError, StoreContents, StoreKind, StorePart};
use super::postgres_tools::{ToolCommand, ToolError};
use super::unfinished::FolderError;
use crate::audit::state_folder::{StateFolder, StateFolderError};
use crate::settings::{Settings, StoreLocation};
use crate::store::error::StoreError;
use crate::store::serving::Alone;
use crate::store::{copy, users};

/// Why a backup is not put back. Nothing was changed, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no backup.
    #[error(transparent)]
    Backup(#[from] ManifestError),
    /// The backup is damaged.
    #[error("this backup is not to be relied on, and was not put back:\n{}", .0.join("\n"))]
    Unsound(Vec<String>),
    /// It does not hold what was asked for.
    #[error("there is no copy of the {0} in this backup")]
    NoCopy(StorePart),
    /// A server serves from the stores.
    #[error("stop the servers first: {0}")]
    Served(#[from] StoreError),
    /// A program that takes no lock has the data store open.
    #[error("stop the servers first: another process has {0} open")]
    Open(PathBuf),
    /// What is there belongs to another service.
    #[error(
        "the {part} at {location} is another one: it is of the data store {theirs}, and this backup is of {ours}. Name the \
         right stores in the settings"
    )]
    Foreign {
        /// Which store.
        part: StorePart,
        /// Where.
        location: StoreLocation,
        /// Whose it is.
        theirs: Uuid,
        /// Whose the backup is.
        ours: Uuid,
    },
    /// The keyring's copy is not the data store's keyring.
    #[error(
        "this keyring's copy is not the one that the data store's keys are in: they were moved since (`concord keyring \
         move`). Take a later backup of the keyring"
    )]
    KeysMoved,
    /// The keyring is in use.
    #[error(
        "the keyring at {0} is there and can be read, and is newer than any copy of it: a copy would only bring back keys \
         that were destroyed. Nothing was changed"
    )]
    KeyringThere(StoreLocation),
    /// There would be no keyring.
    #[error(
        "the keyring at {0} is lost, and this backup has no copy of it, or was told to leave it out: name a backup that \
         has one"
    )]
    NoKeyring(StoreLocation),
    /// There would be no data.
    #[error(
        "there is no data store at {0} that this keyring's keys would open: put the data store back as well"
    )]
    NoData(StoreLocation),
    /// Nothing remembers what ended.
    #[error(
        "nothing remembers what ended since this backup was made: the keyring is lost, and the state folder {0} does not \
         know these stores. Put that folder back, of any server that ran over them. Where there is none, `--accept-loss` \
         brings back the log, the agencies and the headers of records; it destroys every key in the backup, takes every \
         consent back and suspends every agency but the coordinators, since nobody can tell any more what may be shared"
    )]
    NothingRemembers(PathBuf),
    /// A file of PostgreSQL's for an SQLite store, or the other way round.
    #[error("the copy of the {part} is of another kind of database than {location}")]
    OtherKind {
        /// Which store.
        part: StorePart,
        /// Where.
        location: StoreLocation,
    },
    /// The database is not empty.
    #[error(
        "{0} is not empty: make a new database, name it in the settings, and keep the old one until all is well. Where the \
         old one can still be read, name it with `--replaced-url`: what ended in it is taken back, too"
    )]
    NotEmpty(StoreLocation),
    /// The key-encryption key is not here.
    #[error(
        "the key file {0} is missing: put the key-encryption key back first, without which no key can be opened"
    )]
    NoKey(PathBuf),
    /// A store cannot be asked.
    #[error("the {part} cannot be used: {fault}")]
    Unread {
        /// Which one.
        part: StorePart,
        /// What the database says.
        fault: DbErr,
    },
    /// Files cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// PostgreSQL's program did not do it.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateFolderError),
}

/// What of a backup is asked for.
#[derive(Clone, Copy, Debug)]
pub struct RestoreRequest<'r> {
    /// The backup's folder.
    pub folder: &'r Path,
    /// Which stores.
    pub parts: &'r [StorePart],
    /// That everything ends where nothing remembers what ended.
    pub accept_loss: bool,
}

/// What is in the place of a store.
#[derive(Clone, Debug)]
enum InPlace {
    /// Nothing, or an empty store.
    Nothing,
    /// Something that cannot be read as a store.
    Damaged(String),
    /// A store.
    Store(StoreContents),
}

impl InPlace {
    /// Returns the highest epoch that is known there.
    fn epoch(&self) -> Option<i64> {
        match self {
            Self::Store(contents) => Some(contents.epoch),
            Self::Nothing | Self::Damaged(_) => None,
        }
    }
}

/// What will be put back, once nothing forbids it. No server begins to serve from the stores until that is done, or this is
/// dropped.
#[derive(Debug)]
pub struct RestorePlan {
    /// The data store that all this is of.
    pub store: Uuid,
    /// Whether everything ends.
    pub accept_loss: bool,
    pub(super) put_back: Vec<StoreCopy>,
    said: Vec<String>,
    pub(super) alone: Option<Alone>,
}

impl fmt::Display for RestorePlan {
    /// Says what will be done, and what is lost by it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said.join("\n"))
    }
}

impl RestorePlan {
    /// Looks at the backup and at what is in its place, and changes nothing.
    ///
    /// # Errors
    /// [`RestoreError`]: what forbids it.
    pub async fn make(
        settings: &Settings,
        request: RestoreRequest<'_>,
    ) -> Result<Self, RestoreError> {
        let report = BackupReport::of(request.folder).await?;
        if !report.faults.is_empty() {
            return Err(RestoreError::Unsound(report.faults));
        }
        let alone = alone(settings).await?;
        if let Some(file) = settings.keys.missing_file() {
            return Err(RestoreError::NoKey(file.to_owned()));
        }
        let asked = |part| {
            let copy = report.copy_of(part).cloned();
            copy.filter(|_| request.parts.contains(&part))
        };
        let [data, keyring] = StorePart::BOTH.map(asked);
        let Some(first) = data.as_ref().or(keyring.as_ref()) else {
            let part = request.parts.first().copied().unwrap_or(StorePart::Data);
            return Err(RestoreError::NoCopy(part));
        };
        let mut plan = Self {
            store: first.manifest.contents.store_id,
            accept_loss: request.accept_loss,
            put_back: Vec::new(),
            said: Vec::new(),
            alone: Some(alone),
        };
        let data_there = in_place(settings, StorePart::Data).await?;
        let keyring_there = in_place(settings, StorePart::Keyring).await?;
        for (part, there) in [
            (StorePart::Data, &data_there),
            (StorePart::Keyring, &keyring_there),
        ] {
            plan.refuse_another(settings, part, there)?;
        }
        plan.takes_keyring(
            settings,
            keyring,
            &keyring_there,
            &data_there,
            data.is_some(),
        )?;
        let folder = StateFolder::new(&settings.state, plan.store).witnessed()?;
        // A keyring's copy is as old as the data's may be: only something outside both can tell.
        if plan.brings_keyring() && !plan.accept_loss && folder.is_none() {
            return Err(RestoreError::NothingRemembers(settings.state.clone()));
        }
        if let Some(data) = data {
            let copied = data.manifest.contents.epoch;
            plan.takes_data(settings, data, &data_there)?;
            let epochs = [keyring_there.epoch(), folder.map(|folder| folder.epoch)];
            plan.says_how_much_ended(copied, epochs.into_iter().flatten().max());
        } else if !matches!(data_there, InPlace::Store(_)) {
            return Err(RestoreError::NoData(settings.database.clone()));
        }
        plan.says_what_follows();
        Ok(plan)
    }

    /// Returns the commands that PostgreSQL's programs will be given.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn commands(&self, settings: &Settings) -> Result<Vec<String>, ToolError> {
        let dumps = self.put_back.iter();
        let dumps = dumps.filter(|copy| copy.manifest.kind == StoreKind::Postgres);
        dumps
            .map(|copy| {
                let location = location(settings, copy.manifest.what);
                Ok(ToolCommand::restore(location, &copy.file())?.to_string())
            })
            .collect()
    }

    /// Returns when the copy of the data store was made, where it is put back.
    pub(super) fn data_copied_at(&self) -> Option<Instant> {
        let data = |copy: &&StoreCopy| copy.manifest.what == StorePart::Data;
        self.put_back.iter().find(data).map(|copy| copy.manifest.at)
    }

    /// Returns whether the keyring is put back.
    #[must_use]
    pub fn brings_keyring(&self) -> bool {
        let keyring = |copy: &StoreCopy| copy.manifest.what == StorePart::Keyring;
        self.put_back.iter().any(keyring)
    }

    fn refuse_another(
        &self,
        settings: &Settings,
        part: StorePart,
        there: &InPlace,
    ) -> Result<(), RestoreError> {
        match there {
            InPlace::Store(contents) if contents.store_id != self.store => {
                Err(RestoreError::Foreign {
                    part,
                    location: location(settings, part).clone(),
                    theirs: contents.store_id,
                    ours: self.store,
                })
            }
            InPlace::Store(_) | InPlace::Nothing | InPlace::Damaged(_) => Ok(()),
        }
    }

    fn takes_keyring(
        &mut self,
        settings: &Settings,
        copy: Option<StoreCopy>,
        there: &InPlace,
        data: &InPlace,
        data_comes_too: bool,
    ) -> Result<(), RestoreError> {
        let place = || settings.keyring.clone();
        match (there, copy) {
            (InPlace::Store(_), Some(_)) if !data_comes_too => {
                return Err(RestoreError::KeyringThere(place()));
            }
            (InPlace::Store(_), _) => {
                self.said.push(format!(
                    "the keyring at {} stays: it is newer than any copy of it",
                    place()
                ));
            }
            (InPlace::Nothing | InPlace::Damaged(_), None) => {
                return Err(RestoreError::NoKeyring(place()));
            }
            (InPlace::Nothing | InPlace::Damaged(_), Some(copy)) => {
                if let (InPlace::Store(data), false) = (data, data_comes_too)
                    && data.keyring_id != copy.manifest.contents.keyring_id
                {
                    return Err(RestoreError::KeysMoved);
                }
                refuse_other_kind(settings, &copy)?;
                self.said.push(format!(
                    "the keyring of {} is put back at {}",
                    copy.manifest.at,
                    place()
                ));
                if let InPlace::Damaged(fault) = there {
                    self.said.push(format!(
                        "what is there cannot be read ({fault}) and is removed: it may hold keys. If you think that \
                         something can be got out of it, move it away first"
                    ));
                }
                self.put_back.push(copy);
            }
        }
        Ok(())
    }

    fn takes_data(
        &mut self,
        settings: &Settings,
        copy: StoreCopy,
        there: &InPlace,
    ) -> Result<(), RestoreError> {
        refuse_other_kind(settings, &copy)?;
        let place = &settings.database;
        let copied = &copy.manifest.contents;
        if let (StoreLocation::Postgres { .. }, InPlace::Store(there)) = (place, there)
            && there == copied
        {
            // A restore that was interrupted before it was gone on from.
            self.said.push(format!(
                "the data store at {place} is what the copy holds, and stays"
            ));
            return Ok(());
        }
        if let (StoreLocation::Postgres { .. }, InPlace::Store(_) | InPlace::Damaged(_)) =
            (place, there)
        {
            return Err(RestoreError::NotEmpty(place.clone()));
        }
        self.said.push(format!(
            "the data store of {} is put back at {place}",
            copy.manifest.at
        ));
        match there {
            InPlace::Store(there) => self.said.push(format!(
                "what is there has {} events and the sharing epoch {}, and the copy {} and {}: what was recorded since is \
                 lost, but for what ended. The file is kept beside it, as `*.before-restore-*`",
                there.events(), there.epoch, copied.events(), copied.epoch
            )),
            InPlace::Damaged(fault) => self.said.push(format!(
                "what is there cannot be read ({fault}); it is kept beside it, as `*.before-restore-*`"
            )),
            InPlace::Nothing => {}
        }
        self.put_back.push(copy);
        Ok(())
    }

    /// Says how many changes ended something since the copy was made, by the highest epoch that anything remembers.
    fn says_how_much_ended(&mut self, copied: i64, highest: Option<i64>) {
        self.said.push(match highest {
            Some(highest) => format!(
                "{} changes ended some sharing since the copy was made: compare that with what is ended again, and look for \
                 the rest",
                highest.saturating_sub(copied).max(0)
            ),
            None => "how much ended since the copy was made is not known".to_owned(),
        });
    }

    fn says_what_follows(&mut self) {
        self.said.push(if self.accept_loss {
            "then every key in the backup is destroyed, every consent is taken back, every agency but the coordinators is \
             suspended, and every token is over: nothing remembers what may still be shared"
                .to_owned()
        } else {
            "then what is known to have ended since is taken back again, keys of what has ended are destroyed, and every \
             token is over"
                .to_owned()
        });
    }
}

/// Takes the stores for this program alone, so that no server serves from them or begins to.
async fn alone(settings: &Settings) -> Result<Alone, RestoreError> {
    let alone = Alone::over(settings).await?;
    if let Some(file) = settings.database.file()
        && file.is_file()
        && users::is_open_elsewhere(file).await
    {
        return Err(RestoreError::Open(file.to_owned()));
    }
    Ok(alone)
}

fn refuse_other_kind(settings: &Settings, copy: &StoreCopy) -> Result<(), RestoreError> {
    let part = copy.manifest.what;
    let location = location(settings, part);
    if StoreKind::of(location) == copy.manifest.kind {
        return Ok(());
    }
    let location = location.clone();
    Err(RestoreError::OtherKind { part, location })
}

/// Looks at what is in the place of a store.
async fn in_place(settings: &Settings, part: StorePart) -> Result<InPlace, RestoreError> {
    let location = location(settings, part);
    if let StoreLocation::File(file) = location
        && !file.is_file()
    {
        return Ok(InPlace::Nothing);
    }
    let unread = |fault| RestoreError::Unread { part, fault };
    let store = match (copy::connect(location, settings).await, location) {
        (Ok(store), _) => store,
        (Err(fault), StoreLocation::File(_)) => return Ok(InPlace::Damaged(fault.to_string())),
        (Err(fault), StoreLocation::Postgres { .. }) => return Err(unread(fault)),
    };
    let held = contents::read(part, &store).await;
    let tables = tables(&store).await;
    let faults = match location {
        StoreLocation::File(_) => copy::faults(&store).await.unwrap_or_default(),
        StoreLocation::Postgres { .. } => Vec::new(),
    };
    let _ = store.close().await;
    match (held, tables) {
        _ if !faults.is_empty() => Ok(InPlace::Damaged(faults.join("; "))),
        (Ok(Some(held)), _) => Ok(InPlace::Store(held)),
        (Ok(None), Ok(0)) => Ok(InPlace::Nothing),
        (Ok(None), Ok(_)) => Ok(InPlace::Damaged(
            "it has tables, and no identity".to_owned(),
        )),
        (Err(fault), _) | (Ok(None), Err(fault)) => Ok(InPlace::Damaged(fault.to_string())),
    }
}

/// Returns how many tables a store has. On PostgreSQL, whoever looks at an empty one leaves a table of no migrations.
async fn tables(store: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let backend = store.get_database_backend();
    let count = if backend == sea_orm::DbBackend::Postgres {
        "SELECT count(*) AS tables FROM information_schema.tables WHERE table_schema = current_schema() \
         AND table_name <> 'seaql_migrations'"
    } else {
        "SELECT count(*) AS tables FROM sqlite_master"
    };
    let row = store
        .query_one_raw(Statement::from_string(backend, count))
        .await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the number of tables".to_owned()))?
        .try_get("", "tables")
}
