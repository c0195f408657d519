//! Leaving a task force, and handing over its coordination: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::vocabulary::NoticeKind;
use concord_entities::{agency, membership, partnership_place};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::graphql::{Agency, find_agency};
use super::parting::tell_partners;
use super::{change, rules};
use crate::access::grant::Resource;
use crate::audit::change::{Change, Ending};
use crate::audit::event::{Event, MembershipEvent};
use crate::error::{Error, Result};
use crate::request::{InRequest, Request};
use crate::store::page;

/// Leaving a task force, and handing over its coordination.
#[derive(Default)]
pub struct MembershipMutation;

/// Leaving a task force, and handing over its coordination.
#[Object]
impl MembershipMutation {
    /// Has your agency leave a task force: nothing is shared with it any more under an MOU that this task force follows, nor
    /// under one that none follows, unless both of its parties take part in another task force. In force on the very next
    /// request, and for good. A coordinator hands over first. It hands nothing over: a consent names one recipient, so each
    /// referral that goes on elsewhere needs a new one. `Agency.leftBehind` lists them: to you before you leave, and after that too
    /// where your agency is in another task force; to each partner, who is told (`NoticeKind.AGENCY_LEFT`), at any time.
    async fn leave_task_force(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task force's id.")] task_force: ID,
        #[graphql(
            default,
            desc = "Say so where it is your agency's only task force: with it all of your agency's tokens are over for good."
        )]
        ends: bool,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let needed = Resource::Agency.delete();
        let now = request.looks(needed).await?;
        let task_force = page::id("taskForce", &task_force)?;
        let own = request.caller.agency();
        let places = membership::Entity::of([own])
            .all(&request.worker.store.read)
            .await?;
        if rules::leaving(&places, task_force, ends, now)?.is_none() {
            return find(request, own).await;
        }
        let ending = request.ending(needed).await?;
        if let Some((agency, event)) = leave(&ending, task_force, ends).await? {
            ending.commit(event).await?;
            return Ok(Agency::read(agency));
        }
        ending.ends_nothing().give_up().await?;
        find(request, own).await
    }

    /// Hands the coordination of a task force over to another of its agencies: it coordinates from then on, and your agency
    /// is a member.
    async fn hand_over_coordination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task force's id; your agency coordinates it.")] task_force: ID,
        #[graphql(desc = "The agency that coordinates it from now on; it takes part in it.")]
        to: ID,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let task_force = page::id("taskForce", &task_force)?;
        let to: AgencyId = page::id("to", &to)?;
        match hand_over(&change, task_force, to).await? {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        find(request, to).await
    }
}

async fn find(request: &Request, id: AgencyId) -> Result<Agency> {
    let found = find_agency(request, id).await?;
    found.ok_or_else(|| Error::NotFound.into())
}

/// Has the acting agency leave a task force; returns the event to record, or none where it did before.
async fn leave(
    ending: &Ending<'_>,
    task_force: TaskForceId,
    ends: bool,
) -> Result<Option<(agency::Model, Event)>> {
    let own = ending.agency();
    let place = membership::Entity::of_one(own, task_force)
        .one_locked(ending)
        .await?;
    place.ok_or(Error::NotFound)?;
    let places = membership::Entity::of([own]).all(&**ending).await?;
    let Some(left) = rules::leaving(&places, task_force, ends, ending.now())? else {
        return Ok(None);
    };
    let event = Event::TaskForceLeft(MembershipEvent::from(&left));
    partnership_place::Entity::take_out(own, task_force)
        .exec(&**ending)
        .await?;
    tell_partners(ending, &left, NoticeKind::AgencyLeft).await?;
    Ok(Some((change::save(ending, left).await?, event)))
}

/// Hands the coordination of a task force over; returns the event to record, or none where the acting agency did before.
async fn hand_over(
    change: &Change<'_>,
    task_force: TaskForceId,
    to: AgencyId,
) -> Result<Option<Event>> {
    let from = change.agency();
    if from == to {
        return Err(Error::input("to", "another agency than yours").into());
    }
    let (first, second) = if from < to { (from, to) } else { (to, from) };
    let lock = async |agency| {
        let place = membership::Entity::taken(agency, task_force);
        place.one_locked(change).await
    };
    let mut places = [lock(first).await?, lock(second).await?];
    if first == to {
        places.reverse();
    }
    let [Some(own), Some(other)] = places else {
        return Err(Error::NotFound.into());
    };
    let Some(handed) = rules::handing_over(&own, &other)? else {
        return Ok(None);
    };
    let event = Event::CoordinationHandedOver(MembershipEvent::from(&other));
    for place in handed {
        place.into_active_model().reset_all().update(change).await?;
    }
    Ok(Some(event))
}
