//! Changing the directory: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::agency::{self, TextList};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{AgencyStatus, MemberRole, NoticeKind};
use concord_entities::zone::Zone;
use concord_entities::{membership, task_force};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Select, Set, SqlErr, Unchanged};

use super::graphql::{Agency, AgencyInput, find_agency};
use super::parting::tell_partners;
use super::{names, pairs, rules, zone};
use crate::access::grant::Resource;
use crate::audit::change::{Author, Change, Ending};
use crate::audit::event::{Event, MembershipEvent};
use crate::error::{Error, Faults, Result};
use crate::lists;
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::text;

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
        let call = CreatingCall::new(
            "registerAgency",
            "agency.idempotencyKey",
            agency.idempotency_key.as_ref(),
            &agency,
        )?;
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

    /// Says within how many days your agency answers a referral, 7 to 90: what nobody answered by then is expired. What is urgent
    /// stays with 7 days at most, and an emergency with 2. It holds for what is sent to you from now on.
    async fn set_answer_days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days.")] days: i32,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Referral.update()).await?;
        let own = agency::Entity::named(change.agency())
            .one_locked(&change)
            .await?;
        let own = own.ok_or(Error::NotFound)?;
        let Some(answering) = rules::answering_within(&own, days)? else {
            change.give_up().await?;
            return Ok(Agency::read(own));
        };
        let changed = agency::ActiveModel {
            id: Unchanged(answering.id),
            answer_days: Set(days),
            ..Default::default()
        };
        let changed = changed.update(&change).await?;
        let agency = changed.id;
        change
            .commit(Event::AgencyAnswerDaysSet { agency, days })
            .await?;
        Ok(Agency::read(changed))
    }

    /// Suspends an agency in a task force that your agency coordinates: nothing is shared with it under an MOU that this
    /// task force follows, nor under one that none follows, unless both of its parties take part in another task force.
    /// An agency that is suspended in all of its task forces is shut out: its tokens are over for good. In force on the
    /// very next request. Its partners are told (`NoticeKind.AGENCY_SUSPENDED`), and `Agency.leftBehind` shows each of them, you
    /// too, the referrals of its own that have no path.
    async fn suspend_membership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency's id.")] agency: ID,
        #[graphql(desc = "The task force's id.")] task_force: ID,
        #[graphql(
            desc = "Why, for the agency and those who coordinate with it: 1 to 500 characters, and nothing about a person served."
        )]
        reason: String,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let needed = Resource::Agency.update();
        let now = request.looks(needed).await?;
        let place = MembershipKey::parse(&agency, &task_force)?;
        let by = Some(request.caller.agency());
        if rules::suspended(&seen(request, place).await?, &reason, by, now)?.is_none() {
            return find(request, place.agency).await;
        }
        let ending = request.ending(needed).await?;
        if let Some((agency, event)) = suspend(&ending, place, &reason).await? {
            ending.commit(event).await?;
            return Ok(Agency::read(agency));
        }
        ending.ends_nothing().give_up().await?;
        find(request, place.agency).await
    }

    /// Lets an agency that is suspended in a task force that your agency coordinates take part in it again. Where it was
    /// shut out, the tokens that it had stay dead: its programs ask for new ones.
    async fn reinstate_membership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency's id.")] agency: ID,
        #[graphql(desc = "The task force's id.")] task_force: ID,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let needed = Resource::Agency.update();
        request.looks(needed).await?;
        let place = MembershipKey::parse(&agency, &task_force)?;
        let by = Some(request.caller.agency());
        if rules::reinstated(&seen(request, place).await?, by)?.is_none() {
            return find(request, place.agency).await;
        }
        // Nobody's sharing ends, but what was read of the agency's tokens under this epoch is no longer so. It is what
        // is counted of suspending and reinstating without end: a suspension is never refused.
        let ending = request.counted_ending(needed).await?;
        let found = coordinated(&ending, place).await?;
        if let Some(reinstated) = rules::reinstated(&found, by)? {
            let event = Event::AgencyReinstated(MembershipEvent::from(&reinstated));
            tell_partners(&ending, &reinstated, NoticeKind::AgencyReinstated).await?;
            let agency = save(&ending, reinstated).await?;
            ending.commit(event).await?;
            return Ok(Agency::read(agency));
        }
        ending.ends_nothing().give_up().await?;
        find(request, place.agency).await
    }
}

/// Returns the agency as an earlier call left it.
async fn find(request: &Request, id: AgencyId) -> Result<Agency> {
    let agency = find_agency(request, id).await?;
    agency.ok_or_else(|| Error::NotFound.into())
}

/// An agency in a task force.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MembershipKey {
    /// The agency.
    pub(crate) agency: AgencyId,
    /// The task force.
    pub(crate) task_force: TaskForceId,
}

impl MembershipKey {
    fn parse(agency: &ID, task_force: &ID) -> Result<Self> {
        Ok(Self {
            agency: page::id("agency", agency)?,
            task_force: page::id("taskForce", task_force)?,
        })
    }

    /// Finds the membership, where `coordinator` may suspend or reinstate it.
    fn under(self, coordinator: AgencyId) -> Select<membership::Entity> {
        membership::Entity::under(coordinator, self.task_force, self.agency)
    }
}

impl From<&membership::Model> for MembershipEvent {
    fn from(place: &membership::Model) -> Self {
        Self {
            agency: place.agency_id,
            task_force: place.task_force_id,
        }
    }
}

/// Returns the membership, before anything is locked, where the caller may suspend or reinstate it.
async fn seen(request: &Request, place: MembershipKey) -> Result<membership::Model> {
    let found = place
        .under(request.caller.agency())
        .one(&request.worker.store.read)
        .await?;
    found.ok_or_else(|| Error::NotFound.into())
}

/// Returns the membership, locked, where the acting agency coordinates its task force.
async fn coordinated(ending: &Ending<'_>, place: MembershipKey) -> Result<membership::Model> {
    let found = place.under(ending.agency()).one_locked(ending).await?;
    found.ok_or_else(|| Error::NotFound.into())
}

/// Saves a membership that was suspended, reinstated or left, and what its agency is by it.
pub(super) async fn save<By: Author>(
    ending: &Ending<'_, By>,
    place: membership::Model,
) -> Result<agency::Model> {
    let id = place.agency_id;
    let changed = membership::ActiveModel {
        task_force_id: Unchanged(place.task_force_id),
        agency_id: Unchanged(id),
        suspended_at: Set(place.suspended_at),
        suspension_reason: Set(place.suspension_reason),
        standing_set_by: Set(place.standing_set_by),
        left_at: Set(place.left_at),
        name_key: Set(place.name_key),
        ..Default::default()
    };
    changed.update(ending).await?;
    let agency = agency::Entity::named(id).one_locked(ending).await?;
    let agency = agency.ok_or(Error::NotFound)?;
    let places = membership::Entity::of([id]).all(ending).await?;
    let agency = rules::standing(agency, &places, ending.now());
    let changed = agency::ActiveModel {
        id: Unchanged(id),
        status: Set(agency.status),
        token_epoch: Set(agency.token_epoch),
        epoch_began_at: Set(agency.epoch_began_at),
        ..Default::default()
    };
    Ok(changed.update(ending).await?)
}

/// Suspends an agency in a task force that the acting agency coordinates; returns the event to record, or none where that
/// was done before.
pub(crate) async fn suspend(
    ending: &Ending<'_>,
    place: MembershipKey,
    reason: &str,
) -> Result<Option<(agency::Model, Event)>> {
    let found = coordinated(ending, place).await?;
    suspend_place(ending, &found, reason, Some(ending.agency())).await
}

/// Suspends a membership, by an agency or by the operator; returns the event to record, or none where that was done before.
pub(crate) async fn suspend_place<By: Author>(
    ending: &Ending<'_, By>,
    place: &membership::Model,
    reason: &str,
    by: Option<AgencyId>,
) -> Result<Option<(agency::Model, Event)>> {
    let event = Event::AgencySuspended(MembershipEvent::from(place));
    let Some(suspended) = rules::suspended(place, reason, by, ending.now())? else {
        return Ok(None);
    };
    tell_partners(ending, &suspended, NoticeKind::AgencySuspended).await?;
    Ok(Some((save(ending, suspended).await?, event)))
}

/// Registers an agency in a task force that the acting agency coordinates.
pub(crate) async fn register(
    change: &Change<'_>,
    input: AgencyInput,
    task_force: TaskForceId,
) -> Result<Creation<agency::Model>> {
    // Of two that join at once the second finds the first.
    task_force::Entity::coordinated_by(change.agency(), task_force)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let mut faults = Faults::default();
    let name = text::line_at(&mut faults, "agency.name", &input.name, text::LINE);
    let service_areas = text::lines_at(&mut faults, "agency.serviceAreas", &input.service_areas);
    let time_zone = match &input.time_zone {
        Some(name) => {
            let read = name.parse();
            let read = read.map_err(|unknown| Error::input("agency.timeZone", unknown));
            faults.keep(read)?.unwrap_or(Zone::UTC)
        }
        None => zone::of_task_force(change, task_force).await?,
    };
    faults.none()?;
    let key = NameKey::of(&name);
    let id = AgencyId::new();
    names::require_unlike(change, task_force, (id, &key)).await?;
    let languages = input.languages.iter().map(|tag| tag.as_str().to_owned());
    let model = agency::Model {
        id,
        name,
        kind: input.kind,
        jurisdiction: input.jurisdiction,
        confidential_provider: input.confidential_provider,
        status: AgencyStatus::Active,
        token_epoch: 1,
        epoch_began_at: change.now(),
        languages: TextList(lists::once(languages.collect())),
        service_areas: TextList(service_areas),
        created_at: change.now(),
        time_zone,
        answer_days: agency::USUAL_ANSWER_DAYS,
    };
    let model = model.into_active_model().insert(change).await?;
    let place = membership::Model {
        task_force_id: task_force,
        agency_id: model.id,
        role: MemberRole::Member,
        since: change.now(),
        suspended_at: None,
        suspension_reason: None,
        standing_set_by: None,
        left_at: None,
        coordination_from: None,
        name_key: Some(key),
        lookalike: 0,
    };
    match place.into_active_model().insert(change).await {
        Ok(_) => {}
        Err(fault) if matches!(fault.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            return Err(names::is_taken());
        }
        Err(fault) => return Err(fault.into()),
    }
    pairs::join(change, task_force, model.id, change.now()).await?;
    Ok(Creation {
        id: model.id.0,
        event: Event::AgencyRegistered(model.id),
        made: model,
    })
}
