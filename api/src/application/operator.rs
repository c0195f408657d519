//! Registering and suspending applications by the operator's hand, for an agency that has no token yet.

use concord_entities::SelectLocked;
use concord_entities::application;
use concord_entities::ids::{AgencyId, ApplicationId};

use zeroize::Zeroizing;

use super::documents;
use super::register::{self, Fresh};
use super::rules::{self, ApplicationRequest, Registrar};
use crate::audit::change::{Author, ByOperator, Change, Ending};
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::store::Store;

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
    let fresh = Fresh::for_a(registration.authentication)?;
    let mut change = Change::at_command_line(store, ByOperator::default()).await?;
    change.acts_for(Some(agency));
    let model = register::register(&change, agency, registration, fresh.as_ref(), None).await?;
    change
        .commit(Event::ApplicationRegistered(model.id))
        .await?;
    Ok((model, fresh.map(|fresh| fresh.secret)))
}

/// Registers an application that proves itself by keys of its own, within an open change; returns the event to record.
///
/// # Errors
/// `BAD_USER_INPUT`: what is wrong with it. `UNAVAILABLE`.
pub(crate) async fn register_with_keys<By: Author>(
    change: &Change<'_, By>,
    agency: AgencyId,
    wanted: &ApplicationRequest,
) -> Result<(application::Model, Event)> {
    let registration = rules::check(wanted, Registrar::Operator)?;
    let model = register::register(change, agency, registration, None, None).await?;
    let event = Event::ApplicationRegistered(model.id);
    Ok((model, event))
}

/// Suspends an application, whosever it is.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_TRANSITION`: it is suspended already. `UNAVAILABLE`: nothing was changed.
pub async fn suspend(store: &Store, id: ApplicationId) -> Result<application::Model> {
    let seen = application::Entity::claimed(id).one(&store.read).await?;
    rules::suspended(seen.ok_or(Error::NotFound)?).ok_or_else(suspended_already)?;
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let found = application::Entity::claimed(id).one_locked(&ending).await?;
    let model = register::suspend(&ending, found.ok_or(Error::NotFound)?).await?;
    let model = model.ok_or_else(suspended_already)?;
    ending.acts_for(Some(model.agency_id));
    ending.commit(Event::ApplicationSuspended(model.id)).await?;
    Ok(model)
}

/// Has an application be called from pages of these origins, whosever it is.
///
/// # Errors
/// `BAD_USER_INPUT`; `NOT_FOUND`; `INVALID_TRANSITION`: it is suspended. `UNAVAILABLE`: nothing was changed.
pub async fn replace_origins(
    store: &Store,
    id: ApplicationId,
    origins: &[String],
) -> Result<application::Model> {
    let origins = rules::origin_list("origins", origins)?;
    let (change, found) = changing(store, id).await?;
    let Some(model) = register::replace_origins(&change, found.clone(), origins).await? else {
        change.give_up().await?;
        return Ok(found);
    };
    change
        .commit(Event::ApplicationOriginsReplaced(model.id))
        .await?;
    Ok(model)
}

/// Adds documents to those that an application may execute, whosever it is; from the first on it executes nothing else. That
/// each would be executed has been checked before.
///
/// # Errors
/// `BAD_USER_INPUT`; `NOT_FOUND`; `INVALID_TRANSITION`: it is suspended. `UNAVAILABLE`: nothing was changed.
pub async fn add_documents(store: &Store, id: ApplicationId, texts: &[String]) -> Result<()> {
    let (change, found) = changing(store, id).await?;
    match documents::add(&change, found, texts).await? {
        Some((_, event)) => change.commit(event).await.map(drop),
        None => change.give_up().await,
    }
}

/// Takes documents, by their hashes, from those that an application may execute.
///
/// # Errors
/// As for [`add_documents`].
pub async fn remove_documents(store: &Store, id: ApplicationId, hashes: &[String]) -> Result<()> {
    let (change, found) = changing(store, id).await?;
    match documents::remove(&change, found.id, hashes).await? {
        Some(event) => change.commit(event).await.map(drop),
        None => change.give_up().await,
    }
}

/// Lets an application execute any document again, and forgets those that it was bound to.
///
/// # Errors
/// As for [`add_documents`].
pub async fn lift_documents(store: &Store, id: ApplicationId) -> Result<()> {
    let (change, found) = changing(store, id).await?;
    match documents::lift(&change, found).await? {
        Some(event) => change.commit(event).await.map(drop),
        None => change.give_up().await,
    }
}

/// Opens a change of an application, whosever it is, on behalf of its agency.
async fn changing(
    store: &Store,
    id: ApplicationId,
) -> Result<(Change<'_, ByOperator>, application::Model)> {
    let mut change = Change::at_command_line(store, ByOperator::default()).await?;
    let found = application::Entity::claimed(id).one_locked(&change).await?;
    let found = found.ok_or(Error::NotFound)?;
    rules::changeable(&found, Registrar::Operator)?;
    change.acts_for(Some(found.agency_id));
    Ok((change, found))
}

fn suspended_already() -> Error {
    Error::NotNow("this application is suspended already".into())
}
