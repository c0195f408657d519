//! Ending every token of one of an agency's people, as of staff who leave: of ours and of the agency's own issuers, and there
//! are none for them until the agency reinstates them.

use concord_entities::SelectLocked;
use concord_entities::ended_subject;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Set, Unchanged};

use crate::audit::change::{Author, Ending};
use crate::audit::event::{Event, SubjectEvent};
use crate::error::Result;

/// Returns what is known of a person of the agency's; none where their tokens were never ended.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn find(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    subject: &str,
) -> Result<Option<ended_subject::Model>> {
    let found = ended_subject::Entity::of(agency, subject);
    Ok(found.one(database).await?)
}

/// Returns whether a person's tokens are over, and none are given.
#[must_use]
pub fn is_ended(known: Option<&ended_subject::Model>) -> bool {
    known.is_some_and(|known| known.reinstated_at.is_none())
}

/// Ends every token of a person of the agency's; returns what to record of it, or none where that was done before.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn end<By: Author>(
    ending: &Ending<'_, By>,
    agency: AgencyId,
    subject: &str,
) -> Result<Option<Event>> {
    let known = ended_subject::Entity::of(agency, subject);
    let known = known.one_locked(&**ending).await?;
    if is_ended(known.as_ref()) {
        return Ok(None);
    }
    let row = ended_subject::Model {
        agency_id: agency,
        subject: subject.to_owned(),
        ended_at: ending.now(),
        reinstated_at: None,
    };
    if known.is_some() {
        let ended = ended_subject::ActiveModel {
            agency_id: Unchanged(agency),
            subject: Unchanged(row.subject.clone()),
            ended_at: Set(row.ended_at),
            reinstated_at: Set(None),
        };
        ended.update(&**ending).await?;
    } else {
        ended_subject::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&**ending)
            .await?;
    }
    let subject = row.subject;
    Ok(Some(Event::SubjectEnded(SubjectEvent { subject, agency })))
}

/// Lets a person of the agency's have tokens again; those of before stay over. Returns what to record of it, or none where
/// they are not ended.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn reinstate<By: Author>(
    ending: &Ending<'_, By>,
    agency: AgencyId,
    subject: &str,
) -> Result<Option<Event>> {
    let known = ended_subject::Entity::of(agency, subject);
    let known = known.one_locked(&**ending).await?;
    let Some(known) = known.filter(|known| is_ended(Some(known))) else {
        return Ok(None);
    };
    let reinstated = ended_subject::ActiveModel {
        agency_id: Unchanged(agency),
        subject: Unchanged(known.subject.clone()),
        reinstated_at: Set(Some(from_when(known.ended_at, ending.now()))),
        ..Default::default()
    };
    reinstated.update(&**ending).await?;
    let subject = known.subject;
    let event = SubjectEvent { subject, agency };
    Ok(Some(Event::SubjectReinstated(event)))
}

/// Returns from which second on tokens count again: tokens tell the second in which they were issued, and none of the
/// second of the ending may.
fn from_when(ended_at: Instant, now: Instant) -> Instant {
    let next = Instant::from_unix_seconds(ended_at.unix_seconds() + 1);
    Instant::from_unix_seconds(now.unix_seconds()).max(next)
}
