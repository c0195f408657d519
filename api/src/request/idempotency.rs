//! Posting twice makes one: the same key of the same program returns what its first call made.
//!
//! Calls with one key wait for one another, so that however many come at once, one makes and the others answer with what
//! it made. What they were sent along with is compared whole, by a hash under a key that dies with what was made.

use std::collections::BTreeMap;

use async_graphql::{ID, InputType, Value};
use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::idempotency;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::Value as Json;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::clock;
use crate::error::{Error, Refusal, Result};
use crate::seal::Vault;
use crate::store::advisory_lock::{AdvisoryLock, lock_within};
use crate::text;

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

/// A call that creates something, as it is told from others.
#[derive(Debug)]
pub struct CreatingCall {
    key: Option<ID>,
    /// The operation, and all that it was sent along with.
    text: Zeroizing<Vec<u8>>,
}

impl CreatingCall {
    /// Returns the call of an operation with this key, which stands at `place` of its arguments, and this input.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: a key that is no key.
    pub fn new(
        operation: &str,
        place: &str,
        key: Option<&ID>,
        input: &impl InputType,
    ) -> Result<Self> {
        if let Some(key) = key {
            text::line(key, text::LINE).map_err(|fault| Error::input(place, fault))?;
        }
        let text = match key {
            Some(_) => {
                let input = canonical(&input.to_value());
                serde_json::to_vec(&[Json::from(operation), input]).map_err(Refusal::internal)?
            }
            None => Vec::new(),
        };
        Ok(Self {
            key: key.cloned(),
            text: Zeroizing::new(text),
        })
    }
}

/// Returns a value that is the same for the same input: without what was left out, and with the fields in order.
fn canonical(value: &Value) -> Json {
    match value {
        Value::List(list) => list.iter().map(canonical).collect(),
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| **value != Value::Null);
            let ordered: BTreeMap<_, _> = said
                .map(|(name, value)| (name.to_string(), canonical(value)))
                .collect();
            Json::Object(ordered.into_iter().collect())
        }
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_) => value.clone().into_json().unwrap_or_default(),
    }
}

/// Creates something in a change and makes it durable, unless the caller's key has done so before.
///
/// # Errors
/// What `create` refuses. `CONFLICT`: the key was used with another operation or input, or what it made is no more.
/// `UNAVAILABLE`.
pub async fn creates_once<T>(
    change: Change<'_>,
    vault: &Vault,
    call: CreatingCall,
    create: impl AsyncFnOnce(&Change<'_>) -> Result<Creation<T>>,
) -> Result<Created<T>> {
    if let Some(key) = &call.key
        && let Some(made) = made_before(&change, vault, key, &call.text).await?
    {
        return Ok(Created::Before(made));
    }
    let Creation { id, made, event } = Box::pin(create(&change)).await?;
    if let Some(key) = &call.key {
        remember(&change, vault, key, &call.text, id).await?;
    }
    change.commit(event).await?;
    Ok(Created::Now(made))
}

/// Returns what the key made before, where it did, of the same input. Where it did not, it is the caller's alone until the
/// change ends: whoever else comes with it waits here.
async fn made_before(
    change: &Change<'_>,
    vault: &Vault,
    key: &ID,
    text: &[u8],
) -> Result<Option<Uuid>> {
    let number = lock_number(change, key);
    lock_within(change, AdvisoryLock::Creating, number).await?;
    let used = idempotency::Entity::used(change.agency(), change.client(), key)
        .one(change)
        .await?;
    let Some(used) = used else {
        return Ok(None);
    };
    match vault.hash_input_again(used.object_id, text).await? {
        Some(hash) if hash == used.request_hash => Ok(Some(used.object_id)),
        Some(_) => Err(Error::Conflict(
            "`idempotencyKey` was used with other input, or for something else: take a fresh key for each thing that you create".into(),
        )
        .into()),
        None => Err(Error::Conflict(
            "`idempotencyKey` was used before, and what it was sent along with cannot be compared any more: look at what it made, or take a fresh key to create another".into(),
        )
        .into()),
    }
}

/// Remembers what a key made.
async fn remember(
    change: &Change<'_>,
    vault: &Vault,
    key: &ID,
    text: &[u8],
    made: Uuid,
) -> Result<()> {
    // The hash's key is made now, whenever the change is said to be: the sweep takes an old key that nothing is under yet.
    let request_hash = vault.hash_input(made, text, clock::now()).await?;
    let row = idempotency::Model {
        agency_id: change.agency(),
        client_id: change.client().to_owned(),
        key: key.to_string(),
        request_hash,
        object_id: made,
        created_at: change.now(),
    };
    row.into_active_model().insert(change).await?;
    Ok(())
}

/// Returns the number of the lock that calls with this key of this program take.
fn lock_number(change: &Change<'_>, key: &ID) -> i32 {
    let name = format!("{}\n{}\n{}", change.agency(), change.client(), key.as_str());
    let hash = digest(&SHA256, name.as_bytes());
    hash.as_ref()
        .first_chunk()
        .map_or(0, |first| i32::from_be_bytes(*first))
}
