//! How the coordinators of task forces vetted their agencies.

use std::collections::HashMap;

use async_graphql::{ID, InputObject, SimpleObject};
use concord_entities::agency_vetting::{self, Model as Check};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::instant::Day;
use concord_entities::vocabulary::VettingAttribute;
use concord_entities::{membership, task_force};
use sea_orm::{ColumnTrait, QueryFilter};

use super::rules;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
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

/// A check as its reader is shown it.
struct ShownChecks {
    checks: Vec<Check>,
    /// Today in each task force.
    today: HashMap<TaskForceId, Day>,
    /// The task forces that the reader coordinates.
    coordinated: Vec<TaskForceId>,
}

/// Returns how an agency was vetted in a task force of the reader's, or in any of them: then each attribute as it was
/// checked last. Puts on record that it was told.
pub(super) async fn vetting_of(
    request: &Request,
    agency: AgencyId,
    task_force: Option<TaskForceId>,
) -> Result<Vetting> {
    let (store, reader) = (&request.worker.store, request.caller.agency());
    let released = request
        .disclose(|| async {
            let mut among = agency_vetting::Entity::seen_by(reader, agency);
            if let Some(task_force) = task_force {
                among = among.filter(agency_vetting::Column::TaskForceId.eq(task_force));
            }
            let found = disclose::all(store, among).await?;
            let coordinated = membership::Entity::coordinated_by(reader);
            let coordinated = coordinated.all(&store.read).await?;
            let joined = task_force::Entity::joined_by(reader);
            let joined = joined.all(&store.read).await?;
            let now = found.now;
            let today = joined
                .into_iter()
                .map(|one| (one.id, one.time_zone.day(now)));
            let shown = ShownChecks {
                today: today.collect(),
                coordinated: coordinated.iter().map(|one| one.task_force_id).collect(),
                checks: found.content,
            };
            let told = !shown.checks.is_empty();
            let event = told.then(|| Event::RecordsListed(vec![agency.to_string()]));
            Ok(Decided {
                epoch: found.epoch,
                now,
                events: event.into_iter().collect(),
                content: shown,
            })
        })
        .await?;
    Ok(released.content().shown())
}

impl ShownChecks {
    fn shown(&self) -> Vetting {
        Vetting {
            credible: self.latest(VettingAttribute::Credible),
            trauma_informed: self.latest(VettingAttribute::TraumaInformed),
            respects_confidentiality: self.latest(VettingAttribute::RespectsConfidentiality),
            knows_immigration_law: self.latest(VettingAttribute::KnowsImmigrationLaw),
        }
    }

    fn latest(&self, attribute: VettingAttribute) -> Option<VettingCheck> {
        let of_it = self.checks.iter().filter(|one| one.attribute == attribute);
        let check = of_it.max_by_key(|one| (one.checked_on, one.recorded_at))?;
        let today = self.today.get(&check.task_force_id).copied();
        let told = self.coordinated.contains(&check.task_force_id);
        Some(VettingCheck {
            attribute,
            task_force: ID(check.task_force_id.to_string()),
            held: today.is_some_and(|today| rules::is_held(check, today)),
            checked_on: check.checked_on.into(),
            lapses_on: check.lapses_on.into(),
            evidence: told.then(|| check.evidence.clone()),
        })
    }
}
