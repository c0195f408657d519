//! Reading records whose finder alone says who may see them: rows beside the epoch, and the event that lists them.

use concord_entities::instant::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    QueryTrait, Select,
};

use super::event::Event;
use super::ledger::Decided;
use crate::error::{Error, Result};
use crate::sharing::facts;
use crate::store::Store;
use crate::store::page::{CursorKey, Page, PageRequest, Towards};

/// Returns a page of a list that is sorted by `key`, an id that grows with time, newest first.
///
/// # Errors
/// `UNAVAILABLE`; `BAD_USER_INPUT` where the list is asked for backwards.
pub async fn page<E: EntityTrait>(
    store: &Store,
    among: Select<E>,
    key: impl ColumnTrait,
    wanted: PageRequest,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Page<E::Model>>> {
    page_beyond(store, among, |id| key.lt(id), wanted, name).await
}

/// Reads a page of a list with places of its own; `beyond` is what stands after one in the order of the list.
///
/// # Errors
/// As [`page`].
pub async fn page_beyond<E: EntityTrait, P: CursorKey + Copy>(
    store: &Store,
    among: Select<E>,
    beyond: impl FnOnce(P) -> Expr,
    wanted: PageRequest<P>,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Page<E::Model>>> {
    let select = |after: Option<P>, most| {
        let among = among.limit(most);
        match after {
            Some(after) => among.filter(beyond(after)),
            None => among,
        }
    };
    page_of(store, select, wanted, name).await
}

/// Reads a page of a list that bounds itself: `select` is given the entry to go on after, and how many entries to bring
/// at most.
///
/// # Errors
/// As [`page`].
pub async fn page_of<E: EntityTrait, P: CursorKey + Copy>(
    store: &Store,
    select: impl FnOnce(Option<P>, u64) -> Select<E>,
    wanted: PageRequest<P>,
    name: impl Fn(&E::Model) -> String,
) -> Result<Decided<Page<E::Model>>> {
    let Towards::Older(after) = wanted.from else {
        return Err(Error::input("last", "this list is read forwards only").into());
    };
    let decided = rows(store, select(after, wanted.size + 1), name).await?;
    Ok(decided.map(|rows| wanted.cut(rows)))
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
