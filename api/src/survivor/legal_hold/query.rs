//! Reading legal holds: rows, then the event, then their texts.

use std::collections::HashMap;

use concord_entities::ids::{LegalHoldId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::legal_hold::{self, Column, Model};

use super::graphql::{KEY_VERSION, LegalHold, LegalHoldTexts, Local};
use crate::access::grant::Resource;
use crate::agency::zone;
use crate::audit::disclose;
use crate::error::{Error, Refusal, Result};
use crate::request::Request;
use crate::seal::record::{RecordKind, SealedRecord};
use crate::store::page::PageRequest;
use crate::wire::connection::Connection;

/// Returns a page of the holds on a survivor of the caller's agency, newest first.
///
/// # Errors
/// `FORBIDDEN_SCOPE`; `UNAVAILABLE`; `INTERNAL` where a seal is broken.
pub(crate) async fn page(
    request: &Request,
    survivor: SurvivorId,
    wanted: PageRequest,
) -> Result<Connection<LegalHold>> {
    let caller = request.caller.may(Resource::Survivor.read())?;
    let released = request
        .disclose(|| async {
            let among = legal_hold::Entity::on(caller.agency(), survivor);
            let store = &request.worker.store;
            let name = |row: &Model| row.id.to_string();
            let found = disclose::page(store, among, Column::Id, wanted, name).await?;
            let at = local(request, found.now).await?;
            Ok(found.map(|page| (page, at)))
        })
        .await?;
    let (page, at) = released.content();
    let mut texts = texts(request, &page.entries).await?;
    let page = page.map(|model| {
        let texts = texts.remove(&model.id);
        LegalHold::view(model, texts, &at)
    });
    Ok(Connection::from_page(page, LegalHold::key))
}

/// Returns a hold that the caller's own agency recorded.
pub(crate) async fn legal_hold_by_id(
    request: &Request,
    id: LegalHoldId,
) -> Result<Option<LegalHold>> {
    request.caller.may(Resource::Survivor.read())?;
    find_legal_hold(request, id).await
}

/// Reads the hold for a caller whose change named it, and records the reading like any other.
pub(super) async fn find_legal_hold(
    request: &Request,
    id: LegalHoldId,
) -> Result<Option<LegalHold>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = legal_hold::Entity::one_by(caller.agency(), id);
            let store = &request.worker.store;
            let found = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
            let at = local(request, found.now).await?;
            Ok(found.map(|hold| (hold, at)))
        })
        .await?;
    let (found, at) = released.content();
    let mut texts = texts(request, found.as_slice()).await?;
    Ok(found.map(|model| {
        let texts = texts.remove(&model.id);
        LegalHold::view(model, texts, &at)
    }))
}

/// Returns what a moment is where the caller's agency works.
async fn local(request: &Request, now: Instant) -> Result<Local> {
    let zone = zone::of_agency(&request.worker.store.read, request.caller.agency()).await?;
    Ok(Local { now, zone })
}

/// Returns the texts of holds whose reading is on record.
async fn texts(request: &Request, holds: &[Model]) -> Result<HashMap<LegalHoldId, LegalHoldTexts>> {
    let sealed: Vec<SealedRecord<'_>> = holds
        .iter()
        .map(|hold| SealedRecord {
            owner: hold.id.0,
            version: KEY_VERSION,
            bytes: &hold.sealed,
        })
        .collect();
    let vault = &request.worker.vault;
    let opened = vault.open_records(RecordKind::LegalHold, &sealed).await?;
    opened
        .into_iter()
        .map(|(id, plain)| {
            // What the parser says of a text may repeat it.
            let texts = serde_json::from_slice(&plain);
            let texts = texts.map_err(|_| Refusal::from(Error::Internal))?;
            Ok((LegalHoldId(id), texts))
        })
        .collect()
}
