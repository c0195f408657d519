//! Registering and suspending applications by the operator's hand, for an agency that has no token yet.

use concord_entities::SelectLocked;
use concord_entities::application;
use concord_entities::ids::{AgencyId, ApplicationId};
use concord_entities::instant::Instant;

use zeroize::Zeroizing;

use super::register::{self, Fresh};
use super::rules::{self, ApplicationRequest, Registrar};
use crate::audit::change;
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::audit::leaf::Leaf;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::sharing_lock::{self, LockedTransaction, SharingLock};

/// Registers an application of `agency`; its secret, where it has one, is told once.
///
/// # Errors
/// `BAD_USER_INPUT`: what is wrong with it. `UNAVAILABLE`: nothing was registered.
pub async fn register(
    store: &Store,
    agency: AgencyId,
    wanted: &ApplicationRequest,
) -> Result<(application::Model, Option<Zeroizing<String>>)> {
    let registration = rules::check(wanted, Registrar::Operator)?;
    let fresh = Fresh::for_a(registration.authentication).await?;
    let LockedTransaction {
        transaction, now, ..
    } = sharing_lock::open(store, SharingLock::Shared).await?;
    let model = register::register(&transaction, agency, registration, fresh.as_ref(), now).await?;
    let leaf = leaf(Event::ApplicationRegistered, &model, now);
    change::commit(transaction, SharingLock::Shared, leaf, None).await?;
    Ok((model, fresh.map(|fresh| fresh.secret)))
}

/// Suspends an application, whosever it is.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_TRANSITION`: it is suspended already. `UNAVAILABLE`: nothing was changed.
pub async fn suspend(store: &Store, id: ApplicationId) -> Result<application::Model> {
    let LockedTransaction {
        transaction, now, ..
    } = sharing_lock::open(store, SharingLock::Exclusive).await?;
    let found = application::Entity::claimed(id)
        .one_locked(&transaction)
        .await?;
    let model = register::suspend(&transaction, found.ok_or(Error::NotFound)?, now).await?;
    let leaf = leaf(Event::ApplicationSuspended, &model, now);
    change::commit(transaction, SharingLock::Exclusive, leaf, None).await?;
    Ok(model)
}

fn leaf(happened: fn(ApplicationId) -> Event, model: &application::Model, now: Instant) -> Leaf {
    let event = happened(model.id);
    let agent = Agent::operator_for(model.agency_id);
    Leaf::of(event, &agent, &RequestMeta::default(), now)
}
