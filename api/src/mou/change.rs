//! Changing MOUs: who, what, rule, save, record.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::mou::{self, Column};
use concord_entities::vocabulary::{AuditType, MouAction};
use concord_entities::{agency, membership, mou_party};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, Set};

use super::graphql::{Mou, Shown, found};
use super::input::{MouInput, MouSignatureInput};
use super::rules::{self, Involvement};
use crate::access::grant::{Permission, Resource};
use crate::audit::event::Event;
use crate::error::{Answer, Error};
use crate::graphql::request::{InRequest, Request};
use crate::store::Act;
use crate::store::idempotency::{self, Replay};
use crate::store::page::{self};

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
    ) -> Answer<Mou> {
        let request = ctx.request()?;
        request.caller(Resource::Mou, Permission::Create)?;
        let act = request.begin().await?;
        let key = mou.idempotency_key.as_ref();
        let model = match idempotency::replay(&act, "draftMou", key, &format!("{mou:?}")).await? {
            Replay::Made(id) => {
                drop(act);
                let made = found(request, MouId(id)).await?;
                return made.ok_or_else(|| Error::NotFound.into());
            }
            Replay::Fresh(key) => {
                let model = draft(&act, mou).await?;
                idempotency::keep(&act, key, model.id.0).await?;
                model
            }
        };
        finish(request, act, AuditType::MouDrafted, model).await
    }

    /// Puts your draft before its parties.
    async fn offer_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
    ) -> Answer<Mou> {
        let request = ctx.request()?;
        request.caller(Resource::Mou, Permission::Update)?;
        let id: MouId = page::id("id", &id)?;
        let act = request.begin().await?;
        let found = mou::Entity::drafted_by(act.agency(), id)
            .one_locked(&*act)
            .await?;
        let model = found.ok_or(Error::NotFound)?;
        if model.offered_at.is_some() {
            return Err(Error::NotNow("this MOU is offered already".into()).into());
        }
        let mut model = model.into_active_model();
        model.offered_at = Set(Some(act.now()));
        let model = model.update(&*act).await?;
        finish(request, act, AuditType::MouOffered, model).await
    }

    /// Signs an offered MOU for your agency. With the last party's signature it is in force, from its first day on.
    async fn sign_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(desc = "Who signs for your agency.")] signature: MouSignatureInput,
    ) -> Answer<Mou> {
        let request = ctx.request()?;
        request.caller(Resource::Mou, Permission::Update)?;
        let id: MouId = page::id("id", &id)?;
        let act = request.begin().await?;
        let found = mou::Entity::followed_by(act.agency())
            .filter(Column::Id.eq(id))
            .one_locked(&*act)
            .await?;
        let model = sign(&act, found.ok_or(Error::NotFound)?, signature).await?;
        finish(request, act, AuditType::MouSigned, model).await
    }
}

async fn finish(
    request: &Request,
    act: Act<'_>,
    kind: AuditType,
    model: mou::Model,
) -> Answer<Mou> {
    let now = act.now();
    let event = Event::Mou {
        kind,
        id: model.id,
        version: model.version,
    };
    act.commit(event).await?;
    Ok(Shown::of(request, std::slice::from_ref(&model))
        .await?
        .show(model, now))
}

async fn draft(act: &Act<'_>, input: MouInput) -> Answer<mou::Model> {
    let parties = parties(act, &input).await?;
    let task_force = match &input.task_force {
        Some(id) => Some(own_task_force(act, page::id("mou.taskForce", id)?).await?),
        None => None,
    };
    if input.title.trim().is_empty() || input.title.chars().count() > 200 {
        return Err(Error::input("mou.title", "1 to 200 characters").into());
    }
    if input.expires_on.0 < input.effective_on.0 {
        return Err(Error::input("mou.expiresOn", "not before `effectiveOn`").into());
    }
    let model = mou::Model {
        id: MouId::new(),
        version: 1,
        supersedes: None,
        kind: input.kind,
        title: input.title.trim().to_owned(),
        task_force_id: task_force,
        drafted_by: act.agency(),
        categories: input.categories.into_iter().collect(),
        purposes: input.purposes.into_iter().collect(),
        terms: input.terms.try_into()?,
        effective_on: input.effective_on.0,
        review_on: input.review_on.map(|day| day.0),
        expires_on: input.expires_on.0,
        offered_at: None,
        signed_at: None,
        suspended_at: None,
        terminated_at: None,
        declined_at: None,
        superseded_at: None,
        created_at: act.now(),
    };
    let model = model.into_active_model().insert(&**act).await?;
    for (agency_id, responsibilities) in parties {
        let party = mou_party::Model {
            mou_id: model.id,
            agency_id,
            responsibilities,
            signatory: None,
            title: None,
            document_sha256: None,
            signed_at: None,
        };
        party.into_active_model().insert(&**act).await?;
    }
    Ok(model)
}

/// The parties: at least two different agencies that know one another, the drafter among them.
async fn parties(act: &Act<'_>, input: &MouInput) -> Answer<HashMap<AgencyId, String>> {
    let mut parties = HashMap::new();
    for party in &input.parties {
        let id: AgencyId = page::id("mou.parties.agency", &party.agency)?;
        if parties.insert(id, party.responsibilities.clone()).is_some() {
            return Err(Error::input("mou.parties", "name each agency once").into());
        }
    }
    if parties.len() < 2 || !parties.contains_key(&act.agency()) {
        return Err(Error::input("mou.parties", "at least two agencies, yours among them").into());
    }
    let known = agency::Entity::known_to(act.agency())
        .filter(agency::Column::Id.is_in(parties.keys().copied()))
        .all(&**act)
        .await?;
    if known.len() == parties.len() {
        Ok(parties)
    } else {
        Err(Error::input(
            "mou.parties.agency",
            "no agency of your task forces has this id",
        )
        .into())
    }
}

async fn own_task_force(act: &Act<'_>, id: TaskForceId) -> Answer<TaskForceId> {
    membership::Entity::seen_by(act.agency())
        .filter(membership::Column::TaskForceId.eq(id))
        .filter(membership::Column::AgencyId.eq(act.agency()))
        .one(&**act)
        .await?
        .map(|place| place.task_force_id)
        .ok_or_else(|| {
            Error::input(
                "mou.taskForce",
                "no task force of your agency's has this id",
            )
            .into()
        })
}

async fn sign(
    act: &Act<'_>,
    model: mou::Model,
    signature: MouSignatureInput,
) -> Answer<mou::Model> {
    let parties = mou_party::Entity::of([model.id]).all(&**act).await?;
    let signed = parties
        .iter()
        .filter(|party| party.signed_at.is_some())
        .count();
    let own = parties.iter().find(|party| party.agency_id == act.agency());
    let own = own.ok_or(Error::NotFound)?;
    let involvement = Involvement {
        drafted: model.drafted_by == act.agency(),
        party: true,
        signed: own.signed_at.is_some(),
    };
    if !rules::allowed(rules::status(&model, signed, act.now()), involvement)
        .contains(&MouAction::Sign)
    {
        return Err(Error::NotNow("this MOU does not await your agency's signature".into()).into());
    }
    for (field, text) in [
        ("signature.signatory", &signature.signatory),
        ("signature.title", &signature.title),
    ] {
        if text.trim().is_empty() || text.chars().count() > 200 {
            return Err(Error::input(field, "1 to 200 characters").into());
        }
    }
    let mut party = own.clone().into_active_model();
    party.signatory = Set(Some(signature.signatory));
    party.title = Set(Some(signature.title));
    party.document_sha256 = Set(Some(signature.document_sha256.as_str().to_owned()));
    party.signed_at = Set(Some(act.now()));
    party.update(&**act).await?;
    if signed + 1 < parties.len() {
        return Ok(model);
    }
    let mut model = model.into_active_model();
    model.signed_at = Set(Some(act.now()));
    Ok(model.update(&**act).await?)
}
