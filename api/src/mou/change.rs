//! Changing MOUs: who, what, rule, save, record.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::promise::Promises;
use concord_entities::zone::Zone;
use concord_entities::{agency, membership, mou, mou_party};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::graphql::{Mou, MouView};
use super::input::{MouInput, MouSignatureInput};
use super::obligations::packs_of;
use super::promises;
use super::query::find_mou;
use super::rules::{self, ChangedMou, DraftedTerm, packs, versions};
use crate::access::grant::Resource;
use crate::agency::zone;
use crate::audit::change::{Author, Change};
use crate::audit::event::{Event, MouEvent};
use crate::error::{Error, Faults, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::text;
use crate::wire::grants;

/// Changing MOUs.
#[derive(Default)]
pub struct MouMutation;

/// Changing MOUs.
#[Object]
impl MouMutation {
    /// Drafts an MOU; nobody but your agency sees it before it is offered.
    async fn draft_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The parties, and what they agree on.")] mou: MouInput,
    ) -> Result<Mou> {
        Box::pin(draft_once(ctx.request()?, mou)).await
    }

    /// Puts your draft before its parties.
    async fn offer_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
    ) -> Result<Mou> {
        let request = ctx.request()?;
        let change = request.change(Resource::Mou.update()).await?;
        let id: MouId = page::id("id", &id)?;
        let offered = offer(&change, id).await?;
        finish(request, change, id, offered).await
    }
}

/// Drafts an MOU, or returns the one that an earlier call with the same key drafted.
async fn draft_once(request: &Request, mou: MouInput) -> Result<Mou> {
    let change = request.change(Resource::Mou.create()).await?;
    let call = CreatingCall::new(
        "draftMou",
        "mou.idempotencyKey",
        mou.idempotency_key.as_ref(),
        &mou,
    )?;
    let vault = &request.worker.vault;
    let created = idempotency::creates_once(change, vault, call, async |change| {
        let (made, event) = draft(change, mou).await?;
        Ok(Creation {
            id: made.id.0,
            event,
            made,
        })
    })
    .await?;
    match created {
        Created::Now(made) => view(request, made.created_at, made).await,
        Created::Before(id) => find(request, MouId(id)).await,
    }
}

/// Records what was changed, where something was, and returns the MOU as the caller sees it.
pub(super) async fn finish(
    request: &Request,
    change: Change<'_>,
    id: MouId,
    changed: Option<(mou::Model, Event)>,
) -> Result<Mou> {
    let now = change.now();
    if let Some((model, event)) = changed {
        change.commit(event).await?;
        return view(request, now, model).await;
    }
    change.give_up().await?;
    find(request, id).await
}

/// Returns the MOU as an earlier call left it.
pub(super) async fn find(request: &Request, id: MouId) -> Result<Mou> {
    let mou = find_mou(request, id).await?;
    mou.ok_or_else(|| Error::NotFound.into())
}

/// Returns the MOU as the caller sees it.
pub(super) async fn view(request: &Request, now: Instant, model: mou::Model) -> Result<Mou> {
    let views = MouView::load(request, std::slice::from_ref(&model)).await?;
    Ok(views.view(model, now))
}

impl From<&mou::Model> for MouEvent {
    fn from(mou: &mou::Model) -> Self {
        Self {
            id: mou.id,
            version: mou.version,
            task_force: mou.task_force_id,
            how: None,
        }
    }
}

/// Offers a draft of the acting agency's; returns the event to record, or none where that was done before.
pub(crate) async fn offer(change: &Change<'_>, id: MouId) -> Result<Option<(mou::Model, Event)>> {
    let mou = mou::Entity::known_to(change.agency(), id)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let parties = mou_party::Entity::of([id]).all(change).await?;
    let Some(offered) = rules::offer(&mou, &parties, change.agency(), change.now())? else {
        return Ok(None);
    };
    let offered = save(change, offered).await?;
    let event = Event::MouOffered(MouEvent::from(&offered));
    Ok(Some((offered, event)))
}

/// Signs an offered MOU for the acting agency; returns the event to record, or none where that was done before.
pub(crate) async fn sign(
    change: &Change<'_>,
    id: MouId,
    signature: MouSignatureInput,
) -> Result<Option<(mou::Model, Event)>> {
    let mou = mou::Entity::known_to(change.agency(), id)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let parties = mou_party::Entity::of([id]).all(change).await?;
    let (agency, now) = (change.agency(), change.now());
    let mut faults = Faults::default();
    let signature = signature.told(&mut faults);
    faults.none()?;
    let signed = rules::sign(&mou, &parties, agency, signature, now)?;
    let Some(signed) = signed else {
        return Ok(None);
    };
    let mou = save_both(change, signed).await?;
    let event = Event::MouSigned(MouEvent::from(&mou));
    Ok(Some((mou, event)))
}

/// Drafts an MOU; returns the event to record.
pub(crate) async fn draft(change: &Change<'_>, input: MouInput) -> Result<(mou::Model, Event)> {
    draft_version(change, input, None).await
}

/// A version of an MOU, with its parties, which a next one is to follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct VersionBefore<'v> {
    /// The version.
    pub(super) mou: &'v mou::Model,
    /// Its parties.
    pub(super) parties: &'v [mou_party::Model],
    /// What stands before the names of fields where the next one is asked for: `mou.`, or nothing.
    pub(super) fields: &'static str,
}

/// Drafts an MOU, or the next version of one; returns the event to record.
pub(super) async fn draft_version(
    change: &Change<'_>,
    input: MouInput,
    before: Option<VersionBefore<'_>>,
) -> Result<(mou::Model, Event)> {
    let mut faults = Faults::default();
    let parties = parties(change, &input, &mut faults).await?;
    let task_force = match &input.task_force {
        Some(id) => faults.keep(own_task_force(change, id).await)?,
        None => before.and_then(|before| before.mou.task_force_id),
    };
    let title = text::line_at(&mut faults, "mou.title", &input.title, text::LINE);
    let zone = match task_force {
        Some(id) => zone::of_task_force(change, id).await?,
        None => zone::of_agency(change, change.agency()).await?,
    };
    let today = zone.day(change.now());
    if let Some(before) = before {
        let named: HashSet<AgencyId> = parties.keys().copied().collect();
        let days = (input.effective_on.0, today);
        versions::check_next(before.parties, &named, days, &mut faults);
    }
    let term = DraftedTerm {
        effective_on: input.effective_on.0,
        review_on: input.review_on.map(|day| day.0),
        expires_on: input.expires_on.map(|day| day.0),
    };
    let fields = before.map_or("mou.", |before| before.fields);
    for (field, remedy) in term.faults(today) {
        faults.add(format!("{fields}{field}"), remedy);
    }
    let grants = grants::to_grants("mou.terms.grants", &input.terms.grants);
    let grants = faults.keep(grants)?.unwrap_or(Grants::EMPTY);
    let terms = input.terms.told(&mut faults);
    let day = today.max(input.effective_on.0);
    let packs = packs_of(change, parties.keys().copied()).await?.bound(day);
    let permitted = packs::check(&grants, terms.qsoa, &packs, "mou.terms.qsoa", &mut faults);
    faults.none()?;
    permitted?;
    let model = mou::Model {
        id: MouId::new(),
        version: before.map_or(1, |before| before.mou.version.saturating_add(1)),
        supersedes: before.map(|before| before.mou.id),
        kind: input.kind,
        title,
        task_force_id: task_force,
        drafted_by: change.agency(),
        grants,
        terms,
        effective_on: input.effective_on.0,
        review_on: input.review_on.map(|day| day.0),
        expires_on: term.last_day(),
        open_ended: input.expires_on.is_none(),
        terminates_on: None,
        time_zone: Zone::UTC,
        zone_assumed: false,
        zone_from: None,
        begins_at: Instant(0),
        ends_at: Instant(0),
        review_at: None,
        offered_at: None,
        signed_at: None,
        suspended_at: None,
        terminated_at: None,
        declined_at: None,
        superseded_at: None,
        reminded_at: None,
        document: None,
        created_at: change.now(),
    };
    let model = rules::counted_in(model, zone);
    let model = model.into_active_model().insert(change).await?;
    for (agency_id, (responsibilities, promises)) in parties {
        let party = mou_party::Model {
            promises,
            ..mou_party::Model::unsigned(model.id, agency_id, responsibilities)
        };
        party.into_active_model().insert(change).await?;
    }
    let event = Event::MouDrafted(MouEvent::from(&model));
    Ok((model, event))
}

/// Reads the parties: at least two different agencies that know one another, the drafter among them.
async fn parties(
    change: &Change<'_>,
    input: &MouInput,
    faults: &mut Faults,
) -> Result<HashMap<AgencyId, (String, Promises)>> {
    let place = |index: usize| format!("mou.parties.{index}.agency");
    let mut named: Vec<(usize, AgencyId)> = Vec::new();
    let mut parties = HashMap::new();
    for (index, party) in input.parties.iter().enumerate() {
        let said = format!("mou.parties.{index}.responsibilities");
        let said = text::prose_at(faults, said, &party.responsibilities, text::PROSE);
        let promised = format!("mou.parties.{index}.promises");
        let promised = promises::read(party.promises.as_ref(), &promised, faults);
        let said = (said, promised);
        let Some(id) = faults.keep(page::id(place(index), &party.agency))? else {
            continue;
        };
        named.push((index, id));
        let before = parties.insert(id, said.clone());
        let is_same = before.is_none_or(|before| before == said);
        let text = "name each agency once, with all that it takes on and promises";
        faults.require(is_same, place(index), text);
    }
    let own = change.agency();
    // One that is named twice is one; what is no id may have been meant for another.
    let unread = input.parties.len().saturating_sub(named.len());
    let enough = parties.len().saturating_add(unread) > 1 && parties.contains_key(&own);
    faults.require(
        enough,
        "mou.parties",
        "at least two agencies, yours among them",
    );
    let known: HashSet<AgencyId> = agency::Entity::known_to(own)
        .filter(agency::Column::Id.is_in(parties.keys().copied()))
        .all(change)
        .await?
        .into_iter()
        .map(|agency| agency.id)
        .collect();
    for (index, id) in named {
        let text = "no agency of your task forces has this id";
        faults.require(known.contains(&id), place(index), text);
    }
    Ok(parties)
}

async fn own_task_force(change: &Change<'_>, id: &ID) -> Result<TaskForceId> {
    let id: TaskForceId = page::id("mou.taskForce", id)?;
    membership::Entity::taken(change.agency(), id)
        .one(change)
        .await?
        .map(|place| place.task_force_id)
        .ok_or_else(|| {
            Error::input(
                "mou.taskForce",
                "your agency takes part in no task force with this id",
            )
            .into()
        })
}

/// Saves the MOU and the party that a rule returned.
pub(super) async fn save_both<By: Author>(
    change: &Change<'_, By>,
    changed: ChangedMou,
) -> Result<mou::Model> {
    let party = changed.party.into_active_model().reset_all();
    party.update(change).await?;
    save(change, changed.mou).await
}

/// Saves the row that a rule returned.
pub(super) async fn save<By: Author>(
    change: &Change<'_, By>,
    row: mou::Model,
) -> Result<mou::Model> {
    Ok(row.into_active_model().reset_all().update(change).await?)
}
