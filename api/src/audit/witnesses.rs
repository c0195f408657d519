//! Everything that remembers how far the data store had come: the keyring, and this server's state folder. A store that
//! is behind either is a fork.
//!
//! There is one comparison, for a server that starts, for the watch of one that runs and for an operator's commands. What
//! was witnessed before an operator went on from an older copy (`audit reopen`, which the copy itself remembers by its
//! event) is followed to that copy by itself; what was witnessed after it is not. A folder that does not know the data
//! store cannot contradict it, so that then something else must vouch for the store: a keyring that is apart from it, or
//! its operator (`audit accept`).

use std::path::PathBuf;
use std::time::Duration;

use concord_entities::audit_event;
use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;
use futures_util::join;
use sea_orm::{ConnectionTrait, DbErr, QuerySelect};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;

use super::journal::JournaledEnding;
use super::leaf::Leaf;
use super::state_folder::{Anew, StateFolder, StateFolderError};
use super::tree::Head;
use super::witness::{self, BehindError, ComparisonError, Present, Progress};
use crate::store::Store;

/// For how long an ending waits for the witnesses before it is answered all the same.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many endings are read at a time.
const PAGE: u64 = 1000;
/// Endings are read from so long before the newest that is known: a database's clock may be turned back by less.
const OVERLAP: Duration = Duration::from_secs(5);

/// What remembers how far a data store had come. Cheap to make.
#[derive(Clone, Debug)]
pub struct Witnesses {
    folder: StateFolder,
    keyring_apart: bool,
    fresh: bool,
}

/// Something that remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The keyring.
    Keyring,
    /// This server's state folder.
    StateFolder(PathBuf),
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keyring => f.write_str("the keyring"),
            Self::StateFolder(folder) => write!(f, "the state folder {}", folder.display()),
        }
    }
}

/// Why a data store is not served from.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A store does not answer; this says nothing about the ledger.
    #[error("the ledger could not be held against its witnesses: {0}: try again")]
    Unread(#[from] DbErr),
    /// It is behind.
    #[error("{how}. (The witness is {by}.)")]
    Behind {
        /// What remembers more.
        by: Memory,
        /// How it is behind.
        how: BehindError,
    },
    /// The state folder cannot be used.
    #[error(transparent)]
    Folder(#[from] StateFolderError),
    /// Nothing vouches for it.
    #[error(
        "the state folder {} does not know these stores, and {reason}: it cannot be told whether they are an older copy, in \
         which what was revoked, suspended or erased since is shared again. If they are the newest there are, `concord \
         audit accept` puts that on record and goes on; if they were put back from a backup, put the newest copy back, or \
         see `concord audit reopen`",
        folder.display()
    )]
    Unvouched {
        /// The folder.
        folder: PathBuf,
        /// Why nothing else vouches for the store.
        reason: &'static str,
    },
}

/// What one memory holds of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It does not know the store.
    Nothing,
    /// What it remembers is before the store's reopening: it follows.
    Superseded,
    /// The store has gone on from this.
    Agrees(Progress),
}

/// A data store that no memory contradicts.
#[derive(Debug)]
pub struct Compared {
    /// How far it has come.
    pub present: Present,
    /// What the keyring holds of it, where that answers.
    pub keyring: Result<Remembered, DbErr>,
    /// What the state folder holds of it.
    pub folder: Remembered,
}

/// How a server found its state folder when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundFolder {
    /// It knew the stores.
    Known,
    /// It did not, and the keyring vouched for them.
    Empty,
}

impl Witnesses {
    /// Returns what remembers this store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self {
            folder: StateFolder::new(&store.state, store.identity.store),
            keyring_apart: store.identity.keyring_apart,
            fresh: store.identity.fresh,
        }
    }

    /// Returns this server's state folder.
    #[must_use]
    pub fn folder(&self) -> &StateFolder {
        &self.folder
    }

    /// Holds the store against everything that remembers it. A keyring that does not answer contradicts nothing.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn compare(&self, store: &Store) -> Result<Compared, WitnessError> {
        // The witnesses first: they never tell of more than was committed before.
        let keyring = witness::witnessed(&store.keyring).await;
        let folder = self.in_folder(StateFolder::witnessed).await?;
        let present = witness::present(store)
            .await
            .map_err(|why| by(Memory::Keyring, why))?;
        let here = || Memory::StateFolder(self.folder.path().to_owned());
        let folder = against(store, &present, folder)
            .await
            .map_err(|why| by(here(), why))?;
        let keyring = match keyring {
            Ok(witnessed) => Ok(against(store, &present, witnessed)
                .await
                .map_err(|why| by(Memory::Keyring, why))?),
            Err(fault) => Err(fault),
        };
        Ok(Compared {
            present,
            keyring,
            folder,
        })
    }

    /// Holds the store against everything that remembers it, each ending that the state folder knows of included.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn compare_wholly(&self, store: &Store) -> Result<Compared, WitnessError> {
        let compared = self.compare(store).await?;
        let reopened_at = compared.present.reopened_at.unwrap_or(Instant(0));
        let lost = self.lost(store).await?;
        if let Some(lost) = lost.into_iter().find(|ending| ending.at >= reopened_at) {
            let by = Memory::StateFolder(self.folder.path().to_owned());
            let how = BehindError::EndingLost {
                event: lost.event.to_string(),
                at: lost.at,
            };
            return Err(WitnessError::Behind { by, how });
        }
        Ok(compared)
    }

    /// Returns the endings that the state folder knows of and the store does not.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn lost(&self, store: &Store) -> Result<Vec<JournaledEnding>, WitnessError> {
        let mut lost = self.in_folder(StateFolder::endings).await?;
        let ids: Vec<AuditEventId> = lost.iter().map(|ending| ending.event).collect();
        for some in ids.chunks(500) {
            let found: Vec<AuditEventId> = audit_event::Entity::to_verify(some.iter().copied())
                .select_only()
                .column(audit_event::Column::Id)
                .into_tuple()
                .all(&store.read)
                .await?;
            lost.retain(|ending| !found.contains(&ending.event));
        }
        Ok(lost)
    }

    /// Returns how far the state folder remembers that the store had come; none where it does not know it.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn remembered(&self) -> Result<Option<Progress>, WitnessError> {
        self.in_folder(StateFolder::witnessed).await
    }

    /// Has the state folder know stores that are new to everybody: an empty ledger, or stores that were given their identity
    /// just now, as an upgrade does, in a folder that knows no other ones.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn begin(&self, store: &Store) -> Result<(), WitnessError> {
        if self.in_folder(StateFolder::witnessed).await?.is_some() {
            return Ok(());
        }
        let compared = match self.compare(store).await {
            // Whoever starts is told.
            Err(WitnessError::Behind { .. }) => return Ok(()),
            compared => compared?,
        };
        let is_new = if self.fresh {
            !self.in_folder(StateFolder::knows_another).await?
        } else {
            is_empty(store, &compared.present).await?
        };
        if is_new {
            self.remember(store, &compared.present, Anew::No).await?;
        }
        Ok(())
    }

    /// Lets a server start over a store that nothing contradicts and something vouches for; has it witnessed, which shows
    /// that the state folder can be written to. Endings are kept in the journal for as long as `keeps`.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn admit(&self, store: &Store, keeps: Duration) -> Result<FoundFolder, WitnessError> {
        let compared = self.compare_wholly(store).await?;
        let found = match (compared.folder, &compared.keyring) {
            (_, Err(fault)) => return Err(WitnessError::Unread(fault.clone())),
            (Remembered::Agrees(_) | Remembered::Superseded, Ok(_)) => FoundFolder::Known,
            (Remembered::Nothing, Ok(keyring)) => {
                self.vouches(*keyring)?;
                FoundFolder::Empty
            }
        };
        let forgotten = compared.present.progress.at.minus(keeps);
        let anew = match compared.folder {
            Remembered::Superseded => Anew::Yes,
            Remembered::Agrees(_) | Remembered::Nothing => Anew::No,
        };
        self.remember(store, &compared.present, anew).await?;
        self.in_folder(move |folder| folder.forget_before(forgotten))
            .await?;
        self.keyring_follows(store, &compared).await?;
        Ok(found)
    }

    /// Checks that the keyring vouches for a store that the state folder does not know.
    fn vouches(&self, keyring: Remembered) -> Result<(), WitnessError> {
        let reason = match (self.keyring_apart, keyring) {
            (true, Remembered::Agrees(_)) => return Ok(()),
            (true, Remembered::Nothing | Remembered::Superseded) => {
                "the keyring has not witnessed how far they had come"
            }
            (false, _) => "the keyring is not apart from the data, so that one copy holds both",
        };
        Err(WitnessError::Unvouched {
            folder: self.folder.path().to_owned(),
            reason,
        })
    }

    /// Has the store witnessed by both, as far as it has come since; says how that went for the state folder.
    pub(super) async fn advance(
        &self,
        store: &Store,
        compared: &Compared,
    ) -> Result<(), WitnessError> {
        if let Err(fault) = self.keyring_follows(store, compared).await {
            tracing::debug!(%fault, "the keyring did not witness how far the data store has come");
        }
        let now = &compared.present;
        match compared.folder {
            Remembered::Agrees(before)
                if before.head == now.progress.head
                    && !witness::has_moved(Some(before), now.progress) =>
            {
                Ok(())
            }
            Remembered::Agrees(before) if before.epoch == now.progress.epoch => {
                let progress = now.progress;
                self.in_folder(move |folder| folder.keep(progress, Anew::No, &[]))
                    .await
            }
            Remembered::Superseded => self.remember(store, now, Anew::Yes).await,
            // What ended on another server or by a command is new here.
            Remembered::Agrees(_) | Remembered::Nothing => {
                self.remember(store, now, Anew::No).await
            }
        }
    }

    async fn keyring_follows(&self, store: &Store, compared: &Compared) -> Result<(), DbErr> {
        let now = compared.present.progress;
        match compared.keyring {
            Ok(Remembered::Superseded) => witness::follow(&store.keyring, now).await,
            Ok(Remembered::Agrees(before)) if witness::has_moved(Some(before), now) => {
                witness::advance(&store.keyring, now).await
            }
            Ok(Remembered::Nothing) => witness::advance(&store.keyring, now).await,
            Ok(Remembered::Agrees(_)) | Err(_) => Ok(()),
        }
    }

    /// Has an ending witnessed that is durable, under the epoch that it began: before it is answered. What a witness does
    /// not take stands all the same, and the watch of every server tries again.
    pub(super) async fn ending(&self, store: &Store, epoch: i64) -> Witnessing {
        let witnessing = async {
            let present = match witness::present(store).await {
                Ok(present) => witnessed_with(present, epoch),
                Err(why) => return Witnessing::failed(&why),
            };
            let now = present.progress;
            let (keyring, folder) = join!(
                witness::advance(&store.keyring, now),
                self.remember_known(store, &present)
            );
            Witnessing {
                keyring: keyring.err().map(|fault| fault.to_string()),
                folder: folder.err().map(|fault| fault.to_string()),
            }
        };
        let witnessed = timeout(PATIENCE, witnessing).await;
        witnessed.unwrap_or_else(|late| Witnessing::failed(&late))
    }

    /// Has the state folder remember the store as it is, where it knows it.
    async fn remember_known(&self, store: &Store, now: &Present) -> Result<(), WitnessError> {
        if self.in_folder(StateFolder::witnessed).await?.is_none() {
            return Ok(());
        }
        self.remember(store, now, Anew::No).await
    }

    /// Has every memory follow the store as it is: its operator answers for it.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub async fn follow(&self, store: &Store) -> Result<Progress, WitnessError> {
        let present = witness::present(store)
            .await
            .map_err(|why| by(Memory::Keyring, why))?;
        witness::follow(&store.keyring, present.progress).await?;
        self.remember(store, &present, Anew::Yes).await?;
        Ok(present.progress)
    }

    /// Has the state folder remember the store as it is, and the endings that are new to it.
    async fn remember(&self, store: &Store, now: &Present, anew: Anew) -> Result<(), WitnessError> {
        let tail = self.in_folder(StateFolder::tail).await?;
        let from = tail.newest.unwrap_or(Instant(0)).minus(OVERLAP);
        let endings = endings_since(&store.read, from, now.progress.epoch).await?;
        let progress = now.progress;
        self.in_folder(move |folder| folder.keep(progress, anew, &endings))
            .await
    }

    /// Works with the state folder beside the requests.
    async fn in_folder<T: Send + 'static>(
        &self,
        work: impl FnOnce(&StateFolder) -> Result<T, StateFolderError> + Send + 'static,
    ) -> Result<T, WitnessError> {
        let folder = self.folder.clone();
        let path = folder.path().to_owned();
        let worked = spawn_blocking(move || work(&folder)).await;
        let worked = worked.unwrap_or_else(|broken| {
            Err(StateFolderError::Folder {
                folder: path,
                fault: std::io::Error::other(broken),
            })
        });
        Ok(worked?)
    }
}

/// How the witnessing of an ending went: what went wrong with each.
#[derive(Debug)]
pub struct Witnessing {
    /// With the keyring.
    pub keyring: Option<String>,
    /// With the state folder.
    pub folder: Option<String>,
}

impl Witnessing {
    fn failed(why: &dyn std::error::Error) -> Self {
        Self {
            keyring: Some(why.to_string()),
            folder: Some(why.to_string()),
        }
    }
}

/// Returns what is witnessed of a store after an ending. One that does not have it fell back since: of that nothing but
/// the ending's epoch is remembered, so that it is not served from.
fn witnessed_with(present: Present, epoch: i64) -> Present {
    if present.progress.epoch >= epoch {
        return present;
    }
    Present {
        progress: Progress {
            head: Head::EMPTY,
            epoch,
            ..present.progress
        },
        ..present
    }
}

fn by(memory: Memory, why: ComparisonError) -> WitnessError {
    match why {
        ComparisonError::Unread(fault) => WitnessError::Unread(fault),
        ComparisonError::Behind(how) => WitnessError::Behind { by: memory, how },
    }
}

async fn against(
    store: &Store,
    present: &Present,
    witnessed: Option<Progress>,
) -> Result<Remembered, ComparisonError> {
    let Some(witnessed) = witnessed else {
        return Ok(Remembered::Nothing);
    };
    if present.reopened_at.is_some_and(|at| witnessed.at < at) {
        return Ok(Remembered::Superseded);
    }
    witness::compare(store, present.progress, witnessed).await?;
    Ok(Remembered::Agrees(witnessed))
}

/// Returns whether nothing was ever recorded.
async fn is_empty(store: &Store, present: &Present) -> Result<bool, DbErr> {
    if present.progress.head != Head::EMPTY {
        return Ok(false);
    }
    let any = audit_event::Entity::any().one(&store.read).await?;
    Ok(any.is_none())
}

/// Returns the endings on record since this moment, in the order of their times.
///
/// # Errors
/// What the database says.
pub async fn endings_since(
    store: &impl ConnectionTrait,
    since: Instant,
    epoch: i64,
) -> Result<Vec<JournaledEnding>, DbErr> {
    let mut endings = Vec::new();
    let mut after = (since, AuditEventId(Uuid::nil()));
    loop {
        let page = audit_event::Entity::endings_after(after)
            .limit(PAGE)
            .all(store)
            .await?;
        let Some(last) = page.last() else {
            return Ok(endings);
        };
        after = (last.recorded_at, last.id);
        // A leaf that cannot be read is for `audit verify` to name.
        let leaves = page
            .iter()
            .filter_map(|row| serde_json::from_str::<Leaf>(&row.leaf).ok());
        endings.extend(leaves.map(|leaf| JournaledEnding::of(leaf, epoch)));
    }
}
