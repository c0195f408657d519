//! The keys that prove and sign access tokens, as they stand now, for every worker of a server.
//!
//! One task reads them again every [`EVERY`], and at once where a token names a key that is not known: no replica has
//! to be told of a rotation. That a retired key's tokens are over does not wait for it: it is read with the standing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tracing::warn;

use super::schedule::STALE;
use super::store::TokenKeyError;
use super::token_keys::{Reading, TokenKeys};
use crate::access::token::{self, Claims, TokenSigningError};
use crate::jose::key::{KeySet, SigningKey};

/// How often the keys are read again.
const EVERY: Duration = Duration::from_secs(15);
/// How long after a reading that an unknown key brought, no unknown key brings another: anybody can name keys that do
/// not exist.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a request waits for a reading, and how long a reading may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The keys as they stand now. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TokenKeyCache {
    held: watch::Receiver<Held>,
    asked: Arc<Notify>,
}

/// What keeps a [`TokenKeyCache`] as it should be: it reads the keys again and again.
#[derive(Debug)]
pub struct KeyRefresher {
    keys: TokenKeys,
    held: watch::Sender<Held>,
    asked: Arc<Notify>,
}

#[derive(Clone, Debug)]
struct Held {
    reading: Reading,
    /// When the reading began.
    read: Instant,
    /// When an unknown key last brought a reading.
    sought: Option<Instant>,
}

impl TokenKeyCache {
    /// Returns the keys of this moment, and what must run to keep them so.
    ///
    /// # Errors
    /// [`TokenKeyError`].
    pub async fn over(keys: TokenKeys) -> Result<(Self, KeyRefresher), TokenKeyError> {
        let read = Instant::now();
        let reading = keys.read(None).await?;
        let (sender, held) = watch::channel(Held {
            reading,
            read,
            sought: None,
        });
        let asked = Arc::new(Notify::new());
        let key_cache = Self {
            held,
            asked: Arc::clone(&asked),
        };
        let refresher = KeyRefresher {
            keys,
            held: sender,
            asked,
        };
        Ok((key_cache, refresher))
    }

    /// Returns the keys that prove tokens, and that the world may know: next, current and previous.
    #[must_use]
    pub fn accepted(&self) -> Arc<KeySet> {
        Arc::clone(&self.held.borrow().reading.accepted)
    }

    /// Returns the key that signed when the keys were last read: for whoever signs once, beside no running server. A
    /// server uses [`Self::sign`], which does not trust an old reading.
    #[must_use]
    pub fn signer(&self) -> Arc<SigningKey> {
        Arc::clone(&self.held.borrow().reading.signer)
    }

    /// Returns a token that says `claims`, signed with the current key.
    ///
    /// # Errors
    /// When the signature cannot be made, or when the keys could not be read for [`STALE`]: another key may have taken
    /// over, and this one's last token must die when everybody reckons with it.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenSigningError> {
        let signer = {
            let held = self.held.borrow();
            if held.read.elapsed() >= STALE {
                return Err(TokenSigningError);
            }
            Arc::clone(&held.reading.signer)
        };
        token::issue(&signer, claims)
    }

    /// Has the keys read again, since somebody named one that is not among them; nothing where somebody else just did.
    pub async fn look_again(&self) {
        let mut held = self.held.clone();
        let sought = held.borrow_and_update().sought;
        if sought.is_some_and(|sought| sought.elapsed() < PAUSE) {
            return;
        }
        self.asked.notify_one();
        // Whatever comes of it, the caller looks at what is held then.
        let _ = timeout(PATIENCE, held.changed()).await;
    }
}

impl KeyRefresher {
    /// Reads the keys again and again until `stop` becomes true or its sender is gone. Faults are logged and tried
    /// again.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            let asked = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                asked = timeout(EVERY, self.asked.notified()) => asked.is_ok(),
            };
            self.read(asked).await;
        }
    }

    async fn read(&self, asked: bool) {
        let began = Instant::now();
        let known = Arc::clone(&self.held.borrow().reading.signer);
        let reading = match timeout(PATIENCE, self.keys.read(Some(&known))).await {
            Ok(Ok(reading)) => Some(reading),
            Ok(Err(fault)) => {
                warn!(%fault, "the token keys were not read again");
                None
            }
            Err(_) => {
                warn!("the token keys were not read again in time");
                None
            }
        };
        self.held.send_modify(|held| {
            if asked {
                held.sought = Some(Instant::now());
            }
            if let Some(reading) = reading {
                held.reading = reading;
                held.read = began;
            }
        });
    }
}
