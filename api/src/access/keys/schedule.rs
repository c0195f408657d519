//! The life of the keys that sign access tokens: next, current, previous, gone.
//!
//! A key is published before it signs, so that whoever keeps our key set has it by then; it stays published after it
//! signed, until the last of its tokens is dead. What a key is at a moment follows from its dates; nothing else is
//! stored.

use std::time::Duration;

use concord_entities::instant::Instant;

use crate::access::token::MAX_LIFE;

/// How long a key is published before it may take over: longer than anybody should keep a key set.
pub const NOTICE: Duration = Duration::from_hours(24);
/// For how long a replica may go on signing by what it has read of the keys.
pub const STALE: Duration = Duration::from_mins(1);
/// How much longer than its tokens live a superseded key is published: a replica may not have heard of its successor
/// for [`STALE`], and the clock by which it dated its last token, like the one by which that token is judged, may each
/// be half a minute off.
pub const HANDOVER: Duration = Duration::from_mins(2);

/// What a key is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published; it will sign.
    Next,
    /// It signs.
    Current,
    /// It signed, and some of its tokens may live.
    Previous,
    /// None of its tokens is good any more.
    Gone,
}

/// One key and its dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLife {
    /// Which: its RFC 7638 thumbprint.
    pub kid: String,
    /// Since when everybody can know it.
    pub published_at: Instant,
    /// Since when it signs, where it ever did.
    pub signs_from: Option<Instant>,
    /// When its successor took over.
    pub superseded_at: Option<Instant>,
    /// When an operator ended it, and with it every token that it signed.
    pub retired_at: Option<Instant>,
}

/// Why no other key takes over now. Safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The next key has not been published for [`NOTICE`].
    #[error(
        "the next key has been published since {since}; a key may not sign before everybody can know it: rotate from {from} on"
    )]
    TooYoung {
        /// Since when it is published.
        since: Instant,
        /// From when it may take over.
        from: Instant,
    },
    /// There is no next key.
    #[error("there is no next key")]
    NoNext,
}

/// Why a key cannot be retired. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetirementError {
    /// We never had it.
    #[error("no key has this name: see `concord key list`")]
    Unknown,
    /// It is over already.
    #[error("this key is gone already")]
    Gone,
}

/// Every key that was ever published, oldest first. At any moment at most one of them is next and one current; after
/// [`Self::settle`], exactly one of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySchedule(pub Vec<KeyLife>);

impl KeyLife {
    /// Returns a key that was made and published now.
    #[must_use]
    pub fn published(kid: String, now: Instant) -> Self {
        Self {
            kid,
            published_at: now,
            signs_from: None,
            superseded_at: None,
            retired_at: None,
        }
    }

    /// Returns what this key is. Only its end is a question of the time: the other dates are of what has happened.
    #[must_use]
    pub fn state(&self, now: Instant) -> KeyState {
        match (self.retired_at, self.signs_from, self.superseded_at) {
            (None, None, _) => KeyState::Next,
            (None, Some(_), None) => KeyState::Current,
            (None, Some(_), Some(superseded)) if now < last_token_dead(superseded) => {
                KeyState::Previous
            }
            (Some(_), _, _) | (None, Some(_), Some(_)) => KeyState::Gone,
        }
    }

    /// Returns when the last of its tokens is dead, where that is known.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        self.retired_at
            .or_else(|| self.superseded_at.map(last_token_dead))
    }

    /// Returns whether its private half is of use: nobody signs with it otherwise.
    #[must_use]
    pub fn needs_private_half(&self, now: Instant) -> bool {
        match self.state(now) {
            KeyState::Next | KeyState::Current => true,
            KeyState::Previous | KeyState::Gone => false,
        }
    }
}

fn last_token_dead(superseded: Instant) -> Instant {
    superseded.plus(MAX_LIFE).plus(HANDOVER)
}

/// Returns the next key, where it may take over now.
///
/// # Errors
/// [`RotationError`].
pub fn may_rotate(keys: &KeySchedule, now: Instant) -> Result<&KeyLife, RotationError> {
    let next = keys.one(KeyState::Next, now).ok_or(RotationError::NoNext)?;
    let from = next.published_at.plus(NOTICE);
    if now < from {
        return Err(RotationError::TooYoung {
            since: next.published_at,
            from,
        });
    }
    Ok(next)
}

impl KeySchedule {
    /// Returns the key in a state that only one can be in.
    #[must_use]
    pub fn one(&self, state: KeyState, now: Instant) -> Option<&KeyLife> {
        self.0.iter().find(|key| key.state(now) == state)
    }

    /// Lets the next key take over; gives its name. [`Self::settle`] must follow.
    ///
    /// # Errors
    /// [`RotationError`].
    pub fn rotate(&mut self, now: Instant) -> Result<String, RotationError> {
        let kid = may_rotate(self, now)?.kid.clone();
        self.succeed(&kid, now);
        Ok(kid)
    }

    /// Ends a key and every token that it signed. [`Self::settle`] must follow.
    ///
    /// # Errors
    /// [`RetirementError`].
    pub fn retire(&mut self, kid: &str, now: Instant) -> Result<(), RetirementError> {
        let key = self.0.iter_mut().find(|key| key.kid == kid);
        let key = key.ok_or(RetirementError::Unknown)?;
        if key.state(now) == KeyState::Gone {
            return Err(RetirementError::Gone);
        }
        key.retired_at = Some(now);
        Ok(())
    }

    /// Notes that a key's private half is lost, as after a keyring's backup was brought back: it signs no more, and its
    /// tokens stay good. [`Self::settle`] must follow.
    pub fn lose(&mut self, kid: &str, now: Instant) {
        for key in self.0.iter_mut().filter(|key| key.kid == kid) {
            match key.state(now) {
                // Nobody has a token of its.
                KeyState::Next => key.retired_at = Some(now),
                KeyState::Current => key.superseded_at = Some(now),
                KeyState::Previous | KeyState::Gone => {}
            }
        }
    }

    /// Sees to it that one key signs and one is next; `fresh` makes a key and names it. Where nobody signs, the next
    /// key takes over however young it is: the only other way would be to issue nothing for a day.
    ///
    /// # Errors
    /// Those of `fresh`.
    pub fn settle<E>(
        &mut self,
        now: Instant,
        mut fresh: impl FnMut() -> Result<String, E>,
    ) -> Result<(), E> {
        if self.one(KeyState::Current, now).is_none() {
            let kid = match self.one(KeyState::Next, now) {
                Some(next) => next.kid.clone(),
                None => self.publish(fresh()?, now),
            };
            self.succeed(&kid, now);
        }
        if self.one(KeyState::Next, now).is_none() {
            self.publish(fresh()?, now);
        }
        Ok(())
    }

    /// Returns whether [`Self::settle`] would change nothing.
    #[must_use]
    pub fn is_settled(&self, now: Instant) -> bool {
        self.one(KeyState::Current, now).is_some() && self.one(KeyState::Next, now).is_some()
    }

    fn publish(&mut self, kid: String, now: Instant) -> String {
        self.0.push(KeyLife::published(kid.clone(), now));
        kid
    }

    fn succeed(&mut self, kid: &str, now: Instant) {
        for key in &mut self.0 {
            if key.state(now) == KeyState::Current {
                key.superseded_at = Some(now);
            }
            if key.kid == kid {
                key.signs_from = Some(now);
            }
        }
    }
}
