//! Reading records whose finder alone says who may see them: rows beside the epoch, and the event that lists them.

use concord_entities::instant::Instant;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QuerySelect, QueryTrait, Select,
};

use super::event::Event;
use super::ledger::Decided;
use crate::error::Result;
use crate::sharing::facts;
use crate::store::Store;
use crate::store::page::{CursorKey, Page, PageRequest, Walk};

/// Returns a page of a list that is sorted by `key`, an id that grows with time, newest first.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn page<E: EntityTrait>(
    store: &Store,
    among: Select<E>,
    key: E::Column,
    wanted: PageRequest,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Page<E::Model>>> {
    page_by(store, among, &[key], wanted, name).await
}

/// Returns a page of a list that is sorted by these columns, the newest first.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn page_by<E: EntityTrait, P: CursorKey + Copy>(
    store: &Store,
    among: Select<E>,
    columns: &[E::Column],
    wanted: PageRequest<P>,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Page<E::Model>>> {
    let select = |walk: Walk<P>| walk.along(among.clone(), columns);
    page_of(store, select, wanted, name).await
}

/// Returns a page of a list that knows by itself how it is walked along.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn page_of<E: EntityTrait, P: CursorKey + Copy>(
    store: &Store,
    select: impl Fn(Walk<P>) -> Select<E>,
    wanted: PageRequest<P>,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Page<E::Model>>> {
    let size = usize::try_from(wanted.size).unwrap_or(usize::MAX);
    let decided = rows(store, select(wanted.walk()), |_| String::new()).await?;
    // What a page is cut to is told, and not the entry that shows that there are more.
    let told: Vec<String> = decided.content.iter().take(size).map(name).collect();
    let behind = match wanted.behind() {
        Some(walk) => select(walk).one(&store.read).await?.is_some(),
        None => false,
    };
    let events = if told.is_empty() {
        Vec::new()
    } else {
        vec![Event::RecordsListed(told)]
    };
    Ok(Decided { events, ..decided }.map(|rows| wanted.cut(rows, behind)))
}

/// Returns the one record that a finder finds; `asked` goes on record where it finds none.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn one<E: EntityTrait>(
    store: &Store,
    among: Select<E>,
    asked: &impl std::fmt::Display,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Option<E::Model>>> {
    let decided = rows(store, among.limit(1), name).await?;
    Ok(decided.map(|mut rows| rows.pop()).or_denied(asked))
}

/// Returns every record that a finder finds, for a decision over all of them. What leaves of them, the caller puts on
/// record.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn all<E: EntityTrait>(
    store: &Store,
    among: Select<E>,
) -> Result<Decided<Vec<E::Model>>> {
    let decided = rows(store, among, |_| String::new()).await?;
    Ok(Decided {
        events: Vec::new(),
        ..decided
    })
}

async fn rows<E: EntityTrait>(
    store: &Store,
    among: Select<E>,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Vec<E::Model>>> {
    let statement = facts::beside_epoch(store.backend, among.into_query(), false);
    let found = store.read.query_all(&statement).await?;
    let (epoch, now): (i64, Instant) = facts::epoch_and_time(&found)?;
    let content = found
        .iter()
        .filter(|row| facts::is_row(row))
        .map(|row| E::Model::from_query_result(row, ""))
        .collect::<Result<Vec<_>, DbErr>>()?;
    let events = if content.is_empty() {
        Vec::new()
    } else {
        vec![Event::RecordsListed(content.iter().map(name).collect())]
    };
    Ok(Decided {
        epoch,
        now,
        content,
        events,
    })
}
