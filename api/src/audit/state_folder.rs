//! A server's own memory of the data store, in a folder that no backup takes along: how far the store had come, and what
//! ended.
//!
//! Whoever puts both stores back to the same earlier moment takes the keyring's witness back, too. This folder stays. It
//! holds two files for each data store: the witness, which is written whole or not at all, and the journal of endings, to
//! which lines are only added. Several processes of one machine may share it: whoever writes holds a lock on a third file.
//!
//! All of this is blocking, and short; [`Witnesses`](super::witnesses::Witnesses) does it beside the requests.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Moment};

use concord_entities::instant::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::journal::{self, JournaledEnding};
use super::tree::{Digest, Head};
use super::witness::{Lineage, Progress};
use crate::private_files;

/// How long another process may hold the lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before asking for it again.
const BETWEEN: Duration = Duration::from_millis(2);
/// How much of the journal's end is read to know what is in it already.
const TAIL: u64 = 64 * 1024;
/// The version of the witness's file.
const VERSION: u8 = 1;

/// The files of one data store in a server's state folder. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder {
    folder: PathBuf,
    store: Uuid,
}

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateFolderError {
    /// It cannot be made or looked into.
    #[error(
        "the state folder {folder} cannot be used: {fault}. Make it a folder that the service's user alone can read and \
         write, on a disk with room, or name another one with `state`; keep it out of every backup"
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        fault: std::io::Error,
    },
    /// The witness in it is none.
    #[error(
        "{file} is not what this service writes there ({fault}), so that it cannot be told whether the data store is an \
         older copy. Put the file back as it was; where that cannot be done, move it away: the server then says what is \
         to be done about a folder that knows nothing"
    )]
    Malformed {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
}

/// The witness as its file holds it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessFile {
    version: u8,
    size: u64,
    root: String,
    epoch: i64,
    at: Instant,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    system: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    timeline: Option<i64>,
}

impl From<Progress> for WitnessFile {
    fn from(progress: Progress) -> Self {
        Self {
            version: VERSION,
            size: progress.head.size,
            root: progress.head.root.to_string(),
            epoch: progress.epoch,
            at: progress.at,
            system: progress.lineage.map(|lineage| lineage.system),
            timeline: progress.lineage.map(|lineage| lineage.timeline),
        }
    }
}

impl WitnessFile {
    fn progress(self) -> Result<Progress, String> {
        if self.version != VERSION {
            return Err(format!("it is of version {}", self.version));
        }
        let root: Digest = self
            .root
            .parse()
            .map_err(|_| "its root is none".to_owned())?;
        let lineage = self.system.zip(self.timeline);
        Ok(Progress {
            head: Head {
                size: self.size,
                root,
            },
            epoch: self.epoch,
            at: self.at,
            lineage: lineage.map(|(system, timeline)| Lineage { system, timeline }),
        })
    }
}

/// The end of the journal, as far as it is needed to go on from there.
#[derive(Clone, Debug, Default)]
pub struct JournalTail {
    /// The time of its newest ending; none where it holds none.
    pub newest: Option<Instant>,
}

impl StateFolder {
    /// Returns the files of this data store in this folder. Nothing is made yet.
    #[must_use]
    pub fn new(folder: &Path, store: Uuid) -> Self {
        Self {
            folder: folder.to_owned(),
            store,
        }
    }

    /// Returns where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Returns the file of the witness.
    #[must_use]
    pub fn witness_file(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.store))
    }

    /// Returns the file of the journal of endings.
    #[must_use]
    pub fn journal_file(&self) -> PathBuf {
        self.folder.join(format!("{}.endings", self.store))
    }

    /// Returns what was witnessed here last; none where this folder does not know the data store.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn witnessed(&self) -> Result<Option<Progress>, StateFolderError> {
        let file = self.witness_file();
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(self.folder_fault(fault)),
        };
        let malformed = |fault: String| StateFolderError::Malformed {
            file: file.clone(),
            fault,
        };
        let written: WitnessFile =
            serde_json::from_str(&text).map_err(|fault| malformed(fault.to_string()))?;
        written.progress().map(Some).map_err(malformed)
    }

    /// Returns whether the folder knows another data store than this one.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn knows_another(&self) -> Result<bool, StateFolderError> {
        let ours = self.witness_file();
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(false),
            Err(fault) => return Err(self.folder_fault(fault)),
        };
        for entry in entries {
            let path = entry.map_err(|fault| self.folder_fault(fault))?.path();
            if path.extension().is_some_and(|end| end == "json") && path != ours {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Has this witnessed, and remembers these endings, durably. What was witnessed before and is farther stays; where
    /// `anew`, nothing of it does.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn keep(
        &self,
        now: Progress,
        anew: Anew,
        endings: &[JournaledEnding],
    ) -> Result<(), StateFolderError> {
        let fault = |fault| self.folder_fault(fault);
        private_files::make_folder(&self.folder).map_err(fault)?;
        let _held = self.lock().map_err(fault)?;
        // What ended comes first: it is what a restore takes back, should the machine stop here.
        self.append(endings).map_err(fault)?;
        let before = match anew {
            Anew::No => self.witnessed()?,
            Anew::Yes => None,
        };
        let farthest = before.map_or(now, |before| before.farthest(now));
        if before == Some(farthest) {
            return Ok(());
        }
        let text = serde_json::to_vec(&WitnessFile::from(farthest));
        text.map_err(std::io::Error::from)
            .and_then(|text| private_files::write_whole(&self.witness_file(), &text))
            .map_err(fault)
    }

    /// Remembers these endings, durably, and nothing else.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn remember_endings(&self, endings: &[JournaledEnding]) -> Result<(), StateFolderError> {
        let remembering = || {
            private_files::make_folder(&self.folder)?;
            let _held = self.lock()?;
            self.append(endings)
        };
        remembering().map_err(|fault| self.folder_fault(fault))
    }

    /// Returns every ending that is remembered, in the order of the journal. A line that was cut short by a crash is none.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn endings(&self) -> Result<Vec<JournaledEnding>, StateFolderError> {
        match std::fs::read(self.journal_file()) {
            Ok(bytes) => Ok(journal::parse(&String::from_utf8_lossy(&bytes))),
            Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(fault) => Err(self.folder_fault(fault)),
        }
    }

    /// Returns the end of the journal.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn tail(&self) -> Result<JournalTail, StateFolderError> {
        match File::open(self.journal_file()) {
            Ok(mut file) => {
                let text = end_of(&mut file).map_err(|fault| self.folder_fault(fault))?;
                let newest = journal::parse(&text).iter().map(|ending| ending.at).max();
                Ok(JournalTail { newest })
            }
            Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(JournalTail::default()),
            Err(fault) => Err(self.folder_fault(fault)),
        }
    }

    /// Forgets endings from before this moment.
    ///
    /// # Errors
    /// [`StateFolderError`].
    pub fn forget_before(&self, moment: Instant) -> Result<(), StateFolderError> {
        let forgetting = || {
            let _held = self.lock()?;
            let Ok(bytes) = std::fs::read(self.journal_file()) else {
                return Ok(());
            };
            let all = journal::parse(&String::from_utf8_lossy(&bytes));
            let kept: Vec<_> = all.iter().filter(|ending| ending.at >= moment).collect();
            if kept.len() == all.len() {
                return Ok(());
            }
            let lines = journal::lines(kept)?;
            private_files::write_whole(&self.journal_file(), lines.as_bytes())
        };
        forgetting().map_err(|fault| self.folder_fault(fault))
    }

    /// Appends those endings that are not among the last ones, and has them on the disk.
    fn append(&self, endings: &[JournaledEnding]) -> std::io::Result<()> {
        if endings.is_empty() {
            return Ok(());
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.journal_file())?;
        let is_new = file.metadata()?.len() == 0;
        let text = end_of(&mut file)?;
        let known = journal::parse(&text);
        let new = endings
            .iter()
            .filter(|ending| !known.iter().any(|known| known.event == ending.event));
        let mut lines = journal::lines(new)?;
        if lines.is_empty() {
            return Ok(());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            lines.insert(0, '\n');
        }
        file.write_all(lines.as_bytes())?;
        file.sync_data()?;
        if is_new {
            private_files::sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// Waits until no other process writes here.
    fn lock(&self) -> std::io::Result<File> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.folder.join(format!("{}.lock", self.store)))?;
        let since = Moment::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(fault)) => return Err(fault),
                Err(TryLockError::WouldBlock) if since.elapsed() > LOCK_PATIENCE => {
                    let held = "another process holds its lock";
                    return Err(std::io::Error::new(ErrorKind::TimedOut, held));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            }
        }
    }

    fn folder_fault(&self, fault: std::io::Error) -> StateFolderError {
        StateFolderError::Folder {
            folder: self.folder.clone(),
            fault,
        }
    }
}

/// Whether what was witnessed before is forgotten: its operator answers for it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Returns the end of a file, in which a letter that was cut in two is replaced.
fn end_of(file: &mut File) -> std::io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
