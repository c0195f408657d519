//! Asking the witnesses that the service was told of to cosign its newest checkpoint. Each is asked by a task of its own, so
//! that one that does not answer keeps nobody waiting: neither the others, nor the integrator, nor anybody's request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use sea_orm::DbErr;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

use super::cosignature::{CosignerKeyError, CosignerPublicKey};
use super::kept;
use super::submission::{Submission, size};
use crate::audit::checkpoint::LedgerKey;
use crate::audit::proof::{prove_consistency, tiles_for_consistency};
use crate::audit::stored;
use crate::audit::tree::{self, Head, TreeError};
use crate::error::causes;
use crate::store::Store;

/// How long a witness may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a witness is asked again that did not cosign, where no checkpoint comes before.
const AGAIN: Duration = Duration::from_secs(30);
/// How often it is asked at once: a witness that has come elsewhere says where.
const ATTEMPTS: usize = 3;
/// The most bytes of an answer.
const MAX_ANSWER: usize = 16 * 1024;

/// The witnesses that the service asks. Cheap to clone; all clones know the same.
#[derive(Clone, Debug, Default)]
pub struct AskedCosigners(Arc<[AskedCosigner]>);

/// A witness that the service asks.
#[derive(Debug)]
struct AskedCosigner {
    client: Client,
    url: Url,
    key: CosignerPublicKey,
    standing: Mutex<Standing>,
}

/// What became of the last asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Cosigns,
    Silent,
    Refuses,
    SawAnother,
}

/// A witness in the settings that cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskedCosignerError {
    /// Its key is none.
    #[error("witnesses: `{0}`: {1}")]
    Key(String, CosignerKeyError),
    /// This machine can make no connections.
    #[error("witnesses: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
enum AskingError {
    #[error("the database does not answer: {0}")]
    Database(#[from] DbErr),
    #[error("the proof cannot be made: {0}")]
    Tree(#[from] TreeError),
    #[error("no answer: {}", causes(.0))]
    NoAnswer(#[from] reqwest::Error),
    #[error("it answers {0}: it does not know this log or its key, or is no witness")]
    Status(StatusCode),
    #[error("it answers without a cosignature by its key")]
    NoCosignature,
    #[error("it came elsewhere again and again")]
    Moving,
    #[error(
        "it saw another log of this name, of {0} events: one of the two is a fork. Ask its operator for the checkpoint"
    )]
    SawAnother(u64),
}

impl AskingError {
    fn standing(&self) -> Standing {
        match self {
            Self::Database(_) | Self::Tree(_) | Self::NoAnswer(_) | Self::Moving => {
                Standing::Silent
            }
            Self::Status(_) | Self::NoCosignature => Standing::Refuses,
            Self::SawAnother(_) => Standing::SawAnother,
        }
    }
}

impl AskedCosigners {
    /// Returns the witnesses at these addresses, each with its verifier key.
    ///
    /// # Errors
    /// [`AskedCosignerError`].
    pub fn new(witnesses: &[(Url, String)]) -> Result<Self, AskedCosignerError> {
        if witnesses.is_empty() {
            return Ok(Self::default());
        }
        let client = Client::builder()
            .tls_backend_rustls()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("concord/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let asked = witnesses.iter().map(|(url, vkey)| {
            let key = vkey.parse();
            Ok(AskedCosigner {
                client: client.clone(),
                url: url.clone(),
                key: key.map_err(|fault| AskedCosignerError::Key(vkey.clone(), fault))?,
                standing: Mutex::new(Standing::Cosigns),
            })
        });
        Ok(Self(asked.collect::<Result<_, AskedCosignerError>>()?))
    }

    /// Returns a word on the witnesses: of the one that stands worst.
    #[must_use]
    pub fn word(&self) -> Option<&'static str> {
        let standings = self.0.iter().map(|one| *one.standing());
        match standings.max()? {
            Standing::Cosigns => None,
            Standing::Silent => Some("silent"),
            Standing::Refuses => Some("refuse"),
            Standing::SawAnother => Some("saw another log"),
        }
    }

    /// Asks all of them, each time that a checkpoint is signed, until `stop` becomes true or its sender is gone.
    pub async fn run(
        self,
        store: Store,
        key: Arc<LedgerKey>,
        signed: watch::Receiver<String>,
        stop: watch::Receiver<bool>,
    ) {
        let tasks = self
            .0
            .iter()
            .map(|one| one.run(&store, &key, signed.clone(), stop.clone()));
        join_all(tasks).await;
    }
}

impl AskedCosigner {
    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(
        &self,
        store: &Store,
        key: &LedgerKey,
        mut signed: watch::Receiver<String>,
        mut stop: watch::Receiver<bool>,
    ) {
        let asking = async {
            let mut cosigned = None;
            loop {
                let note = signed.borrow_and_update().clone();
                let asked = self.ask(store, key, &note, &mut cosigned).await;
                let next = if asked.is_ok() { None } else { Some(AGAIN) };
                self.note(asked);
                let changed = signed.changed();
                let ended = match next {
                    None => changed.await.is_err(),
                    Some(again) => matches!(timeout(again, changed).await, Ok(Err(_))),
                };
                if ended {
                    return;
                }
            }
        };
        tokio::select! {
            () = asking => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Notes how the witness stands; the log is told when that changes.
    fn note(&self, asked: Result<(), AskingError>) {
        let standing = asked
            .as_ref()
            .err()
            .map_or(Standing::Cosigns, AskingError::standing);
        let before = std::mem::replace(&mut *self.standing(), standing);
        if before == standing {
            return;
        }
        let witness = self.key.name();
        match asked {
            Ok(()) => tracing::info!(witness, "the witness cosigns again"),
            Err(why) if standing == Standing::SawAnother => {
                tracing::error!(witness, %why, "a witness contradicts the log");
            }
            Err(why) => {
                tracing::warn!(witness, %why, "a witness does not cosign: nothing waits for it");
            }
        }
    }

    /// Has the checkpoint in `note` cosigned, and keeps the cosignature. Remembers how far the witness came.
    async fn ask(
        &self,
        store: &Store,
        key: &LedgerKey,
        note: &str,
        cosigned: &mut Option<u64>,
    ) -> Result<(), AskingError> {
        // Before the first checkpoint there is nothing to cosign; nor is there anything of an earlier name.
        let Ok(signed) = key.public().open(note) else {
            return Ok(());
        };
        let head = signed.head;
        let mut old = match *cosigned {
            Some(old) => old,
            None => self.cosigned_of(store, key).await?,
        };
        if old >= head.size {
            return Ok(());
        }
        for _ in 0..ATTEMPTS {
            match self.submit(store, head, old, note).await? {
                Submitted::Cosigned => {
                    *cosigned = Some(head.size);
                    return Ok(());
                }
                Submitted::Elsewhere(at) if at < head.size => old = at,
                // As far as the checkpoint goes, and not by this one's word: asked again, it says whether it is the same.
                Submitted::Elsewhere(at) if at == head.size && old != at => old = at,
                Submitted::Elsewhere(at) => {
                    // Another server may have had a later checkpoint cosigned meanwhile.
                    let row = stored::head(&store.read).await?;
                    let newest = row.and_then(|row| key.public().open(&row.note).ok());
                    let is_ours =
                        newest.is_some_and(|newest| newest.head.size >= at) && at > head.size;
                    if !is_ours {
                        return Err(AskingError::SawAnother(at));
                    }
                    *cosigned = Some(at);
                    return Ok(());
                }
            }
        }
        Err(AskingError::Moving)
    }

    /// Returns how far this witness cosigned the log under its present name, as far as it is kept.
    async fn cosigned_of(&self, store: &Store, key: &LedgerKey) -> Result<u64, AskingError> {
        let largest = kept::largest_by(&store.read, &self.key).await?;
        let Some(size) = largest else { return Ok(0) };
        let note = stored::checkpoint(&store.read, size).await?;
        let is_ours = note.is_some_and(|note| key.public().open(&note).is_ok());
        Ok(if is_ours { size } else { 0 })
    }

    async fn submit(
        &self,
        store: &Store,
        head: Head,
        old: u64,
        note: &str,
    ) -> Result<Submitted, AskingError> {
        let wanted = tiles_for_consistency(old, head.size)?;
        let tiles = stored::tiles(&store.read, wanted).await?;
        if tree::root(head.size, &tiles)? != head.root {
            return Err(TreeError::Inconsistent.into());
        }
        let proof = if old == head.size {
            Vec::new()
        } else {
            prove_consistency(old, head.size, &tiles)?
        };
        let submission = Submission {
            old,
            proof,
            note: note.to_owned(),
        };
        let (status, answer) = self.post(submission.text()).await?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        match status {
            StatusCode::OK => {
                let cosigned = self.key.cosignature_in(&(note.to_owned() + &answer));
                let cosigned = cosigned.ok_or(AskingError::NoCosignature)?;
                kept::keep(&store.write, head.size, &cosigned).await?;
                Ok(Submitted::Cosigned)
            }
            StatusCode::CONFLICT => {
                let at = size(answer.trim_end_matches('\n'));
                Ok(Submitted::Elsewhere(at.unwrap_or(head.size)))
            }
            StatusCode::UNPROCESSABLE_ENTITY => Err(AskingError::SawAnother(old)),
            other => Err(AskingError::Status(other)),
        }
    }

    async fn post(&self, body: String) -> Result<(StatusCode, Vec<u8>), AskingError> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("add-checkpoint");
        }
        let mut response = self.client.post(url).body(body).send().await?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if answer.len() + chunk.len() > MAX_ANSWER {
                return Err(AskingError::NoCosignature);
            }
            answer.extend_from_slice(&chunk);
        }
        Ok((status, answer))
    }
}

/// What a witness says to a checkpoint.
enum Submitted {
    /// It is cosigned, and the cosignature is kept.
    Cosigned,
    /// The witness has come to another size.
    Elsewhere(u64),
}
