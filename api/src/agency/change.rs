//! Changing the directory: who, what, rule, save, record.

use async_graphql::{Context, Object};
use concord_entities::agency::{self, Texts};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::membership;
use concord_entities::vocabulary::{AgencyStatus, AuditType, MemberRole};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::graphql::{Agency, AgencyInput, found};
use crate::access::grant::{Permission, Resource};
use crate::audit::event::Event;
use crate::error::{Answer, Error};
use crate::graphql::request::InRequest;
use crate::store::idempotency::{self, Replay};
use crate::store::page::{self};

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
    ) -> Answer<Agency> {
        let request = ctx.request()?;
        let caller = request.caller(Resource::Agency, Permission::Create)?;
        let task_force: TaskForceId = page::id("agency.taskForce", &agency.task_force)?;
        let act = request.begin().await?;
        let replay = idempotency::replay(
            &act,
            "registerAgency",
            agency.idempotency_key.as_ref(),
            &format!("{agency:?}"),
        )
        .await?;
        let key = match replay {
            Replay::Made(id) => {
                drop(act);
                let made = found(request, AgencyId(id)).await?;
                return made.ok_or_else(|| Error::NotFound.into());
            }
            Replay::Fresh(key) => key,
        };
        membership::Entity::coordinated_by(caller.agency())
            .filter(membership::Column::TaskForceId.eq(task_force))
            .one(&*act)
            .await?
            .ok_or(Error::NotFound)?;
        let model = register(&act, agency, task_force).await?;
        idempotency::keep(&act, key, model.id.0).await?;
        act.commit(Event::Agency {
            kind: AuditType::AgencyRegistered,
            id: model.id,
        })
        .await?;
        Ok(Agency::read(model))
    }
}

async fn register(
    act: &crate::store::Act<'_>,
    input: AgencyInput,
    task_force: TaskForceId,
) -> Answer<agency::Model> {
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
        epoch_began_at: act.now(),
        suspension_reason: None,
        vetting: agency::Vetting::default(),
        languages: Texts(
            input
                .languages
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
        ),
        service_areas: Texts(input.service_areas),
        created_at: act.now(),
    };
    let model = model.into_active_model().insert(&**act).await?;
    let place = membership::Model {
        task_force_id: task_force,
        agency_id: model.id,
        role: MemberRole::Member,
        since: act.now(),
    };
    place.into_active_model().insert(&**act).await?;
    Ok(model)
}
