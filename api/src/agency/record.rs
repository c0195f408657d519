//! Keeping what is on record of an agency: who, what, rule, save, record.

use async_graphql::{Context, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::name_key::NameKey;
use concord_entities::{agency, agency_name, agency_vetting, membership, staff_training};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set, SqlErr, Unchanged};

use super::graphql::{Agency, find_agency};
use super::training::StaffTrainingInput;
use super::vetting::VettingInput;
use super::{names, rules, zone};
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, MembershipEvent};
use crate::error::{Error, Faults, Result};
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::text;

/// Characters in the longest evidence.
const EVIDENCE: usize = 2_000;

/// Keeping what is on record of an agency.
#[derive(Default)]
pub struct AgencyRecordMutation;

/// Keeping what is on record of an agency.
#[Object]
impl AgencyRecordMutation {
    /// Notes that your agency's staff were trained on trafficking. The same day and topic again correct how many took part.
    async fn record_staff_training(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The training.")] training: StaffTrainingInput,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let own = change.agency();
        match record_training(&change, &training).await? {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        find(request, own).await
    }

    /// Gives your agency another name. Both are found by the filter of `agencies`, and `formerNames` has the old one. Where
    /// other records name your agency, the old one may be shown for a minute.
    async fn rename_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The name: 1 to 200 characters. In none of your agency's task forces does another agency have one that looks the same, or had."
        )]
        name: String,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let own = change.agency();
        let name = text::line(&name, text::LINE).map_err(|fault| Error::input("name", fault))?;
        match rename(&change, name).await? {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        find(request, own).await
    }

    /// Records that your agency looked into an agency of a task force that it coordinates. A later check of the same
    /// attribute takes the place of an earlier one; one that is not to count any more is recorded with an earlier last day.
    async fn vet_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was found.")] vetting: VettingInput,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let (agency, event) = vet(&change, &vetting).await?;
        match event {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        find(request, agency).await
    }
}

/// Gives the acting agency another name; returns the event to record, or none where it has it already.
async fn rename(change: &Change<'_>, name: String) -> Result<Option<Event>> {
    let id = change.agency();
    let own = agency::Entity::named(id).one_locked(change).await?;
    let own = own.ok_or(Error::NotFound)?;
    if own.name == name {
        return Ok(None);
    }
    let key = NameKey::of(&name);
    let places = membership::Entity::of([id]).all(change).await?;
    for place in places.iter().filter(|place| place.left_at.is_none()) {
        let task_force = place.task_force_id;
        names::require_unlike(change, task_force, (id, &key)).await?;
        let place = membership::ActiveModel {
            task_force_id: Unchanged(task_force),
            agency_id: Unchanged(id),
            name_key: Set(Some(key.clone())),
            lookalike: Set(0),
            ..Default::default()
        };
        match place.update(change).await {
            Ok(_) => {}
            Err(fault) if matches!(fault.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                return Err(names::is_taken());
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    let before = agency_name::Model {
        agency_id: id,
        until: change.now(),
        name_key: NameKey::of(&own.name),
        name: own.name,
    };
    before.into_active_model().insert(change).await?;
    let renamed = agency::ActiveModel {
        id: Unchanged(id),
        name: Set(name),
        ..Default::default()
    };
    renamed.update(change).await?;
    Ok(Some(Event::AgencyRenamed(id)))
}

/// Records a check of an agency; returns whose it is, and the event to record, or none where it is on record already.
pub(crate) async fn vet(
    change: &Change<'_>,
    input: &VettingInput,
) -> Result<(AgencyId, Option<Event>)> {
    let agency_id: AgencyId = page::id("vetting.agency", &input.agency)?;
    let task_force: TaskForceId = page::id("vetting.taskForce", &input.task_force)?;
    let place = membership::Entity::under(change.agency(), task_force, agency_id)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let zone = zone::of_task_force(change, task_force).await?;
    let (today, checked_on) = (zone.day(change.now()), input.checked_on.0);
    let mut faults = Faults::default();
    let evidence = text::prose_at(&mut faults, "vetting.evidence", &input.evidence, EVIDENCE);
    let wanted = input.lapses_on.map(|day| day.0);
    let lapses_on = rules::lapse_of_check(checked_on, wanted, today, &mut faults);
    faults.none()?;
    let before = agency_vetting::Entity::of(agency_id, task_force, input.attribute)
        .one(change)
        .await?;
    let check = agency_vetting::Model {
        agency_id,
        task_force_id: task_force,
        attribute: input.attribute,
        evidence,
        checked_on,
        lapses_on,
        checked_by: change.agency(),
        recorded_at: change.now(),
    };
    match before {
        Some(before) if is_same_check(&before, &check) => return Ok((agency_id, None)),
        Some(_) => drop(check.into_active_model().reset_all().update(change).await?),
        None => drop(check.into_active_model().insert(change).await?),
    }
    let event = Event::AgencyVetted {
        place: MembershipEvent::from(&place),
        attribute: input.attribute,
    };
    Ok((agency_id, Some(event)))
}

fn is_same_check(before: &agency_vetting::Model, check: &agency_vetting::Model) -> bool {
    let then = before.recorded_at;
    *before
        == agency_vetting::Model {
            recorded_at: then,
            ..check.clone()
        }
}

async fn find(request: &Request, id: AgencyId) -> Result<Agency> {
    let found = find_agency(request, id).await?;
    found.ok_or_else(|| Error::NotFound.into())
}

/// Records a training of the acting agency; returns the event to record, or none where it is on record already.
pub(crate) async fn record_training(
    change: &Change<'_>,
    training: &StaffTrainingInput,
) -> Result<Option<Event>> {
    let own = change.agency();
    // Of two calls at once the second finds what the first wrote.
    agency::Entity::named(own).one_locked(change).await?;
    let today = zone::of_agency(change, own).await?.day(change.now());
    let kept = training.kept(own, (today, change.now()))?;
    let before = staff_training::Entity::one_of(own, kept.held_on, &kept.topic)
        .one(change)
        .await?;
    match before {
        Some(before) if before.attended == kept.attended => return Ok(None),
        Some(_) => drop(kept.into_active_model().reset_all().update(change).await?),
        None => drop(kept.into_active_model().insert(change).await?),
    }
    Ok(Some(Event::StaffTrainingRecorded(own)))
}
