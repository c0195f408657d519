//! Finding the consent that a form is for, and what else the form shows.

use concord_entities::ids::ConsentId;
use concord_entities::{consent, survivor};

use super::page::Subject;
use crate::agency::zone;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::consent::rules;
use crate::error::Result;
use crate::request::Request;

/// Returns what the form of a consent shows, to the agency that may disclose under it alone.
///
/// # Errors
/// `UNAUTHENTICATED`; `UNAVAILABLE`.
pub async fn subject(request: &Request, id: ConsentId) -> Result<Option<Subject>> {
    let released = request.disclose(|| find_subject(request, id)).await?;
    Ok(released.content())
}

async fn find_subject(request: &Request, id: ConsentId) -> Result<Decided<Option<Subject>>> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let among = consent::Entity::held_by(agency, id);
    let held = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
    let Some(consent) = held.content.clone() else {
        return Ok(held.map(|_| None));
    };
    let survivor = survivor::Entity::one_of(agency, consent.survivor_id)
        .one(&store.read)
        .await?;
    let zone = zone::of_agency(&store.read, agency).await?;
    let today = zone.day(held.now);
    let parties = [consent.discloser_id, consent.recipient_id]
        .into_iter()
        .chain(consent.intermediary_id);
    let agencies = request.worker.directory.among(store, parties).await?;
    let name = |id| {
        agencies
            .get(&id)
            .map_or_else(String::new, |agency| agency.name.clone())
    };
    let subject = Subject {
        status: rules::status(&consent, held.now),
        discloser: name(consent.discloser_id),
        recipient: name(consent.recipient_id),
        intermediary: consent.intermediary_id.map(name),
        zone,
        guarded: consent.minor_alone.is_none()
            && survivor.is_some_and(|survivor| survivor.is_guarded(today)),
        consent,
    };
    Ok(held.map(|_| Some(subject)))
}
