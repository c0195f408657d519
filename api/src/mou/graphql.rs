//! MOUs on the wire.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::mou::{self, Column};
use concord_entities::vocabulary::{
    AuditType, DataCategory, MouAction, MouKind, MouStatus, Purpose,
};
use concord_entities::{agency, membership, mou_party};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use super::input::{MouInput, MouSignatureInput, MouTerms};
use super::rules::{self, Involvement};
use crate::access::grant::{Permission, Resource};
use crate::agency::directory::Agencies;
use crate::agency::graphql::Agency;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::{Answer, Error};
use crate::graphql::connection::Connection;
use crate::graphql::request::{InRequest, Request};
use crate::graphql::scalars::{Date, DateTime, Sha256};
use crate::store::Act;
use crate::store::idempotency::{self, Replay};
use crate::store::page::{self, Wanted};
use crate::store::reading;

/// One version of a memorandum of understanding.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Mou {
    #[graphql(skip)]
    model: mou::Model,
    /// Where it stands now, by its dates and signatures.
    pub status: MouStatus,
    /// Its parties.
    pub parties: Vec<MouParty>,
    /// How many days it has left, its last day included; null where it is not in force.
    pub days_left: Option<i32>,
    /// What your agency may do next with it.
    pub allowed_actions: Vec<MouAction>,
}

#[ComplexObject]
impl Mou {
    /// The MOU's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// The version of the agreement, from 1.
    async fn version(&self) -> i32 {
        self.model.version
    }

    /// What it is for.
    async fn kind(&self) -> MouKind {
        self.model.kind
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.model.title
    }

    /// What the parties agreed on.
    async fn terms(&self) -> MouTerms {
        MouTerms::from(&self.model.terms)
    }

    /// The categories that it permits: a ceiling only.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.categories.iter().collect()
    }

    /// The purposes that it permits: a ceiling only.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.purposes.iter().collect()
    }

    /// Its first day in force.
    async fn effective_on(&self) -> Option<Date> {
        Some(self.model.effective_on.into())
    }

    /// The day on which its review is due.
    async fn review_on(&self) -> Option<Date> {
        self.model.review_on.map(Date::from)
    }

    /// Its last day in force.
    async fn expires_on(&self) -> Option<Date> {
        Some(self.model.expires_on.into())
    }
}

/// One agency's part in an MOU.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouParty {
    /// The agency.
    pub agency: Agency,
    /// What it takes on.
    pub responsibilities: String,
    /// Who signed for it.
    pub signatory: Option<String>,
    /// The signatory's title.
    pub title: Option<String>,
    /// When it signed.
    pub signed_at: Option<DateTime>,
    /// The SHA-256 of the document that it signed.
    pub document_sha256: Option<Sha256>,
}

/// What to look for among MOUs.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MouFilter {
    /// Any of these kinds.
    pub kinds: Option<Vec<MouKind>>,
    /// Those followed by this task force.
    pub task_force: Option<ID>,
}

/// What MOUs are shown with: their parties, and who asks.
#[derive(Debug)]
pub(crate) struct Shown {
    parties: HashMap<MouId, Vec<mou_party::Model>>,
    agencies: Agencies,
    reader: AgencyId,
}

impl Shown {
    /// Reads what these MOUs, which the caller may follow, are shown with.
    pub(crate) async fn of(request: &Request, mous: &[mou::Model]) -> Answer<Self> {
        let store = &request.worker.store;
        let rows = mou_party::Entity::of(mous.iter().map(|mou| mou.id))
            .all(&store.read)
            .await?;
        let agencies = request
            .worker
            .directory
            .among(store, rows.iter().map(|row| row.agency_id))
            .await?;
        let mut parties: HashMap<MouId, Vec<mou_party::Model>> = HashMap::new();
        for row in rows {
            parties.entry(row.mou_id).or_default().push(row);
        }
        Ok(Self {
            parties,
            agencies,
            reader: request.caller.agency(),
        })
    }

    /// The MOU as the caller sees it.
    pub(crate) fn show(&self, model: mou::Model, now: Instant) -> Mou {
        let parties = self.parties.get(&model.id).map_or(&[][..], Vec::as_slice);
        let signed = parties
            .iter()
            .filter(|party| party.signed_at.is_some())
            .count();
        let own = parties.iter().find(|party| party.agency_id == self.reader);
        let status = rules::status(&model, signed, now);
        let involvement = Involvement {
            drafted: model.drafted_by == self.reader,
            party: own.is_some(),
            signed: own.is_some_and(|party| party.signed_at.is_some()),
        };
        Mou {
            status,
            parties: parties.iter().map(|party| self.party(party)).collect(),
            days_left: rules::days_left(&model, status, now),
            allowed_actions: rules::allowed(status, involvement),
            model,
        }
    }

    fn party(&self, row: &mou_party::Model) -> MouParty {
        MouParty {
            agency: Agency::from_directory(&self.agencies, row.agency_id),
            responsibilities: row.responsibilities.clone(),
            signatory: row.signatory.clone(),
            title: row.title.clone(),
            signed_at: row.signed_at.map(DateTime::from),
            document_sha256: row.document_sha256.clone().map(Sha256::from),
        }
    }
}

/// Reading MOUs.
#[derive(Default)]
pub struct MouQuery;

/// Reading MOUs.
#[Object]
impl MouQuery {
    /// The MOUs that your agency is a party of, drafted, or follows as a coordinator; newest first.
    async fn mous(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<MouFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
    ) -> Answer<Connection<Mou>> {
        let request = ctx.request()?;
        let caller = request.caller(Resource::Mou, Permission::Search)?;
        let wanted = Wanted::parse(first, after.as_deref(), None, None)?;
        let filter = filter.unwrap_or_default();
        let task_force: Option<TaskForceId> = filter
            .task_force
            .as_deref()
            .map(|id| page::id("filter.taskForce", id))
            .transpose()?;
        let released = request
            .disclose(|| async {
                let mut among = mou::Entity::followed_by(caller.agency());
                if let Some(kinds) = &filter.kinds {
                    among = among.filter(Column::Kind.is_in(kinds.iter().copied()));
                }
                if let Some(task_force) = task_force {
                    among = among.filter(Column::TaskForceId.eq(task_force));
                }
                let store = &request.worker.store;
                let found =
                    reading::page(store, among, Column::Id, wanted, |row| row.id.to_string())
                        .await?;
                with_parties(request, found, |page| page.entries.as_slice()).await
            })
            .await?;
        let (page, shown, now) = released.content();
        Ok(Connection::of(
            page.map(|model| shown.show(model, now)),
            |one| one.model.id.0,
        ))
    }

    /// One MOU that your agency may follow; null for what does not exist and for what you may not see.
    async fn mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
    ) -> Option<Answer<Mou>> {
        let found = async {
            let id = page::id("id", &id)?;
            node(ctx.request()?, id).await
        };
        found.await.transpose()
    }
}

async fn with_parties<T>(
    request: &Request,
    found: Decided<T>,
    mous: impl Fn(&T) -> &[mou::Model],
) -> Answer<Decided<(T, Shown, Instant)>> {
    let shown = Shown::of(request, mous(&found.content)).await?;
    let now = found.now;
    Ok(found.map(|content| (content, shown, now)))
}

/// One MOU that the caller's agency may follow.
pub(crate) async fn node(request: &Request, id: MouId) -> Answer<Option<Mou>> {
    let caller = request.caller(Resource::Mou, Permission::Read)?;
    let released = request
        .disclose(|| async {
            let among = mou::Entity::followed_by(caller.agency()).filter(Column::Id.eq(id));
            let found =
                reading::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
            with_parties(request, found, |one| one.as_slice()).await
        })
        .await?;
    let (found, shown, now) = released.content();
    Ok(found.map(|model| shown.show(model, now)))
}

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
                let made = mou::Entity::drafted_by(act.agency(), MouId(id))
                    .one(&*act)
                    .await?;
                let now = act.now();
                drop(act);
                let made = made.ok_or(Error::NotFound)?;
                return Ok(Shown::of(request, std::slice::from_ref(&made))
                    .await?
                    .show(made, now));
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
            .lock_exclusive()
            .one(&*act)
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
            .lock_exclusive()
            .one(&*act)
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
