//! Consents in force that could not be signed today: found for the operator, and suspended from a day on.
//!
//! What the law asks for may become stricter, or be checked better, than when a consent was signed. It stays in force,
//! its agency sees what it lacks (`Consent.findings`), and nothing is suspended but from a day that the operator set and
//! both sides were told of. A next version that lacks nothing takes its place, and what stands on it goes on.

use std::collections::HashMap;

use concord_entities::ids::{AgencyId, ConsentId, SurvivorId};
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::NoticeKind;
use concord_entities::{
    agency, consent, consent_objection, consent_signature, notice, referral, survivor,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    Unchanged,
};

use super::grounds::Grounds;
use super::lint;
use crate::audit::change::{ByOperator, Ending};
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Finding, Result};
use crate::store::Store;

/// A consent in force that lacks what the law asks for today, or that was to be suspended for it.
#[derive(Clone, Debug)]
pub struct ReviewedConsent {
    /// The consent.
    pub consent: consent::Model,
    /// The agency that holds it.
    pub agency: agency::Model,
    /// What would keep it from being signed today; nothing where it was put right since.
    pub lacks: Vec<Finding>,
    person: survivor::Model,
}

impl ReviewedConsent {
    /// Returns from when it is to be suspended, if it is: from `day` on, where it lacks something.
    fn suspends_at(&self, day: Day) -> Option<Instant> {
        (!self.lacks.is_empty()).then(|| self.agency.time_zone.start(day))
    }
}

/// How many consents are judged together, and suspended under one lock.
const BATCH: u64 = 200;

/// What suspending came to.
#[derive(Clone, Debug, Default)]
pub struct Suspended {
    /// The consents that are suspended from the day on, with what they lack.
    pub suspended: Vec<ReviewedConsent>,
    /// Those that are suspended no more, since they lack nothing.
    pub lifted: Vec<ReviewedConsent>,
}

/// Lists the consents in force that could not be signed today, by agency.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn review(store: &Store) -> Result<Vec<ReviewedConsent>> {
    let now = store.ping().await?;
    let mut found = Vec::new();
    for agency in agency::Entity::everywhere().all(&store.read).await? {
        let mut after = None;
        while let Some((standing, last)) = batch(store, &agency, after, now).await? {
            let reviewed = judge(&store.read, &agency, standing, now).await?;
            found.extend(reviewed.into_iter().filter(|one| !one.lacks.is_empty()));
            after = Some(last);
        }
    }
    Ok(found)
}

/// Has the consents that could not be signed today suspended from the beginning of `day`, where their agency works, and
/// those that lack nothing any more no longer. Both sides of each are told, once, however often it is done for this day.
///
/// # Errors
/// `BAD_USER_INPUT`: the day is past. `UNAVAILABLE`: what was done before stays done; run it again.
pub async fn suspend(store: &Store, day: Day) -> Result<Suspended> {
    let mut done = Suspended::default();
    for agency in agency::Entity::everywhere().all(&store.read).await? {
        let now = store.ping().await?;
        if day < agency.time_zone.day(now) {
            return Err(Error::input("--suspend-on", "today or a day to come").into());
        }
        let mut after = None;
        while let Some((standing, last)) = batch(store, &agency, after, now).await? {
            // Without the lock first: where there is nothing to change, nobody is stopped.
            let reviewed = judge(&store.read, &agency, standing, now).await?;
            let (changed, as_it_was): (Vec<_>, Vec<_>) = reviewed
                .into_iter()
                .partition(|one| one.consent.suspends_at != one.suspends_at(day));
            done.suspended.extend(as_it_was);
            if !changed.is_empty() {
                suspend_these(store, &agency, &changed, day, &mut done).await?;
            }
            after = Some(last);
        }
    }
    Ok(done)
}

async fn suspend_these(
    store: &Store,
    agency: &agency::Model,
    reviewed: &[ReviewedConsent],
    day: Day,
    done: &mut Suspended,
) -> Result<()> {
    let mut ending = Ending::at_command_line(store, ByOperator::default()).await?;
    ending.acts_for(Some(agency.id));
    let mut events = Vec::new();
    let now = ending.now();
    let standing = consent::Entity::standing_of(agency.id, now)
        .filter(consent::Column::Id.is_in(reviewed.iter().map(|one| one.consent.id)))
        .all(&*ending)
        .await?;
    for mut one in judge(&*ending, agency, standing, now).await? {
        let lifts = one.lacks.is_empty();
        one.consent.suspends_at = one.suspends_at(day);
        save(&ending, &one.consent).await?;
        let (kind, event): (_, fn(ConsentEvent) -> Event) = if lifts {
            (
                NoticeKind::ConsentSuspensionLifted,
                Event::ConsentSuspensionLifted,
            )
        } else {
            (NoticeKind::ConsentSuspends, Event::ConsentSuspensionSet)
        };
        for told in [one.consent.discloser_id, one.consent.recipient_id] {
            tell(&ending, told, kind, one.consent.id).await?;
        }
        let codes: Vec<&str> = one.lacks.iter().map(|finding| finding.code).collect();
        let reason = (!lifts).then(|| codes.join(" "));
        events.push(event(ConsentEvent::of(
            &one.consent,
            one.person.audit_id,
            reason,
        )));
        if lifts {
            done.lifted.push(one);
        } else {
            done.suspended.push(one);
        }
    }
    ending.commit_all(events).await?;
    Ok(())
}

/// Saves from when a consent is suspended, and until when what stands on it may be read by the look of it.
async fn save(ending: &Ending<'_, ByOperator>, consent: &consent::Model) -> Result<()> {
    let changed = consent::ActiveModel {
        id: Unchanged(consent.id),
        suspends_at: Set(consent.suspends_at),
        ..Default::default()
    };
    changed.update(&**ending).await?;
    referral::Entity::stand_until(consent.id, consent.stands_until())
        .exec(&**ending)
        .await?;
    Ok(())
}

async fn tell(
    ending: &Ending<'_, ByOperator>,
    agency: AgencyId,
    kind: NoticeKind,
    consent: ConsentId,
) -> Result<()> {
    let notice = notice::Model::unseen(agency, kind, consent.to_string(), ending.now());
    notice.into_active_model().insert(&**ending).await?;
    Ok(())
}

/// Returns the next of an agency's consents that stand, newest first, and the last of them.
async fn batch(
    store: &Store,
    agency: &agency::Model,
    after: Option<ConsentId>,
    now: Instant,
) -> Result<Option<(Vec<consent::Model>, ConsentId)>> {
    let mut standing = consent::Entity::standing_of(agency.id, now).limit(BATCH);
    if let Some(after) = after {
        standing = standing.filter(consent::Column::Id.lt(after));
    }
    let standing = standing.all(&store.read).await?;
    let last = standing.last().map(|one| one.id);
    Ok(last.map(|last| (standing, last)))
}

/// Returns those of an agency's consents that could not be signed today, and those that were to be suspended.
async fn judge(
    database: &impl ConnectionTrait,
    agency: &agency::Model,
    standing: Vec<consent::Model>,
    now: Instant,
) -> Result<Vec<ReviewedConsent>> {
    let grounds = Grounds::gather(database, agency.id, now).await?;
    let people: HashMap<SurvivorId, survivor::Model> = survivor::Entity::of(agency.id)
        .filter(survivor::Column::Id.is_in(standing.iter().map(|one| one.survivor_id)))
        .all(database)
        .await?
        .into_iter()
        .map(|one| (one.id, one))
        .collect();
    let mut signatures: HashMap<ConsentId, Vec<consent_signature::Model>> = HashMap::new();
    for row in consent_signature::Entity::under(standing.iter().map(|one| one.id))
        .all(database)
        .await?
    {
        signatures.entry(row.consent_id).or_default().push(row);
    }
    let mut objections: HashMap<ConsentId, Vec<consent_objection::Model>> = HashMap::new();
    for row in consent_objection::Entity::to(standing.iter().map(|one| one.id))
        .all(database)
        .await?
    {
        objections.entry(row.consent_id).or_default().push(row);
    }
    let judged = standing.into_iter().filter_map(|consent| {
        let person = people.get(&consent.survivor_id)?.clone();
        let signed = signatures.remove(&consent.id).unwrap_or_default();
        let objected = objections.remove(&consent.id).unwrap_or_default();
        let lacks = lint::blocking(grounds.judge(&consent, &person, &signed, &objected));
        let agency = agency.clone();
        (!lacks.is_empty() || consent.suspends_at.is_some()).then_some(ReviewedConsent {
            consent,
            agency,
            lacks,
            person,
        })
    });
    Ok(judged.collect())
}
