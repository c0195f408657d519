//! Finding the MOU that a page is of, and what else the page shows.

use concord_entities::ids::MouId;
use concord_entities::{mou, mou_party};

use super::sheet::PrintedMou;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::mou::{obligations, rules};
use crate::request::Request;

/// Returns what the page of an MOU shows, to an agency that may follow the MOU.
///
/// # Errors
/// `UNAUTHENTICATED`; `UNAVAILABLE`.
pub async fn printed(request: &Request, id: MouId) -> Result<Option<PrintedMou>> {
    let released = request.disclose(|| find_printed(request, id)).await?;
    Ok(released.content())
}

async fn find_printed(request: &Request, id: MouId) -> Result<Decided<Option<PrintedMou>>> {
    let store = &request.worker.store;
    let among = mou::Entity::known_to(request.caller.agency(), id);
    let found = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
    let Some(mou) = found.content.clone() else {
        return Ok(found.map(|_| None));
    };
    let parties = mou_party::Entity::of([id]).all(&store.read).await?;
    let agencies = parties.iter().map(|party| party.agency_id);
    let agencies = request.worker.directory.among(store, agencies).await?;
    let obligations = obligations::by_law(&store.read, &mou, &parties, found.now).await?;
    let status = rules::status(&mou, rules::signed(&parties), found.now);
    let mut parties: Vec<_> = parties
        .into_iter()
        .map(|party| {
            let agency = agencies.get(&party.agency_id);
            let name = agency.map_or_else(String::new, |agency| agency.name.clone());
            (name, party)
        })
        .collect();
    // The drafter first, as on the first sheet of a paper.
    parties.sort_by_key(|(_, party)| (party.agency_id != mou.drafted_by, party.agency_id));
    let printed = PrintedMou {
        mou,
        status,
        parties,
        obligations,
    };
    Ok(found.map(|_| Some(printed)))
}
