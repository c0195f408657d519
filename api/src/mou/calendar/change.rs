//! Making a calendar of MOUs' days, and revoking one: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::ids::{MouCalendarId, TaskForceId};
use concord_entities::{SelectLocked, agency, mou_calendar, task_force};
use sea_orm::{ActiveModelTrait, IntoActiveModel, PaginatorTrait, Set, Unchanged};

use super::graphql::{CreatedMouCalendar, MouCalendar, MouCalendarInput, find_calendar};
use super::rules;
use crate::access::Caller;
use crate::access::grant::Resource;
use crate::application::secret;
use crate::audit::change::{Author, Change, Ending};
use crate::audit::event::Event;
use crate::error::{Error, Refusal, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::store::page;

/// Making and revoking calendars.
#[derive(Default)]
pub struct MouCalendarMutation;

/// Making and revoking calendars.
#[Object]
impl MouCalendarMutation {
    /// Makes a calendar of MOUs' review days, last days and notices, with agencies' names and dates and nothing else, to which
    /// a calendar program subscribes by an address that is told this once. Your agency has at most 20 at a time.
    async fn create_mou_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which calendar.")] calendar: MouCalendarInput,
    ) -> Result<CreatedMouCalendar> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Mou.search())?;
        let task_force = calendar.task_force.as_ref();
        let task_force = task_force.map(|id| page::id("calendar.taskForce", id));
        let task_force: Option<TaskForceId> = task_force.transpose()?;
        let (secret, hash) = secret::issue().map_err(Refusal::internal)?;
        let change = request.change(Resource::Mou.search()).await?;
        let call = CreatingCall::new(
            "createMouCalendar",
            "calendar.idempotencyKey",
            calendar.idempotency_key.as_ref(),
            &calendar,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            let made = create(change, caller, task_force, hash).await?;
            Ok(Creation {
                id: made.id.0,
                event: Event::MouCalendarCreated(made.id),
                made,
            })
        })
        .await?;
        match created {
            Created::Now(made) => Ok(CreatedMouCalendar {
                calendar: made.into(),
                path: Some(format!("/mous/calendar/{}.ics", secret.as_str())),
            }),
            Created::Before(id) => Ok(CreatedMouCalendar {
                calendar: load(request, MouCalendarId(id)).await?,
                path: None,
            }),
        }
    }

    /// Revokes a calendar of your agency's for good: whoever has its address reads nothing more by it. In force on the very
    /// next request.
    async fn revoke_mou_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The calendar's id.")] id: ID,
    ) -> Result<MouCalendar> {
        let request = ctx.request()?;
        let needed = Resource::Mou.search();
        let now = request.looks(needed).await?;
        let id: MouCalendarId = page::id("id", &id)?;
        let seen = mou_calendar::Entity::one_of(request.caller.agency(), id)
            .one(&request.worker.store.read)
            .await?;
        if rules::revoked(seen.ok_or(Error::NotFound)?, now).is_none() {
            return load(request, id).await;
        }
        let ending = request.counted_ending(needed).await?;
        let found = mou_calendar::Entity::one_of(ending.agency(), id)
            .one_locked(&ending)
            .await?;
        if let Some(revoked) = revoke(&ending, found.ok_or(Error::NotFound)?).await? {
            ending.commit(Event::MouCalendarRevoked(id)).await?;
            return Ok(revoked.into());
        }
        ending.ends_nothing().give_up().await?;
        load(request, id).await
    }
}

/// Returns the calendar as an earlier call left it.
async fn load(request: &Request, id: MouCalendarId) -> Result<MouCalendar> {
    let found = find_calendar(request, id).await?;
    found.ok_or_else(|| Error::NotFound.into())
}

async fn create(
    change: &Change<'_>,
    caller: &Caller,
    task_force: Option<TaskForceId>,
    hash: String,
) -> Result<mou_calendar::Model> {
    let own = change.agency();
    // Of two at a time one waits, so that there are never more than the agency may have.
    agency::Entity::named(own).one_locked(change).await?;
    if let Some(task_force) = task_force {
        let coordinated = task_force::Entity::coordinated_by(own, task_force);
        coordinated.one(change).await?.ok_or(Error::NotFound)?;
    }
    let standing = mou_calendar::Entity::standing(own).count(change).await?;
    rules::room_for_another(standing)?;
    let row = mou_calendar::Model {
        id: MouCalendarId::new(),
        agency_id: own,
        subject: caller.subject().to_owned(),
        task_force_id: task_force,
        hash,
        application_id: caller.application(),
        issuer_id: caller.issuer(),
        created_at: change.now(),
        revoked_at: None,
    };
    Ok(row.into_active_model().insert(change).await?)
}

/// Revokes a calendar; returns none where it was revoked before.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn revoke<By: Author>(
    ending: &Ending<'_, By>,
    calendar: mou_calendar::Model,
) -> Result<Option<mou_calendar::Model>> {
    let Some(revoked) = rules::revoked(calendar, ending.now()) else {
        return Ok(None);
    };
    let row = mou_calendar::ActiveModel {
        id: Unchanged(revoked.id),
        revoked_at: Set(revoked.revoked_at),
        ..Default::default()
    };
    Ok(Some(row.update(&**ending).await?))
}
