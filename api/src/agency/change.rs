//! Changing the directory: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::agency::{self, TextList};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::membership;
use concord_entities::vocabulary::{AgencyStatus, MemberRole};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, Select, Set, Unchanged,
};

use super::graphql::{Agency, AgencyInput, find_agency};
use super::{rules, zone};
use crate::access::grant::Resource;
use crate::audit::change::{Author, Change, Ending};
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::store::page;

/// Changing the directory.
#[derive(Default)]
pub struct AgencyMutation;

/// Changing the directory.
#[Object]
impl AgencyMutation {
    /// Registers an agency in a task force that your agency coordinates.
    async fn register_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency, and the task force that it joins.")] agency: AgencyInput,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.create()).await?;
        let task_force: TaskForceId = page::id("agency.taskForce", &agency.task_force)?;
        let call = CreatingCall::new("registerAgency", agency.idempotency_key.as_ref(), &agency)?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            register(change, agency, task_force).await
        })
        .await?;
        match created {
            Created::Now(made) => Ok(Agency::read(made)),
            Created::Before(id) => find(request, AgencyId(id)).await,
        }
    }

    /// Suspends an agency of a task force that your agency coordinates: nothing is shared with it, and its tokens are
    /// over for good. In force on the very next request.
    async fn suspend_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency's id.")] id: ID,
        #[graphql(
            desc = "Why, for the agency and those who coordinate with it: 1 to 500 characters, and nothing about a person served."
        )]
        reason: String,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let needed = Resource::Agency.update();
        let now = request.looks(needed).await?;
        let id = page::id("id", &id)?;
        let by = Some(request.caller.agency());
        if rules::suspended(&seen(request, id).await?, &reason, by, now)?.is_none() {
            return find(request, id).await;
        }
        let ending = request.ending(needed).await?;
        if let Some((agency, event)) = suspend(&ending, id, &reason).await? {
            ending.commit(event).await?;
            return Ok(Agency::read(agency));
        }
        ending.ends_nothing().give_up().await?;
        find(request, id).await
    }

    /// Lets a suspended agency of a task force that your agency coordinates take part again. The tokens that it had stay
    /// dead: its programs ask for new ones.
    async fn reinstate_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency's id.")] id: ID,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let needed = Resource::Agency.update();
        request.looks(needed).await?;
        let id = page::id("id", &id)?;
        let by = Some(request.caller.agency());
        if rules::reinstated(&seen(request, id).await?, by)?.is_none() {
            return find(request, id).await;
        }
        // Nobody's sharing ends, but what was read of the agency's tokens under this epoch is no longer so. It is what
        // is counted of suspending and reinstating without end: a suspension is never refused.
        let ending = request.counted_ending(needed).await?;
        let agency = coordinated(&ending, id).await?;
        if let Some(reinstated) = rules::reinstated(&agency, by)? {
            let agency = save(&ending, reinstated).await?;
            ending.commit(Event::AgencyReinstated(id)).await?;
            return Ok(Agency::read(agency));
        }
        ending.ends_nothing().give_up().await?;
        find(request, id).await
    }
}

/// Returns the agency as an earlier call left it.
async fn find(request: &Request, id: AgencyId) -> Result<Agency> {
    let agency = find_agency(request, id).await?;
    agency.ok_or_else(|| Error::NotFound.into())
}

/// Returns the agency, before anything is locked, where the caller may suspend or reinstate it.
async fn seen(request: &Request, id: AgencyId) -> Result<agency::Model> {
    let agency = coordinated_by(request.caller.agency(), id)
        .one(&request.worker.store.read)
        .await?;
    agency.ok_or_else(|| Error::NotFound.into())
}

fn coordinated_by(coordinator: AgencyId, id: AgencyId) -> Select<agency::Entity> {
    agency::Entity::coordinated_by(coordinator).filter(agency::Column::Id.eq(id))
}

/// Returns the agency, locked, where it is in a task force that the acting agency coordinates, and is not that agency
/// itself.
async fn coordinated(ending: &Ending<'_>, id: AgencyId) -> Result<agency::Model> {
    let agency = coordinated_by(ending.agency(), id)
        .one_locked(ending)
        .await?;
    agency.ok_or_else(|| Error::NotFound.into())
}

/// Saves what a suspension or its end changes.
pub(crate) async fn save<By: Author>(
    ending: &Ending<'_, By>,
    agency: agency::Model,
) -> Result<agency::Model> {
    let changed = agency::ActiveModel {
        id: Unchanged(agency.id),
        status: Set(agency.status),
        suspension_reason: Set(agency.suspension_reason),
        standing_set_by: Set(agency.standing_set_by),
        token_epoch: Set(agency.token_epoch),
        epoch_began_at: Set(agency.epoch_began_at),
        ..Default::default()
    };
    Ok(changed.update(ending).await?)
}

/// Suspends an agency of a task force that the acting agency coordinates; returns the event to record, or none where that
/// was done before.
pub(crate) async fn suspend(
    ending: &Ending<'_>,
    id: AgencyId,
    reason: &str,
) -> Result<Option<(agency::Model, Event)>> {
    let agency = coordinated(ending, id).await?;
    let by = Some(ending.agency());
    let Some(suspended) = rules::suspended(&agency, reason, by, ending.now())? else {
        return Ok(None);
    };
    let agency = save(ending, suspended).await?;
    Ok(Some((agency, Event::AgencySuspended(id))))
}

/// Registers an agency in a task force that the acting agency coordinates.
pub(crate) async fn register(
    change: &Change<'_>,
    input: AgencyInput,
    task_force: TaskForceId,
) -> Result<Creation<agency::Model>> {
    membership::Entity::coordinated_by(change.agency())
        .filter(membership::Column::TaskForceId.eq(task_force))
        .one(change)
        .await?
        .ok_or(Error::NotFound)?;
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::input("agency.name", "1 to 200 characters").into());
    }
    let time_zone = match &input.time_zone {
        Some(name) => name
            .parse()
            .map_err(|unknown| Error::input("agency.timeZone", unknown))?,
        None => zone::of_task_force(change, task_force).await?,
    };
    let model = agency::Model {
        id: AgencyId::new(),
        name: name.to_owned(),
        kind: input.kind,
        jurisdiction: input.jurisdiction,
        confidential_provider: input.confidential_provider,
        status: AgencyStatus::Active,
        token_epoch: 1,
        epoch_began_at: change.now(),
        suspension_reason: None,
        standing_set_by: None,
        vetting: agency::StoredVetting::default(),
        languages: TextList(
            input
                .languages
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
        ),
        service_areas: TextList(input.service_areas),
        created_at: change.now(),
        time_zone,
    };
    let model = model.into_active_model().insert(change).await?;
    let place = membership::Model {
        task_force_id: task_force,
        agency_id: model.id,
        role: MemberRole::Member,
        since: change.now(),
    };
    place.into_active_model().insert(change).await?;
    Ok(Creation {
        id: model.id.0,
        event: Event::AgencyRegistered(model.id),
        made: model,
    })
}
