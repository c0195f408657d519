//! How the coordinators of task forces vetted their agencies.

use async_graphql::{ID, InputObject, SimpleObject};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, VettingAttribute};
use concord_entities::{agency_vetting, membership, task_force};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{beside, rules};
use crate::error::Result;
use crate::request::Request;
use crate::wire::scalars::Date;

/// The four attributes that make a partner fit to refer to; null where nobody has checked.
#[derive(Clone, Debug, SimpleObject)]
pub struct Vetting {
    /// It is credible.
    pub credible: Option<VettingCheck>,
    /// Its staff are trained in the effects of trauma.
    pub trauma_informed: Option<VettingCheck>,
    /// It respects confidentiality.
    pub respects_confidentiality: Option<VettingCheck>,
    /// It knows immigration law.
    pub knows_immigration_law: Option<VettingCheck>,
}

/// That a coordinator of a task force looked into an attribute of an agency.
#[derive(Clone, Debug, SimpleObject)]
pub struct VettingCheck {
    /// The attribute.
    pub attribute: VettingAttribute,
    /// The task force whose coordinator checked.
    pub task_force: ID,
    /// Whether the check counts today, in the days of the task force: it lapses by itself.
    pub held: bool,
    /// When it was checked.
    pub checked_on: Date,
    /// The last day on which it counts.
    pub lapses_on: Date,
    /// What showed it; null to everybody but those who coordinate the task force.
    pub evidence: Option<String>,
}

/// What your agency found when it looked into an agency of a task force that it coordinates.
#[derive(Clone, Debug, InputObject)]
pub struct VettingInput {
    /// The agency.
    pub agency: ID,
    /// The task force; your agency coordinates it.
    pub task_force: ID,
    /// What was looked into.
    pub attribute: VettingAttribute,
    /// What showed it: 1 to 2,000 characters, and nothing about a person served. Shown to those who coordinate the task
    /// force alone.
    pub evidence: String,
    /// The day of the check, in the days of the task force: not in the future.
    pub checked_on: Date,
    /// The last day on which it counts, from that day on: 730 days later at most, and where you leave it out.
    pub lapses_on: Option<Date>,
}

/// Returns how an agency was vetted in a task force of the reader's, or in any of them: then each attribute as it was
/// checked last. Puts on record that it was told.
pub(super) async fn vetting_of(
    request: &Request,
    agency: AgencyId,
    task_force: Option<TaskForceId>,
) -> Result<Vetting> {
    let read = |now| read_checks(request, agency, task_force, now);
    let mut checks = beside::told(request, agency, read).await?;
    let mut latest = |attribute| {
        let place = checks.iter().position(|check| check.attribute == attribute);
        place.map(|place| checks.swap_remove(place))
    };
    Ok(Vetting {
        credible: latest(VettingAttribute::Credible),
        trauma_informed: latest(VettingAttribute::TraumaInformed),
        respects_confidentiality: latest(VettingAttribute::RespectsConfidentiality),
        knows_immigration_law: latest(VettingAttribute::KnowsImmigrationLaw),
    })
}

/// Reads the latest check of each attribute, as the caller may be shown it.
async fn read_checks(
    request: &Request,
    agency: AgencyId,
    task_force: Option<TaskForceId>,
    now: Instant,
) -> Result<Vec<VettingCheck>> {
    let (store, reader) = (&request.worker.store, request.caller.agency());
    let mut among = agency_vetting::Entity::seen_by(reader, agency);
    if let Some(task_force) = task_force {
        among = among.filter(agency_vetting::Column::TaskForceId.eq(task_force));
    }
    let checks = among.all(&store.read).await?;
    let coordinated = membership::Entity::coordinated_by(reader);
    let coordinated = coordinated.all(&store.read).await?;
    let joined = task_force::Entity::joined_by(reader);
    let joined = joined.all(&store.read).await?;
    let mut shown = Vec::new();
    for attribute in VettingAttribute::ALL {
        let of_it = checks.iter().filter(|check| check.attribute == *attribute);
        let Some(check) = of_it.max_by_key(|check| (check.checked_on, check.recorded_at)) else {
            continue;
        };
        let circle = joined
            .iter()
            .find(|circle| circle.id == check.task_force_id);
        let told = coordinated
            .iter()
            .any(|place| place.task_force_id == check.task_force_id);
        shown.push(VettingCheck {
            attribute: *attribute,
            task_force: ID(check.task_force_id.to_string()),
            held: circle.is_some_and(|circle| rules::is_held(check, circle.time_zone.day(now))),
            checked_on: check.checked_on.into(),
            lapses_on: check.lapses_on.into(),
            evidence: told.then(|| check.evidence.clone()),
        });
    }
    Ok(shown)
}
