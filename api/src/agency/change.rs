//! Changing the directory: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::agency::{self, TextList};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::membership;
use concord_entities::vocabulary::{AgencyStatus, MemberRole};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, Set, Unchanged};

use super::graphql::{Agency, AgencyInput, found};
use super::rules;
use crate::access::grant::{Permission, Resource};
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::request::InRequest;
use crate::request::idempotency::{self, Replay};
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
        let caller = request.caller(Resource::Agency, Permission::Create)?;
        let task_force: TaskForceId = page::id("agency.taskForce", &agency.task_force)?;
        let change = request.begin().await?;
        let replay = idempotency::replay(
            &change,
            "registerAgency",
            agency.idempotency_key.as_ref(),
            &format!("{agency:?}"),
        )
        .await?;
        let key = match replay {
            Replay::Made(id) => {
                drop(change);
                let made = found(request, AgencyId(id)).await?;
                return made.ok_or_else(|| Error::NotFound.into());
            }
            Replay::Fresh(key) => key,
        };
        membership::Entity::coordinated_by(caller.agency())
            .filter(membership::Column::TaskForceId.eq(task_force))
            .one(&*change)
            .await?
            .ok_or(Error::NotFound)?;
        let model = register(&change, agency, task_force).await?;
        idempotency::keep(&change, key, model.id.0).await?;
        change.commit(Event::AgencyRegistered(model.id)).await?;
        Ok(Agency::read(model))
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
        request.caller(Resource::Agency, Permission::Update)?;
        let id = page::id("id", &id)?;
        let change = request.begin_ending().await?;
        let agency = coordinated(&change, id).await?;
        let agency = save(&change, rules::suspended(agency, &reason, change.now())?).await?;
        change.commit(Event::AgencySuspended(id)).await?;
        Ok(Agency::read(agency))
    }

    /// Lets a suspended agency of a task force that your agency coordinates take part again. The tokens that it had stay
    /// dead: its programs ask for new ones.
    async fn reinstate_agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency's id.")] id: ID,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        request.caller(Resource::Agency, Permission::Update)?;
        let id = page::id("id", &id)?;
        // Nobody's sharing ends, but what was read of the agency's tokens under this epoch is no longer so.
        let change = request.begin_ending().await?;
        let agency = coordinated(&change, id).await?;
        let agency = save(&change, rules::reinstated(agency)?).await?;
        change.commit(Event::AgencyReinstated(id)).await?;
        Ok(Agency::read(agency))
    }
}

/// The agency, locked, where it is in a task force that the acting agency coordinates, and is not that agency itself.
async fn coordinated(change: &Change<'_>, id: AgencyId) -> Result<agency::Model> {
    let agency = agency::Entity::coordinated_by(change.agency())
        .filter(agency::Column::Id.eq(id))
        .one_locked(&**change)
        .await?;
    agency.ok_or_else(|| Error::NotFound.into())
}

/// Saves what a suspension or its end changes.
async fn save(change: &Change<'_>, agency: agency::Model) -> Result<agency::Model> {
    let changed = agency::ActiveModel {
        id: Unchanged(agency.id),
        status: Set(agency.status),
        suspension_reason: Set(agency.suspension_reason),
        token_epoch: Set(agency.token_epoch),
        epoch_began_at: Set(agency.epoch_began_at),
        ..Default::default()
    };
    Ok(changed.update(&**change).await?)
}

async fn register(
    change: &Change<'_>,
    input: AgencyInput,
    task_force: TaskForceId,
) -> Result<agency::Model> {
    let name = input.name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Error::input("agency.name", "1 to 200 characters").into());
    }
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
    };
    let model = model.into_active_model().insert(&**change).await?;
    let place = membership::Model {
        task_force_id: task_force,
        agency_id: model.id,
        role: MemberRole::Member,
        since: change.now(),
    };
    place.into_active_model().insert(&**change).await?;
    Ok(model)
}
