//! Consents below survivors: a page of those of each, by one statement for all of them.

use std::collections::HashMap;

use concord_entities::consent::{self, Column};
use concord_entities::ids::SurvivorId;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Iterable};

use super::graphql::{Consent, with_context};
use super::selection::ConsentSelection;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::Request;
use crate::sharing::facts;
use crate::store::Store;
use crate::store::page::PageRequest;
use crate::store::pages_below::{self, ListedBelow, Lists, PageBelow, by_parent};

/// Returns the consents of these survivors of the caller's own agency.
pub(crate) async fn of_survivors(
    request: &Request,
    survivors: &[SurvivorId],
    wanted: &PageRequest,
    selection: ConsentSelection,
) -> Result<HashMap<SurvivorId, ListedBelow<Consent>>> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let lists = Lists {
                rows: consent::Entity::of_survivors(agency, survivors.iter().copied()),
                parent: Column::SurvivorId,
                key: Column::Id,
            };
            let found = read(store, lists, wanted).await?;
            with_context(request, found, selection, |(rows, _)| rows.as_slice()).await
        })
        .await?;
    let ((rows, pages), views, now) = released.content();
    let told = rows.into_iter().map(|row| views.view(row, now)).collect();
    Ok(by_parent(told, &pages, SurvivorId))
}

async fn read(
    store: &Store,
    lists: Lists<consent::Entity>,
    wanted: &PageRequest,
) -> Result<Decided<(Vec<consent::Model>, Vec<PageBelow>)>> {
    let columns: Vec<Column> = Column::iter().collect();
    let statement = facts::beside_epoch(store.backend, lists.page(&columns, wanted), false);
    let found = store.read.query_all(&statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let (told, pages) = pages_below::divide(found, wanted)?;
    let rows = told
        .iter()
        .map(|row| consent::Model::from_query_result(row, ""));
    let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    let events = if rows.is_empty() {
        Vec::new()
    } else {
        let told = rows.iter().map(|row| row.id.to_string());
        vec![Event::RecordsListed(told.collect())]
    };
    Ok(Decided {
        epoch,
        now,
        content: (rows, pages),
        events,
    })
}
