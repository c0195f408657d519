//! A ledger that is verified from elsewhere, over HTTP (C2SP tlog-tiles): from its hashes alone, without its database and
//! without its events.
//!
//! The tree is computed anew from the leaf hashes up to the newest checkpoint, and held against the upper tiles, against
//! that checkpoint, and against one that was kept. Memory is bounded, and so is each request in time and length; a log that
//! grows meanwhile is read as far as the checkpoint goes.

use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use tokio::time::sleep;
use url::Url;
use zeroize::Zeroizing;

use super::checkpoint::{Checkpoint, CheckpointError, LedgerOrigins};
use super::tile_path::{FULL_WIDTH, TilePath};
use super::tree::{self, Digest, HASH_BYTES, Head, TileId, Tiles};
use super::verify::{LedgerFaultError, LedgerVerifier, VerifiedLedger};
use crate::error::causes;
use crate::settings::origin::is_secure;

/// How long one request may take, to its last byte.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a request is made that the log has no time for, or that gets no answer.
const ATTEMPTS: u32 = 6;
/// The longest that a log may ask to be left alone before that.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How many tiles are asked for at a time.
const AT_ONCE: usize = 8;
/// The most bytes of a signed note: a checkpoint, and a line for each of its witnesses.
const MAX_NOTE: usize = 64 * 1024;

/// A log at an address.
#[derive(Debug)]
pub struct RemoteLog {
    client: Client,
    prefix: Url,
    token: Option<Zeroizing<String>>,
}

/// Why a log could not be read. This says nothing about what is in it.
#[derive(Debug, thiserror::Error)]
pub enum RemoteLogError {
    /// The address is not safe to send a token to.
    #[error(
        "a log's address is an https:// URL that ends in /audit/log; http:// only for this very machine"
    )]
    Address,
    /// There was no answer, or not in time.
    #[error("{path}: no answer: {}", causes(.fault))]
    NoAnswer {
        /// What was asked for.
        path: String,
        /// What the client says.
        fault: reqwest::Error,
    },
    /// The token does not hold.
    #[error(
        "the log does not take the token (401): it is missing or over, or it is bound to a key and this is not its holder"
    )]
    Unauthenticated,
    /// The token does not include the scope.
    #[error("the token does not include `audit.r` (403)")]
    TooNarrow,
    /// There is no log.
    #[error("there is no log at this address (404): it ends in /audit/log")]
    NotALog,
    /// The log answers something else.
    #[error("{path}: the log answers {status}")]
    Status {
        /// What was asked for.
        path: String,
        /// The status.
        status: StatusCode,
    },
    /// The answer is longer than what was asked for can be.
    #[error("{path}: the answer is longer than it can be: this is not a log")]
    TooLong {
        /// What was asked for.
        path: String,
    },
}

/// Why a remote ledger is not verified.
#[derive(Debug, thiserror::Error)]
pub enum RemoteCheckError {
    /// It could not be read.
    #[error(transparent)]
    Unread(#[from] RemoteLogError),
    /// Its newest checkpoint cannot be believed.
    #[error("the log's newest checkpoint is {0}: this is not the log's vkey, or not its address")]
    Checkpoint(#[from] CheckpointError),
    /// It is not what was signed, or does not go on from what was kept.
    #[error(
        "{0}; nothing from index {index} on can be relied upon: keep what you have kept as it is", index = .0.index
    )]
    Ledger(#[from] LedgerFaultError),
}

impl RemoteLog {
    /// Returns the log at an address, read with this token.
    ///
    /// # Errors
    /// `Address`; `NoAnswer`, where this machine can make no connections.
    pub fn at(prefix: Url, token: Option<Zeroizing<String>>) -> Result<Self, RemoteLogError> {
        if !is_secure(&prefix) || prefix.cannot_be_a_base() {
            return Err(RemoteLogError::Address);
        }
        let client = Client::builder()
            .tls_backend_rustls()
            // A token goes nowhere but where its owner sent it.
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("concord/", env!("CARGO_PKG_VERSION")))
            .build();
        let path = prefix.path().to_owned();
        Ok(Self {
            client: client.map_err(|fault| RemoteLogError::NoAnswer { path, fault })?,
            prefix,
            token,
        })
    }

    /// Returns the log's newest checkpoint, a signed note that nobody has checked.
    ///
    /// # Errors
    /// [`RemoteLogError`].
    pub async fn checkpoint(&self) -> Result<String, RemoteLogError> {
        let note = self.read("checkpoint", MAX_NOTE).await?;
        let note = note.ok_or(RemoteLogError::NotALog)?;
        Ok(String::from_utf8_lossy(&note).into_owned())
    }

    /// Returns a tile's hashes, of which there may be fewer than asked for; none where the log does not have it.
    ///
    /// # Errors
    /// [`RemoteLogError`].
    pub async fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, RemoteLogError> {
        let asked = format!("tile/{path}");
        let bytes = path.width() * HASH_BYTES;
        let mut hashes = self.read(&asked, bytes).await?;
        if hashes.is_none() && !path.is_full() {
            // A log may forget a part once the whole tile is there.
            let whole = TilePath::new(path.tile(), FULL_WIDTH);
            let asked = format!("tile/{whole}");
            hashes = self.read(&asked, FULL_WIDTH * HASH_BYTES).await?;
            hashes
                .as_mut()
                .into_iter()
                .for_each(|hashes| hashes.truncate(bytes));
        }
        Ok(hashes)
    }

    /// Reads what is at a path, at most so many bytes of it; none where nothing is.
    async fn read(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, RemoteLogError> {
        let mut attempt = 1;
        loop {
            let wait = match self.read_once(path, most).await {
                Err(RemoteLogError::NoAnswer { .. }) if attempt < ATTEMPTS => None,
                Ok(Read::Later(wait, _)) if attempt < ATTEMPTS => wait,
                Ok(Read::Later(_, status)) => {
                    let path = path.to_owned();
                    return Err(RemoteLogError::Status { path, status });
                }
                Ok(Read::Whole(read)) => return Ok(read),
                Err(fault) => return Err(fault),
            };
            let wait = wait.unwrap_or(Duration::from_millis(250) * (1 << attempt));
            sleep(wait.min(LONGEST_WAIT)).await;
            attempt += 1;
        }
    }

    async fn read_once(&self, path: &str, most: usize) -> Result<Read, RemoteLogError> {
        let no_answer = |fault: reqwest::Error| RemoteLogError::NoAnswer {
            path: path.to_owned(),
            fault: fault.without_url(),
        };
        let mut url = self.prefix.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        let mut request = self.client.get(url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.as_str());
        }
        let mut response = request.send().await.map_err(no_answer)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(Read::Whole(None)),
            StatusCode::UNAUTHORIZED => return Err(RemoteLogError::Unauthenticated),
            StatusCode::FORBIDDEN => return Err(RemoteLogError::TooNarrow),
            status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                return Ok(Read::Later(wait(&response), status));
            }
            status => {
                let path = path.to_owned();
                return Err(RemoteLogError::Status { path, status });
            }
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            if body.len() + chunk.len() > most {
                let path = path.to_owned();
                return Err(RemoteLogError::TooLong { path });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Read::Whole(Some(body)))
    }
}

/// What came of one request.
enum Read {
    /// What is there, if anything is.
    Whole(Option<Vec<u8>>),
    /// The log has no time; how long it asks to be left alone, where it says so.
    Later(Option<Duration>, StatusCode),
}

fn wait(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// Verifies the log up to the checkpoint in `note`, its newest one, and that it goes on from one that somebody `kept`. Tells
/// `progress` how many events are done, of how many.
///
/// # Errors
/// [`RemoteCheckError`]: the first fault, or that the log cannot be read.
pub async fn check(
    log: &RemoteLog,
    origins: &LedgerOrigins,
    note: &str,
    kept: Option<Checkpoint>,
    mut progress: impl FnMut(u64, u64),
) -> Result<VerifiedLedger, RemoteCheckError> {
    let signed = origins.open(note)?;
    let Head { size, .. } = signed.head;
    let mut verifier = LedgerVerifier::against(kept.into_iter().chain([signed]));
    let full = u64::try_from(FULL_WIDTH).unwrap_or(u64::MAX);
    let mut leaves = stream::iter(0..size.div_ceil(full))
        .map(|index| async move {
            let tile = TileId { level: 0, index };
            let hashes = log
                .tile(TilePath::new(tile, tree::width(tile, size)))
                .await?;
            Ok::<_, RemoteLogError>((tile, hashes.unwrap_or_default()))
        })
        .buffered(AT_ONCE);
    let mut next = 0;
    let mut last = Tiles::new();
    while let Some((tile, hashes)) = leaves.try_next().await? {
        let (whole, rest) = hashes.as_chunks::<HASH_BYTES>();
        for hash in whole {
            verifier.event_hash(next, Digest(*hash));
            next += 1;
        }
        let is_whole = rest.is_empty() && whole.len() == tree::width(tile, size);
        let held = whole.len();
        last = Tiles::from([(tile, hashes)]);
        let stored = beside(log, &last, verifier.due(), size).await?;
        verifier.compare(&stored)?;
        if !is_whole {
            return Err(LedgerFaultError::lacking(tile, held).into());
        }
        progress(next, size);
    }
    let ended = verifier.end();
    let stored = beside(log, &last, ended.due(), size).await?;
    Ok(ended.finish(&stored)?)
}

/// Returns those of these tiles that the log has, beside the one that was read.
async fn beside(
    log: &RemoteLog,
    read: &Tiles,
    due: Vec<TileId>,
    size: u64,
) -> Result<Tiles, RemoteLogError> {
    let mut tiles = read.clone();
    for tile in due {
        if !tiles.contains_key(&tile)
            && let Some(hashes) = log
                .tile(TilePath::new(tile, tree::width(tile, size)))
                .await?
        {
            tiles.insert(tile, hashes);
        }
    }
    Ok(tiles)
}
