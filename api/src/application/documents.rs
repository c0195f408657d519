//! What an application may execute, where it may execute nothing else: inside an open change, for the wire and the command line
//! alike. That each document would be executed has been checked before.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::application;
use concord_entities::ids::ApplicationId;
use concord_entities::trusted_document::{Column, Entity, Model};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, Set, Unchanged,
};

use super::rules;
use crate::audit::change::{Author, Change};
use crate::audit::event::{Event, TrustedDocumentsEvent};
use crate::error::{Faults, Result};
use crate::request::document_check::DocumentCheck;

/// Checks that each of these documents would be executed.
///
/// # Errors
/// `BAD_USER_INPUT`: all that would not, each at its index in `documents`.
pub fn check_all(check: &DocumentCheck, texts: &[String]) -> Result<()> {
    let mut faults = Faults::default();
    faults.require(!texts.is_empty(), "documents", "at least one");
    for (index, text) in texts.iter().enumerate() {
        if let Err(why) = check.check(text) {
            faults.add(format!("documents.{index}"), why);
        }
    }
    Ok(faults.none()?)
}

/// Adds documents to those that an application may execute; from the first on it executes nothing else. Returns none where it
/// has all of them.
///
/// # Errors
/// `BAD_USER_INPUT`: they are too many. `UNAVAILABLE`.
pub async fn add<By: Author>(
    change: &Change<'_, By>,
    application: application::Model,
    texts: &[String],
) -> Result<Option<(application::Model, Event)>> {
    let mut known = hashes(change, application.id).await?;
    let mut fresh = Vec::new();
    for text in texts {
        let sha256 = hash(text);
        if known.insert(sha256.clone()) {
            fresh.push(Model {
                application_id: application.id,
                sha256,
                text: text.clone(),
                created_at: change.now(),
            });
        }
    }
    if fresh.is_empty() && application.trusted_documents_only {
        return Ok(None);
    }
    rules::as_many_documents(known.len())?;
    if !fresh.is_empty() {
        let fresh = fresh.into_iter().map(IntoActiveModel::into_active_model);
        Entity::insert_many(fresh)
            .exec_without_returning(change)
            .await?;
    }
    let application = bind(change, application, true).await?;
    let event = Event::TrustedDocumentsAdded(event(application.id, &known));
    Ok(Some((application, event)))
}

/// Takes documents, by their hashes, from those that an application may execute. With none left it executes nothing. Returns
/// none where it has none of them.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn remove<By: Author>(
    change: &Change<'_, By>,
    application: ApplicationId,
    gone: &[String],
) -> Result<Option<Event>> {
    let mut known = hashes(change, application).await?;
    let gone: BTreeSet<String> = gone
        .iter()
        .filter(|hash| known.remove(*hash))
        .cloned()
        .collect();
    if gone.is_empty() {
        return Ok(None);
    }
    Entity::forget(application, gone).exec(change).await?;
    Ok(Some(Event::TrustedDocumentsRemoved(event(
        application,
        &known,
    ))))
}

/// Lets an application execute any document again. Returns none where it may.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn lift<By: Author>(
    change: &Change<'_, By>,
    application: application::Model,
) -> Result<Option<Event>> {
    if !application.trusted_documents_only {
        return Ok(None);
    }
    Entity::forget_all(application.id).exec(change).await?;
    let application = bind(change, application, false).await?;
    Ok(Some(Event::TrustedDocumentsLifted(application.id)))
}

async fn bind<By: Author>(
    change: &Change<'_, By>,
    application: application::Model,
    only_trusted: bool,
) -> Result<application::Model> {
    if application.trusted_documents_only == only_trusted {
        return Ok(application);
    }
    let bound = application::ActiveModel {
        id: Unchanged(application.id),
        trusted_documents_only: Set(only_trusted),
        ..Default::default()
    };
    Ok(bound.update(change).await?)
}

/// Returns the hashes of an application's documents, in order.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn hashes(
    database: &impl ConnectionTrait,
    application: ApplicationId,
) -> Result<BTreeSet<String>> {
    let hashes: Vec<String> = Entity::of(application)
        .select_only()
        .column(Column::Sha256)
        .into_tuple()
        .all(database)
        .await?;
    Ok(hashes.into_iter().collect())
}

fn event(application: ApplicationId, hashes: &BTreeSet<String>) -> TrustedDocumentsEvent {
    let lines: String = hashes.iter().flat_map(|hash| [hash, "\n"]).collect();
    TrustedDocumentsEvent {
        application,
        list: hash(&lines),
    }
}

fn hash(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}
