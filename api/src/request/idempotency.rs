//! Posting twice makes one: the same key of the same program returns what its first call made.

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::idempotency;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use uuid::Uuid;

use crate::audit::change::Change;
use crate::error::{Error, Result};

/// What a key has done already.
#[derive(Debug)]
pub enum Replay {
    /// It made this.
    Made(Uuid),
    /// Nothing yet; hand this to [`keep`] with what is made now.
    Fresh(Option<idempotency::Model>),
}

/// What `key` did for this operation and input.
///
/// # Errors
/// `CONFLICT`: the key was used with another operation or input. `BAD_USER_INPUT`: a key that is no key.
pub async fn replay(
    change: &Change<'_>,
    operation: &str,
    key: Option<&async_graphql::ID>,
    input: &str,
) -> Result<Replay> {
    let Some(key) = key else {
        return Ok(Replay::Fresh(None));
    };
    if key.is_empty() || key.len() > 200 {
        return Err(Error::input("idempotencyKey", "1 to 200 characters").into());
    }
    let caller = change.caller();
    let request_hash = digest(&SHA256, format!("{operation}\n{input}").as_bytes())
        .as_ref()
        .to_vec();
    let used = idempotency::Entity::used(caller.agency(), caller.client(), key)
        .one(&**change)
        .await?;
    match used {
        Some(used) if used.request_hash == request_hash => Ok(Replay::Made(used.object_id)),
        Some(_) => Err(Error::Conflict(
            "`idempotencyKey` was used for something else: take a fresh key for each thing that you create".into(),
        )
        .into()),
        None => Ok(Replay::Fresh(Some(idempotency::Model {
            agency_id: caller.agency(),
            client_id: caller.client().to_owned(),
            key: key.to_string(),
            request_hash,
            object_id: Uuid::nil(),
            created_at: change.now(),
        }))),
    }
}

/// Remembers what a key made.
///
/// # Errors
/// `CONFLICT`: another call with the same key is faster. `UNAVAILABLE`.
pub async fn keep(
    change: &Change<'_>,
    key: Option<idempotency::Model>,
    object: Uuid,
) -> Result<()> {
    let Some(mut key) = key else {
        return Ok(());
    };
    key.object_id = object;
    match key.into_active_model().insert(&**change).await {
        Ok(_) => Ok(()),
        Err(fault)
            if matches!(
                fault.sql_err(),
                Some(sea_orm::SqlErr::UniqueConstraintViolation(_))
            ) =>
        {
            Err(Error::Conflict(
                "another call with this `idempotencyKey` is under way: ask again".into(),
            )
            .into())
        }
        Err(fault) => Err(fault.into()),
    }
}
