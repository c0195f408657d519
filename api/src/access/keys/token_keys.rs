//! The keys that sign access tokens, as they are kept: dates and public halves in the data store, private halves in
//! the keyring.
//!
//! Whoever changes them holds the sharing lock alone, so that replicas and operators agree on one life for all. Key
//! first, data second on writing; deny first, destroy second on ending: a private half of which the data store knows
//! nothing signs nothing, and is destroyed with the next change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concord_entities::instant::Instant;
use concord_entities::token_key;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};

use super::schedule::{KeyLife, KeySchedule, KeyState, RetirementError, RotationError};
use super::store::{self, TokenKeyError};
use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::Event;
use crate::error::Refusal;
use crate::jose::key::{KeySet, PublicKey, SigningKey, SigningKeyError};
use crate::seal::kek_set::KekSet;
use crate::store::Store;

/// The keys that sign access tokens, as they are kept.
#[derive(Clone, Debug)]
pub struct TokenKeys {
    store: Store,
    keks: Arc<KekSet>,
}

/// The keys of one reading.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The keys that prove tokens, and that the world may know: next, current and previous.
    pub(super) accepted: Arc<KeySet>,
    /// The key that signs.
    pub(super) signer: Arc<SigningKey>,
}

/// Why the keys were left as they are.
#[derive(Debug, thiserror::Error)]
pub enum KeyChangeError {
    /// No key may take over yet.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// There is no such key to retire.
    #[error(transparent)]
    Retirement(#[from] RetirementError),
    /// The keys cannot be read or kept.
    #[error(transparent)]
    Keys(#[from] TokenKeyError),
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Refused(Refusal),
}

impl From<Refusal> for KeyChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DbErr> for KeyChangeError {
    fn from(fault: DbErr) -> Self {
        Self::Keys(fault.into())
    }
}

impl From<SigningKeyError> for KeyChangeError {
    fn from(fault: SigningKeyError) -> Self {
        Self::Keys(fault.into())
    }
}

impl TokenKeys {
    /// Returns the keys of these stores. Where there are none yet, those that the keyring alone knows of are taken
    /// over, or a first one is made; and whatever else one current and one next key need.
    ///
    /// # Errors
    /// [`KeyChangeError`].
    pub async fn open(store: &Store, keks: &Arc<KekSet>) -> Result<Self, KeyChangeError> {
        let these = Self {
            store: store.clone(),
            keks: Arc::clone(keks),
        };
        // Every command comes through here: only one that has something to do may stop the others.
        if !these.are_settled().await? {
            these.open_change().await?.commit(None).await?;
        }
        Ok(these)
    }

    /// Returns every key that was ever published, oldest first, and the time by which to see them.
    ///
    /// # Errors
    /// What the data store says.
    pub async fn list(&self) -> Result<(KeySchedule, Instant), DbErr> {
        let now = self.store.ping().await?;
        Ok((schedule(&self.rows().await?), now))
    }

    /// Lets the next key take over, and makes a new next one. Gives the name of the key that signs from now on.
    ///
    /// # Errors
    /// [`KeyChangeError`]; before the next key has been published for [`super::schedule::NOTICE`], says from when it may.
    pub async fn rotate(&self) -> Result<String, KeyChangeError> {
        let (mut seen, now) = self.list().await?;
        seen.rotate(now)?;
        let mut change = self.open_change().await?;
        let kid = change.schedule.rotate(change.now)?;
        change.commit(None).await?;
        Ok(kid)
    }

    /// Ends a key, and with it every token that it signed, on the very next request of every replica. Where it was the
    /// current one, the next takes over at once, however young it is.
    ///
    /// # Errors
    /// [`KeyChangeError`].
    pub async fn retire(&self, kid: &str) -> Result<(), KeyChangeError> {
        let (mut seen, now) = self.list().await?;
        seen.retire(kid, now)?;
        let mut change = self.open_change().await?;
        change.schedule.retire(kid, change.now)?;
        let event = Event::SigningKeyRetired(kid.to_owned());
        change.commit(Some(event)).await
    }

    /// Returns the keys that are accepted, and the one that signs; `known` spares the keyring where it is still that
    /// one.
    pub(super) async fn read(
        &self,
        known: Option<&Arc<SigningKey>>,
    ) -> Result<Reading, TokenKeyError> {
        // Between the two stores a key may be superseded and its private half destroyed: then there is a newer one.
        for _ in 0..2 {
            let (rows, now) = (self.rows().await?, self.store.ping().await?);
            let kid = rows
                .iter()
                .find(|row| life(row).state(now) == KeyState::Current)
                .map(|row| row.kid.clone())
                .ok_or(TokenKeyError::NoCurrent)?;
            let signer = match known.filter(|known| known.kid() == kid) {
                Some(known) => Some(Arc::clone(known)),
                None => store::named(&self.store.keyring, &self.keks, &kid)
                    .await?
                    .map(Arc::new),
            };
            if let Some(signer) = signer {
                let accepted = rows
                    .iter()
                    .filter(|row| life(row).state(now) != KeyState::Gone)
                    .map(public)
                    .collect::<Result<KeySet, _>>()?;
                return Ok(Reading {
                    accepted: Arc::new(accepted),
                    signer,
                });
            }
        }
        Err(TokenKeyError::NoCurrent)
    }

    async fn rows(&self) -> Result<Vec<token_key::Model>, DbErr> {
        token_key::Entity::published().all(&self.store.read).await
    }

    async fn are_settled(&self) -> Result<bool, DbErr> {
        let (schedule, now) = self.list().await?;
        let held = store::names(&self.store.keyring).await?;
        Ok(schedule.is_settled(now) && needed(&schedule, now).is_subset(&held))
    }

    /// Begins a change of the keys: alone, on what is true then. Keys without their private half are given up, and those
    /// that the data store has never heard of are taken over where it knows none at all.
    async fn open_change(&self) -> Result<KeyChange<'_>, KeyChangeError> {
        let ending = Ending::at_command_line(&self.store, ByOperator::default()).await?;
        let now = ending.now();
        let rows = token_key::Entity::published().all(&ending).await?;
        let mut change = KeyChange {
            keys: self,
            ending,
            now,
            schedule: schedule(&rows),
            before: schedule(&rows),
            publics: BTreeMap::new(),
            fresh: Vec::new(),
        };
        for row in &rows {
            change
                .publics
                .insert(row.kid.clone(), row.public_key.clone());
        }
        if rows.is_empty() {
            change.adopt().await?;
        }
        let held = store::names(&self.store.keyring).await?;
        for kid in needed(&change.schedule, now).difference(&held) {
            change.schedule.lose(kid, now);
        }
        Ok(change)
    }
}

/// A change of the keys in the making; dropped, it rolls back.
struct KeyChange<'k> {
    keys: &'k TokenKeys,
    ending: Ending<'k, ByOperator>,
    now: Instant,
    before: KeySchedule,
    schedule: KeySchedule,
    publics: BTreeMap<String, String>,
    fresh: Vec<SigningKey>,
}

impl KeyChange<'_> {
    /// Takes over the keys of a keyring that is older than the data store's table of them: the newest signs, and its
    /// tokens, like those of the others, stay good.
    async fn adopt(&mut self) -> Result<(), KeyChangeError> {
        let kept = store::all(&self.keys.store.keyring, &self.keys.keks).await?;
        for (place, kept) in kept.iter().enumerate() {
            let (key, made) = (&kept.key, kept.created_at);
            self.schedule.0.push(KeyLife {
                signs_from: Some(made),
                superseded_at: (place > 0).then_some(self.now),
                ..KeyLife::published(key.kid().to_owned(), made)
            });
            self.publics
                .insert(key.kid().to_owned(), key.public_jwk().to_string());
        }
        Ok(())
    }

    /// Makes the keys that are missing, and makes all of it durable, with its events. Only who ends a key ends sharing.
    async fn commit(mut self, ended: Option<Event>) -> Result<(), KeyChangeError> {
        let fresh = &mut self.fresh;
        self.schedule.settle(self.now, || {
            let key = SigningKey::generate()?;
            let kid = key.kid().to_owned();
            fresh.push(key);
            Ok::<_, SigningKeyError>(kid)
        })?;
        self.keep().await?;
        let needed = needed(&self.schedule, self.now);
        match (ended, self.succession()) {
            (Some(ended), succession) => {
                let events = [ended].into_iter().chain(succession).collect();
                self.ending.commit_all(events).await?;
            }
            (None, Some(succession)) => {
                self.ending.ends_nothing().commit(succession).await?;
            }
            (None, None) => self.ending.ends_nothing().commit_as_recorded().await?,
        }
        store::destroy_all_but(&self.keys.store.keyring, &needed).await?;
        Ok(())
    }

    /// Writes the keys: key first, data second.
    async fn keep(&mut self) -> Result<(), KeyChangeError> {
        let TokenKeys { store, keks } = self.keys;
        for key in &self.fresh {
            store::keep(&store.keyring, keks, key, self.now).await?;
            self.publics
                .insert(key.kid().to_owned(), key.public_jwk().to_string());
        }
        for life in self
            .schedule
            .0
            .iter()
            .filter(|life| !self.before.0.contains(life))
        {
            let row = token_key::Model {
                kid: life.kid.clone(),
                public_key: self.publics.get(&life.kid).cloned().unwrap_or_default(),
                published_at: life.published_at,
                signs_from: life.signs_from,
                superseded_at: life.superseded_at,
                retired_at: life.retired_at,
            };
            let changed = OnConflict::column(token_key::Column::Kid)
                .update_columns([
                    token_key::Column::SignsFrom,
                    token_key::Column::SupersededAt,
                    token_key::Column::RetiredAt,
                ])
                .to_owned();
            token_key::Entity::insert(row.into_active_model())
                .on_conflict(changed)
                .exec_without_returning(&self.ending)
                .await?;
        }
        Ok(())
    }

    /// Returns the event that another key signs now than when this change began, where one does.
    fn succession(&self) -> Option<Event> {
        let since = |key: &&KeyLife| key.signs_from == Some(self.now);
        let current = self
            .schedule
            .one(KeyState::Current, self.now)
            .filter(since)?;
        (!self.before.0.is_empty()).then(|| Event::SigningKeyRotated(current.kid.clone()))
    }
}

fn schedule(rows: &[token_key::Model]) -> KeySchedule {
    KeySchedule(rows.iter().map(life).collect())
}

fn life(row: &token_key::Model) -> KeyLife {
    KeyLife {
        kid: row.kid.clone(),
        published_at: row.published_at,
        signs_from: row.signs_from,
        superseded_at: row.superseded_at,
        retired_at: row.retired_at,
    }
}

/// Returns the public half in a row, which must be the one that its name promises.
fn public(row: &token_key::Model) -> Result<PublicKey, SigningKeyError> {
    let jwk = serde_json::from_str(&row.public_key).map_err(|_| SigningKeyError::NotPublic)?;
    let key = PublicKey::from_jwk(&jwk)?;
    if key.kid() == row.kid {
        Ok(key)
    } else {
        Err(SigningKeyError::NotPublic)
    }
}

/// Returns the keys whose private half must be in the keyring.
fn needed(schedule: &KeySchedule, now: Instant) -> BTreeSet<String> {
    let needed = schedule.0.iter().filter(|key| key.needs_private_half(now));
    needed.map(|key| key.kid.clone()).collect()
}
