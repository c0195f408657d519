//! A witness, as a partner runs it: it remembers the largest checkpoint that it saw of each log that it follows, on the disk
//! before it answers, and cosigns nothing that does not go on from that.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand;
use concord_entities::instant::Instant;
use signed_note::Note;
use zeroize::Zeroizing;

use super::cosignature::{CosignerKey, CosignerKeyError, CosignerPublicKey};
use super::submission::{MalformedSubmissionError, Submission};
use crate::audit::checkpoint::{Checkpoint, CheckpointError, LedgerPublicKey};
use crate::audit::proof::check_consistency;
use crate::audit::tree::{Head, leaf_hash};
use crate::private_files;

/// A witness of some logs.
#[derive(Debug)]
pub struct Cosigner {
    key: CosignerKey,
    logs: BTreeMap<String, FollowedLog>,
    /// Held as long as the witness lives: two of one state would forget what the other saw.
    _held: File,
}

/// A log that a witness follows.
#[derive(Debug)]
struct FollowedLog {
    keys: Vec<LedgerPublicKey>,
    /// Whoever looks at what is remembered, and whoever writes it, is alone.
    memory: Mutex<LogMemory>,
}

/// Where a witness keeps what it saw of a log.
#[derive(Debug)]
struct LogMemory {
    newest: PathBuf,
    refused: PathBuf,
}

/// Why a witness does not start.
#[derive(Debug, thiserror::Error)]
pub enum CosignerStartError {
    /// A file or a folder of its cannot be used.
    #[error("{}: {fault}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
    /// Its key is none.
    #[error("{}: {fault}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// Why.
        fault: CosignerKeyError,
    },
    /// A new witness has no name.
    #[error("there is no key yet at {}: a new witness takes a --name, such as witness.example.org/concord", .0.display())]
    Nameless(PathBuf),
    /// The folder remembers nothing of this key.
    #[error(
        "the state folder {} does not know the key: what this witness cosigned is remembered elsewhere. Name that folder; where \
         it is lost, this witness is over: begin a new one, with a new key",
        .0.display()
    )]
    Forgotten(PathBuf),
    /// Another witness is at work there.
    #[error("another witness is at work in the state folder {}", .0.display())]
    Taken(PathBuf),
    /// No random numbers are to be had.
    #[error("no random numbers are to be had")]
    Random,
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum CosigningError {
    /// It was not sent as it must be.
    #[error(transparent)]
    Malformed(#[from] MalformedSubmissionError),
    /// The checkpoint is none, or smaller than what it is to go on from.
    #[error("the checkpoint is malformed, or smaller than the old size")]
    BadCheckpoint,
    /// Nobody told this witness of the log.
    #[error("this witness does not follow a log of that name")]
    UnknownLog,
    /// No key of the log's signed it.
    #[error("the checkpoint is {0}")]
    NotSigned(CheckpointError),
    /// The witness has come elsewhere.
    #[error("the last checkpoint that was cosigned has another size")]
    OtherSize(u64),
    /// Two checkpoints of one size have two roots.
    #[error("another checkpoint of this size was cosigned: the log is forked")]
    Forked(u64),
    /// It does not go on from what the witness saw.
    #[error("the checkpoint does not go on from the last one that was cosigned")]
    BadProof,
    /// The witness cannot remember, or what it remembers was changed.
    #[error("the witness cannot keep its state: {0}")]
    State(#[from] io::Error),
}

impl Cosigner {
    /// Returns the witness whose secret key is in this file and whose memory is in this folder; of a `name`, a new one is made
    /// where there is no such file.
    ///
    /// # Errors
    /// [`CosignerStartError`].
    pub fn open(
        key_file: &Path,
        state: &Path,
        name: Option<&str>,
        logs: Vec<LedgerPublicKey>,
    ) -> Result<Self, CosignerStartError> {
        let at = |file: &Path| {
            let file = file.to_owned();
            move |fault| CosignerStartError::File { file, fault }
        };
        private_files::make_folder(state).map_err(at(state))?;
        let lock = state.join("lock");
        private_files::make_file(&lock).map_err(at(&lock))?;
        let held = File::open(&lock).map_err(at(&lock))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CosignerStartError::Taken(state.to_owned()));
            }
            Err(TryLockError::Error(fault)) => return Err(at(&lock)(fault)),
        }
        let known_by = state.join("vkey");
        let key = match std::fs::read_to_string(key_file) {
            Ok(text) => {
                let key = CosignerKey::parse(Zeroizing::new(text).trim());
                let file = key_file.to_owned();
                let key = key.map_err(|fault| CosignerStartError::Key { file, fault })?;
                let known = std::fs::read_to_string(&known_by).unwrap_or_default();
                if known.trim() != key.public().to_string() {
                    return Err(CosignerStartError::Forgotten(state.to_owned()));
                }
                key
            }
            Err(fault) if fault.kind() == ErrorKind::NotFound => {
                let name = name.ok_or_else(|| CosignerStartError::Nameless(key_file.to_owned()))?;
                let key = new_key(key_file, name)?;
                // The folder first: a key without it would cosign without remembering.
                private_files::write_whole(&known_by, format!("{}\n", key.public()).as_bytes())
                    .map_err(at(&known_by))?;
                let secret = Zeroizing::new(format!("{}\n", *key.secret_text()));
                private_files::write_whole(key_file, secret.as_bytes()).map_err(at(key_file))?;
                key
            }
            Err(fault) => return Err(at(key_file)(fault)),
        };
        Ok(Self {
            key,
            logs: followed(state, logs),
            _held: held,
        })
    }

    /// Returns the key that checks what this witness cosigns.
    #[must_use]
    pub fn public(&self) -> &CosignerPublicKey {
        self.key.public()
    }

    /// Returns the names of the logs that it follows.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.logs.keys().map(String::as_str)
    }

    /// Remembers a checkpoint that goes on from the last one, and returns the line by which it is cosigned. It is on the disk
    /// when this returns.
    ///
    /// # Errors
    /// [`CosigningError`].
    pub fn add(&self, submitted: &str, now: Instant) -> Result<String, CosigningError> {
        let submitted = Submission::parse(submitted)?;
        let text = Note::from_bytes(submitted.note.as_bytes());
        let text = text.map_err(|_| CosigningError::BadCheckpoint)?;
        let log = self.logs.get(submitted.origin());
        let log = log.ok_or(CosigningError::UnknownLog)?;
        let head = log
            .open(&submitted.note)
            .map_err(CosigningError::NotSigned)?
            .head;
        if submitted.old > head.size {
            return Err(CosigningError::BadCheckpoint);
        }
        let memory = log.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let last = log.remembered(&memory)?;
        let judged = judge(&submitted, head, last);
        if matches!(
            judged,
            Err(CosigningError::Forked(_) | CosigningError::BadProof)
        ) {
            // Signed by the log, and at odds with what it signed before: that proves it.
            private_files::write_whole(&memory.refused, submitted.note.as_bytes())?;
        }
        judged?;
        let line = self.key.cosign(text.text(), now);
        if last.is_none_or(|last| last.size < head.size) {
            let note = format!("{}{line}", submitted.note);
            private_files::write_whole(&memory.newest, note.as_bytes())?;
        }
        Ok(line)
    }
}

/// Checks that a checkpoint goes on from the last one.
fn judge(submitted: &Submission, head: Head, last: Option<Head>) -> Result<(), CosigningError> {
    let last = last.unwrap_or(Head::EMPTY);
    if submitted.old != last.size {
        return Err(CosigningError::OtherSize(last.size));
    }
    if head.size == last.size && head.root != last.root && last.size > 0 {
        return Err(CosigningError::Forked(last.size));
    }
    check_consistency(&submitted.proof, last, head).map_err(|_| CosigningError::BadProof)?;
    // Of the empty tree and of an equal one, a proof says nothing.
    if head.size == last.size && head.root != last.root {
        return Err(CosigningError::BadProof);
    }
    Ok(())
}

fn new_key(file: &Path, name: &str) -> Result<CosignerKey, CosignerStartError> {
    let mut seed = Zeroizing::new([0; 32]);
    rand::fill(seed.as_mut()).map_err(|_| CosignerStartError::Random)?;
    let key = CosignerKey::new(name, seed);
    let file = file.to_owned();
    key.map_err(|fault| CosignerStartError::Key { file, fault })
}

fn followed(state: &Path, keys: Vec<LedgerPublicKey>) -> BTreeMap<String, FollowedLog> {
    let mut logs: BTreeMap<String, FollowedLog> = BTreeMap::new();
    for key in keys {
        let origin = key.origin().to_owned();
        // An origin may hold what no file's name can.
        let name = leaf_hash(origin.as_bytes());
        let log = logs.entry(origin).or_insert_with(|| FollowedLog {
            keys: Vec::new(),
            memory: Mutex::new(LogMemory {
                newest: state.join(format!("{name}.checkpoint")),
                refused: state.join(format!("{name}.refused")),
            }),
        });
        log.keys.push(key);
    }
    logs
}

impl FollowedLog {
    /// Opens a checkpoint with whichever of the log's keys signed it.
    fn open(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let opened = self.keys.iter().map(|key| key.open(note));
        opened
            .reduce(Result::or)
            .unwrap_or(Err(CheckpointError::NotSigned))
    }

    /// Returns the largest checkpoint that was cosigned.
    fn remembered(&self, memory: &LogMemory) -> io::Result<Option<Head>> {
        match std::fs::read_to_string(&memory.newest) {
            Ok(note) => {
                let broken = |fault| io::Error::new(ErrorKind::InvalidData, fault);
                Ok(Some(self.open(&note).map_err(broken)?.head))
            }
            Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
