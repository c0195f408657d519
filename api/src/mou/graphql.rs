//! MOUs on the wire.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::mou::{self, Column};
use concord_entities::mou_party;
use concord_entities::vocabulary::{DataCategory, MouAction, MouKind, MouStatus, Purpose};
use sea_orm::{ColumnTrait, QueryFilter};

use super::input::MouTerms;
use super::rules::{self, Involvement};
use crate::access::grant::{Permission, Resource};
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::page::{self, PageRequest};
use crate::wire::connection::Connection;
use crate::wire::scalars::{Date, DateTime, Sha256};

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
pub(crate) struct MouView {
    parties: HashMap<MouId, Vec<mou_party::Model>>,
    agencies: AgenciesById,
    reader: AgencyId,
}

impl MouView {
    /// Reads what these MOUs, which the caller may follow, are shown with.
    pub(crate) async fn of(request: &Request, mous: &[mou::Model]) -> Result<Self> {
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
    ) -> Result<Connection<Mou>> {
        let request = ctx.request()?;
        let caller = request.caller(Resource::Mou, Permission::Search)?;
        let wanted = PageRequest::parse(first, after.as_deref(), None, None)?;
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
                    disclose::page(store, among, Column::Id, wanted, |row| row.id.to_string())
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
    ) -> Option<Result<Mou>> {
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
) -> Result<Decided<(T, MouView, Instant)>> {
    let shown = MouView::of(request, mous(&found.content)).await?;
    let now = found.now;
    Ok(found.map(|content| (content, shown, now)))
}

/// One MOU that the caller's agency may follow.
pub(crate) async fn node(request: &Request, id: MouId) -> Result<Option<Mou>> {
    request.caller(Resource::Mou, Permission::Read)?;
    found(request, id).await
}

/// The same, for a caller whose change named it: read and recorded like any other.
pub(crate) async fn found(request: &Request, id: MouId) -> Result<Option<Mou>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = mou::Entity::followed_by(caller.agency()).filter(Column::Id.eq(id));
            let found =
                disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
            with_parties(request, found, |one| one.as_slice()).await
        })
        .await?;
    let (found, shown, now) = released.content();
    Ok(found.map(|model| shown.show(model, now)))
}
