//! Posting twice makes one: the same key of the same program returns what its first call made.

use async_graphql::ID;
use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::idempotency;
use sea_orm::{ActiveModelTrait, IntoActiveModel, SqlErr};
use uuid::Uuid;

use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};

/// What is being made.
#[derive(Debug)]
pub struct Creation<T> {
    /// The id of what is made.
    pub id: Uuid,
    /// What is made.
    pub made: T,
    /// What goes on record of it.
    pub event: Event,
}

/// What a call that creates something came to.
#[derive(Debug)]
pub enum Created<T> {
    /// It was made now.
    Now(T),
    /// An earlier call with the same key made what has this id; nothing was changed.
    Before(Uuid),
}

/// Creates something in a change and makes it durable, unless the caller's `key` has done so before. `outline` is what
/// of the input a repeated call is compared by.
///
/// # Errors
/// What `create` refuses. `CONFLICT`: the key was used with another operation or input, or another call with it is
/// faster. `BAD_USER_INPUT`: a key that is no key. `UNAVAILABLE`.
pub async fn creates_once<T>(
    change: Change<'_>,
    operation: &str,
    key: Option<&ID>,
    outline: &str,
    create: impl AsyncFnOnce(&Change<'_>) -> Result<Creation<T>>,
) -> Result<Created<T>> {
    let key = match key {
        None => None,
        Some(key) => {
            let key = written(&change, operation, key, outline)?;
            if let Some(made) = made_before(&change, &key).await? {
                return Ok(Created::Before(made));
            }
            Some(key)
        }
    };
    let Creation { id, made, event } = Box::pin(create(&change)).await?;
    if let Some(key) = key {
        let object_id = id;
        insert(&change, idempotency::Model { object_id, ..key }).await?;
    }
    change.commit(event).await?;
    Ok(Created::Now(made))
}

/// Returns what is written of a key; of what it makes it says nothing yet.
fn written(
    change: &Change<'_>,
    operation: &str,
    key: &ID,
    outline: &str,
) -> Result<idempotency::Model> {
    if key.is_empty() || key.len() > 200 {
        return Err(Error::input("idempotencyKey", "1 to 200 characters").into());
    }
    let request_hash = digest(&SHA256, format!("{operation}\n{outline}").as_bytes());
    Ok(idempotency::Model {
        agency_id: change.agency(),
        client_id: change.client().to_owned(),
        key: key.to_string(),
        request_hash: request_hash.as_ref().to_vec(),
        object_id: Uuid::nil(),
        created_at: change.now(),
    })
}

/// Returns what the key made before, where it did, of the same input.
async fn made_before(change: &Change<'_>, key: &idempotency::Model) -> Result<Option<Uuid>> {
    let used = idempotency::Entity::used(key.agency_id, &key.client_id, &key.key)
        .one(change)
        .await?;
    match used {
        Some(used) if used.request_hash == key.request_hash => Ok(Some(used.object_id)),
        Some(_) => Err(Error::Conflict(
            "`idempotencyKey` was used for something else: take a fresh key for each thing that you create".into(),
        )
        .into()),
        None => Ok(None),
    }
}

/// Remembers what a key made.
async fn insert(change: &Change<'_>, key: idempotency::Model) -> Result<()> {
    match key.into_active_model().insert(change).await {
        Ok(_) => Ok(()),
        Err(fault) if matches!(fault.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(Error::Conflict(
                "another call with this `idempotencyKey` is under way: ask again".into(),
            )
            .into())
        }
        Err(fault) => Err(fault.into()),
    }
}

/// What a key has done already.
#[derive(Debug)]
pub enum Replay {
    /// It made this.
    Made(Uuid),
    /// Nothing yet; hand this to [`keep`] with what is made now.
    Fresh(Option<idempotency::Model>),
}

/// Returns what `key` did for this operation and input, for a change that does not yet create by [`creates_once`].
///
/// # Errors
/// As [`creates_once`].
pub async fn replay(
    change: &Change<'_>,
    operation: &str,
    key: Option<&ID>,
    input: &str,
) -> Result<Replay> {
    let Some(key) = key else {
        return Ok(Replay::Fresh(None));
    };
    let key = written(change, operation, key, input)?;
    let made = made_before(change, &key).await?;
    Ok(made.map_or(Replay::Fresh(Some(key)), Replay::Made))
}

/// Remembers what a key made.
///
/// # Errors
/// As [`creates_once`].
pub async fn keep(
    change: &Change<'_>,
    key: Option<idempotency::Model>,
    object_id: Uuid,
) -> Result<()> {
    match key {
        Some(key) => insert(change, idempotency::Model { object_id, ..key }).await,
        None => Ok(()),
    }
}
