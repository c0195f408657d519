//! Agencies and task forces on the wire.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::agency::{self};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{AgencyKind, AgencyStatus, Jurisdiction, MemberRole};
use concord_entities::{membership, task_force};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use crate::access::grant::Resource;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::{Error, Faults, Result};
use crate::lists;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::page::{self, PageRequest};
use crate::text;
use crate::wire::connection::Connection;
use crate::wire::lookahead;
use crate::wire::scalars::{DateTime, LanguageTag};

/// An agency that takes part in a task force.
#[derive(Clone, Debug)]
pub struct Agency {
    model: Arc<agency::Model>,
    /// Whether the row was read just now and is on record: else no more than its name is told of it.
    is_read: bool,
}

impl Agency {
    /// Shows a row that was just read, its reading on record.
    #[must_use]
    pub fn read(model: agency::Model) -> Self {
        Self {
            model: Arc::new(model),
            is_read: true,
        }
    }

    /// Shows an agency by its name. Whoever selects more has it read and put on record.
    #[must_use]
    pub fn named(model: Arc<agency::Model>) -> Self {
        Self {
            model,
            is_read: false,
        }
    }

    /// Shows an agency as the directory names it; one that is gone from the directory keeps its id.
    #[must_use]
    pub fn from_directory(agencies: &AgenciesById, id: AgencyId) -> Self {
        match agencies.get(&id) {
            Some(model) => Self::named(Arc::clone(model)),
            None => Self::read(agency::Model::gone(id)),
        }
    }

    /// Returns the agency's id.
    #[must_use]
    pub fn key(&self) -> AgencyId {
        self.model.id
    }

    /// Returns what is told of it beyond its name.
    pub(super) async fn details(&self, ctx: &Context<'_>) -> Result<Arc<agency::Model>> {
        if self.is_read {
            return Ok(Arc::clone(&self.model));
        }
        let (request, id) = (ctx.request()?, self.model.id);
        let read = async || read_named(request, id).await;
        request.told_agencies.once(id, read).await
    }

    /// Returns what is known of it; whether it takes part may have changed since.
    pub(crate) fn known(&self) -> &agency::Model {
        &self.model
    }
}

/// A circle of agencies that work together in one region.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct TaskForce {
    #[graphql(skip)]
    key: TaskForceId,
    /// Its name.
    pub name: String,
    /// Where it works.
    pub region: String,
    /// Its agencies, and what each is in it.
    pub members: Vec<TaskForceMember>,
    /// When it was registered.
    pub created_at: DateTime,
    /// The time zone in which it works, by its IANA name: that of its agencies that gave none of their own.
    pub time_zone: String,
}

#[ComplexObject]
impl TaskForce {
    /// The task force's id.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }
}

/// An agency's place in a task force.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "TaskForceMember")]
pub struct TaskForceMember {
    /// The agency.
    pub agency: Agency,
    /// Member or coordinator.
    pub role: MemberRole,
    /// Whether it takes part in this task force now.
    pub status: AgencyStatus,
}

/// An agency's place in a task force, as the agency itself and its partners there see it.
#[derive(Clone, Debug, SimpleObject)]
pub struct Membership {
    /// The task force's id.
    pub task_force: ID,
    /// Member or coordinator.
    pub role: MemberRole,
    /// When the agency joined.
    pub since: DateTime,
    /// Whether it takes part in this task force now. What is shared under the MOUs that the task force follows stands on
    /// this, and not on the agency's other memberships.
    pub status: AgencyStatus,
    /// When it was suspended; null where it takes part.
    pub suspended_at: Option<DateTime>,
    /// Why it is suspended, in a coordinator's words; null to everybody but the agency itself and those who coordinate
    /// this task force.
    pub suspension_reason: Option<String>,
}

impl Membership {
    /// Shows a place; why it is suspended only to whom that may be told.
    fn of(place: membership::Model, told: bool) -> Self {
        Self {
            task_force: ID(place.task_force_id.to_string()),
            role: place.role,
            since: place.since.into(),
            status: status_of(&place),
            suspended_at: place.suspended_at.map(DateTime::from),
            suspension_reason: place.suspension_reason.filter(|_| told),
        }
    }
}

/// Returns what a membership is worth now.
fn status_of(place: &membership::Model) -> AgencyStatus {
    if place.is_active() {
        AgencyStatus::Active
    } else {
        AgencyStatus::Suspended
    }
}

/// What to look for among agencies.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "AgencyFilter")]
pub struct AgencyFilter {
    /// Any of these kinds: at least one.
    pub kinds: Option<Vec<AgencyKind>>,
    /// Any of these states: at least one.
    pub statuses: Option<Vec<AgencyStatus>>,
    /// Those whose name, or a former one, has this in it, whatever its case, width and spaces: 1 to 200 characters.
    pub name: Option<String>,
}

/// An agency to register.
#[derive(Clone, Debug, InputObject)]
pub struct AgencyInput {
    /// The task force that it joins; your agency coordinates it.
    pub task_force: ID,
    /// Its name: 1 to 200 characters. In its task force no two look the same, whatever their case, width and spaces.
    pub name: String,
    /// What kind of collaborator it is.
    pub kind: AgencyKind,
    /// Whose law it enforces, where it enforces any.
    pub jurisdiction: Option<Jurisdiction>,
    /// Whether it is bound by victim confidentiality.
    #[graphql(default)]
    pub confidential_provider: bool,
    /// The languages it serves in.
    #[graphql(default)]
    pub languages: Vec<LanguageTag>,
    /// The areas it serves: each 1 to 200 characters.
    #[graphql(default)]
    pub service_areas: Vec<String>,
    /// The time zone in which it works, by its IANA name, such as `America/New_York`; the task force's where you leave it
    /// out. The limits of its consents are counted in the days there.
    pub time_zone: Option<String>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// Reading the directory.
#[derive(Default)]
pub struct AgencyQuery;

/// Reading the directory.
#[Object]
impl AgencyQuery {
    /// The agencies of your task forces, newest first.
    async fn agencies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            AgencyFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Agency>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Directory.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.unwrap_or_default();
        let mut faults = Faults::default();
        lists::require_some(&mut faults, "filter.kinds", filter.kinds.as_ref());
        lists::require_some(&mut faults, "filter.statuses", filter.statuses.as_ref());
        let name = filter.name.as_ref();
        let name = name.map(|name| text::line_at(&mut faults, "filter.name", name, text::LINE));
        faults.none()?;
        let name = name.map(|name| NameKey::of(&name));
        let released = request
            .disclose(|| async {
                let mut among = agency::Entity::known_to(caller.agency());
                if let Some(kinds) = &filter.kinds {
                    among = among.filter(agency::Column::Kind.is_in(kinds.iter().copied()));
                }
                if let Some(statuses) = &filter.statuses {
                    among = among.filter(agency::Column::Status.is_in(statuses.iter().copied()));
                }
                if let Some(name) = &name {
                    among = agency::Entity::named_like(among, caller.agency(), name);
                }
                let among = among.order_by_desc(agency::Column::Id);
                disclose::page(
                    &request.worker.store,
                    among,
                    agency::Column::Id,
                    wanted,
                    |row| row.id.to_string(),
                )
                .await
            })
            .await?;
        Ok(Connection::from_page(
            released.content().map(Agency::read),
            |one| one.key().0,
        ))
    }

    /// One agency of your task forces, or that left one after it had an MOU with yours; null for what does not exist and for what you may not see.
    async fn agency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agency's id.")] id: ID,
    ) -> Option<Result<Agency>> {
        let agency = async {
            let id = page::id("id", &id)?;
            agency_by_id(ctx.request()?, id).await
        };
        agency.await.transpose()
    }

    /// The task forces that your agency belongs to, newest first.
    async fn task_forces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<TaskForce>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Directory.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let store = &request.worker.store;
        let told = lookahead::asks_beyond(
            ctx,
            &["edges", "node", "members", "agency"],
            &["id", "name", "kind"],
        );
        let released = request
            .disclose(|| async {
                let among = task_force::Entity::joined_by(caller.agency());
                let found = disclose::page(store, among, task_force::Column::Id, wanted, |row| {
                    row.id.to_string()
                })
                .await?;
                let members = members(request).await?;
                let agencies = found.content.entries.iter();
                let agencies = agencies
                    .filter_map(|row| members.get(&row.id))
                    .flatten()
                    .filter(|_| told)
                    .map(|member| member.agency.key().to_string())
                    .collect::<Vec<_>>();
                Ok(found.naming(agencies).map(|page| (page, members)))
            })
            .await?;
        let (page, members) = released.content();
        Ok(Connection::from_page(
            page.map(|row| TaskForce::show(row, &members)),
            |one| one.key.0,
        ))
    }
}

impl TaskForce {
    fn show(row: task_force::Model, members: &MembersByTaskForce) -> Self {
        Self {
            key: row.id,
            name: row.name,
            region: row.region,
            members: members.get(&row.id).cloned().unwrap_or_default(),
            created_at: row.created_at.into(),
            time_zone: row.time_zone.to_string(),
        }
    }
}

/// Returns one task force that the caller's agency belongs to; `told` where more is asked of its members than their names.
pub(crate) async fn task_force_by_id(
    request: &Request,
    id: TaskForceId,
    told: bool,
) -> Result<Option<TaskForce>> {
    request.caller.may(Resource::Directory.read())?;
    let read = async || read_task_force(request, id, told).await;
    let released = request.disclose(read).await?;
    let (row, members) = released.content();
    Ok(row.map(|row| TaskForce::show(row, &members)))
}

/// Returns a task force that some record names, where the caller's agency belongs to it. That it does not is no attempt at
/// anything: the caller named the record.
pub(crate) async fn named_task_force(
    request: &Request,
    id: TaskForceId,
    told: bool,
) -> Result<Option<TaskForce>> {
    request.caller.may(Resource::Directory.read())?;
    let read = async || {
        let mut found = read_task_force(request, id, told).await?;
        if found.content.0.is_none() {
            found.events.clear();
        }
        Ok(found)
    };
    let released = request.disclose(read).await?;
    let (row, members) = released.content();
    Ok(row.map(|row| TaskForce::show(row, &members)))
}

async fn read_task_force(
    request: &Request,
    id: TaskForceId,
    told: bool,
) -> Result<Decided<(Option<task_force::Model>, MembersByTaskForce)>> {
    let among = task_force::Entity::joined_by(request.caller.agency())
        .filter(task_force::Column::Id.eq(id));
    let found = disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
    let members = members(request).await?;
    let agencies = members.get(&id).into_iter().flatten();
    let agencies = agencies
        .filter(|_| told && found.content.is_some())
        .map(|member| member.agency.key().to_string())
        .collect::<Vec<_>>();
    Ok(found.naming(agencies).map(|row| (row, members)))
}

/// The members of task forces.
type MembersByTaskForce = HashMap<TaskForceId, Vec<TaskForceMember>>;

/// Returns the members of every task force that the caller's agency belongs to.
async fn members(request: &Request) -> Result<MembersByTaskForce> {
    let Request { worker, caller, .. } = request;
    let places = membership::Entity::seen_by(caller.agency())
        .all(&worker.store.read)
        .await?;
    let agencies: HashMap<AgencyId, agency::Model> = agency::Entity::known_to(caller.agency())
        .all(&worker.store.read)
        .await?
        .into_iter()
        .map(|agency| (agency.id, agency))
        .collect();
    let mut members = MembersByTaskForce::new();
    for place in places {
        if let Some(agency) = agencies.get(&place.agency_id) {
            members
                .entry(place.task_force_id)
                .or_default()
                .push(TaskForceMember {
                    agency: Agency::read(agency.clone()),
                    role: place.role,
                    status: status_of(&place),
                });
        }
    }
    Ok(members)
}

/// Returns an agency's places as far as the caller may know of them. That it was told why one is suspended goes on record.
pub(super) async fn memberships(request: &Request, id: AgencyId) -> Result<Vec<Membership>> {
    let reader = request.caller.agency();
    let store = &request.worker.store;
    let released = request
        .disclose(|| async {
            let among = agency::Entity::named(id);
            let found = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
            // Read under the epoch that was seen: a suspension since would make the decision stale.
            let seen = membership::Entity::seen_by(reader)
                .filter(membership::Column::AgencyId.is_in([id, reader]))
                .all(&store.read)
                .await?;
            let own = |place: &membership::Model| place.agency_id == reader;
            let (mine, mut places): (Vec<_>, Vec<_>) = seen.into_iter().partition(own);
            if id == reader {
                places.clone_from(&mine);
            }
            let told = |place: &membership::Model| {
                let coordinates = mine.iter().any(|own| {
                    own.role == MemberRole::Coordinator
                        && own.is_active()
                        && own.task_force_id == place.task_force_id
                });
                own(place) || coordinates
            };
            let places: Vec<_> = places
                .into_iter()
                .map(|place| {
                    let told = told(&place);
                    Membership::of(place, told)
                })
                .collect();
            let tells = places.iter().any(|place| place.suspension_reason.is_some());
            Ok(Decided {
                events: found.events.into_iter().filter(|_| tells).collect(),
                epoch: found.epoch,
                now: found.now,
                content: places,
            })
        })
        .await?;
    Ok(released.content())
}

/// Reads an agency that some record names, and puts the reading on record.
async fn read_named(request: &Request, id: AgencyId) -> Result<agency::Model> {
    let released = request
        .disclose(|| {
            let named = agency::Entity::named(id);
            disclose::one(&request.worker.store, named, &id, |row| row.id.to_string())
        })
        .await?;
    released.content().ok_or_else(|| Error::NotFound.into())
}

/// Returns one agency that the caller may know of.
pub(crate) async fn agency_by_id(request: &Request, id: AgencyId) -> Result<Option<Agency>> {
    request.caller.may(Resource::Directory.read())?;
    find_agency(request, id).await
}

/// Reads the agency for a caller whose change named it, and records the reading like any other.
pub(crate) async fn find_agency(request: &Request, id: AgencyId) -> Result<Option<Agency>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = agency::Entity::reached_by(caller.agency(), id);
            disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await
        })
        .await?;
    Ok(released.content().map(Agency::read))
}
