//! What the parties of an MOU had said of it, said once more in a copy of the data store from before.
//!
//! Each word counts from when it was said: a notice is over when it was to be. Of an MOU whose next version the copy does not
//! have, nothing is in force: what its parties agreed to since is not what the copy holds.

use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditType;
use concord_entities::{SelectLocked, mou, mou_party};

use super::change::save;
use super::life::heard;
use super::rules::words::{EndReason, HowMouEnds, PartyWord};
use super::standing::stand_anew;
use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::{Event, MouEvent};
use crate::audit::journal::JournaledEnding;
use crate::error::Result;

/// The reason where the one that was given is not at hand.
const REASON: &str = "said before an older copy of the data was put back";

/// Returns what a party had said, where that is what an ending tells.
fn word(one: &JournaledEnding) -> Option<PartyWord> {
    let why = || EndReason {
        text: REASON.to_owned(),
        breach: one.reason.as_deref() == Some(HowMouEnds::ForBreach.code()),
    };
    if one.kind == AuditType::MouSuspended {
        Some(PartyWord::Suspend(REASON.to_owned()))
    } else if one.kind == AuditType::MouReinstated {
        Some(PartyWord::Reinstate)
    } else if one.kind == AuditType::MouTerminated {
        Some(PartyWord::Terminate(why()))
    } else if one.kind == AuditType::MouLeft {
        Some(PartyWord::Leave(why()))
    } else {
        None
    }
}

/// Has an MOU end once more as this ending tells, as far as the copy has it; returns whether anything changed.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn end_again(
    change: &mut Ending<'_, ByOperator>,
    id: MouId,
    one: &JournaledEnding,
) -> Result<bool> {
    match (word(one), one.agency) {
        (Some(word), Some(agency)) => say_again(change, id, agency, &word, one.at).await,
        _ if one.kind == AuditType::MouSuperseded => is_over(change, id).await,
        _ => Ok(false),
    }
}

/// Has every party of an MOU suspend it, each for itself to take back: nobody knows what was said of it. Returns whether any
/// did.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn suspend_for_all(
    change: &mut Ending<'_, ByOperator>,
    id: MouId,
) -> Result<bool> {
    let word = PartyWord::Suspend(REASON.to_owned());
    let now = change.now();
    let mut changed = false;
    for party in mou_party::Entity::of([id]).all(&**change).await? {
        changed |= say_again(change, id, party.agency_id, &word, now).await?;
    }
    Ok(changed)
}

async fn say_again(
    change: &mut Ending<'_, ByOperator>,
    id: MouId,
    agency: AgencyId,
    word: &PartyWord,
    at: Instant,
) -> Result<bool> {
    let found = mou::Entity::anywhere(id).one_locked(&**change).await?;
    let Some(mou) = found else {
        return Ok(false);
    };
    change.acts_for(Some(agency));
    match heard(&**change, &mou, agency, word, at).await {
        Ok(Some((_, event, _))) => {
            change.record(event).await?;
            Ok(true)
        }
        Ok(None) => Ok(false),
        // In the copy it does not stand so that this could be said of it: nothing is in force there that ended by it.
        Err(refusal) if refusal.error.code() == "INVALID_TRANSITION" => Ok(false),
        Err(other) => Err(other),
    }
}

async fn is_over(change: &mut Ending<'_, ByOperator>, id: MouId) -> Result<bool> {
    let now = change.now();
    let found = mou::Entity::anywhere(id).one_locked(&**change).await?;
    let Some(mou) = found.filter(|mou| mou.dates().halted_at.is_none() && now < mou.ends_at) else {
        return Ok(false);
    };
    change.acts_for(Some(mou.drafted_by));
    let over = mou::Model {
        terminated_at: Some(now),
        ..mou
    };
    let over = save(&**change, over).await?;
    stand_anew(&**change, &over).await?;
    let event = MouEvent {
        how: Some(HowMouEnds::AtOnce.code()),
        ..MouEvent::from(&over)
    };
    change.record(Event::MouTerminated(event)).await?;
    Ok(true)
}
