//! Who could take a referral in a task force, by what the parties of its MOUs promise: for those who belong to it.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::mou::{CountedMou, Follower};
use concord_entities::mou_party::CountedParty;
use concord_entities::vocabulary::{MemberRole, Need};
use concord_entities::{agency, membership, mou, mou_party, task_force};
use sea_orm::{QuerySelect, QueryTrait};

use super::rules::coverage::{
    CoverageFacts, CoverageGrid, CoveredCell, REMEMBERED, WantedCoverage, draw,
};
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::error::{Faults, Result};
use crate::lists;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::{Store, page};
use crate::wire::scalars::{Date, DateTime, LanguageTag};

/// How many agencies of a cell are told at most.
const MOST_PATHS: usize = 10;

/// Who could take a referral in a task force, and where nobody can.
#[derive(Clone, Debug, SimpleObject)]
pub struct CoverageMap {
    /// The task force's id.
    pub task_force: ID,
    /// As of when.
    pub as_of: DateTime,
    /// A cell for each need that is or was promised, in each language and each area in which anything is, and one for each need
    /// that nobody promises: at most 2,000, by need, language and area.
    pub cells: Vec<CoverageCell>,
    /// How many more there are: ask for some of the needs, or for one language.
    pub more_cells: i32,
}

/// A need, in a language, in an area. Nobody could take a referral where it has no `paths`.
#[derive(Clone, Debug, SimpleObject)]
pub struct CoverageCell {
    /// The need.
    pub need: Need,
    /// The language; null where nobody promises the need in any.
    pub language: Option<LanguageTag>,
    /// The state, territory or county, as in `Promise.areas`; null where nobody promises the need.
    pub area: Option<String>,
    /// How many agencies could take a referral.
    pub agencies: i32,
    /// Ten of them at most: those who can for longest.
    pub paths: Vec<CoveragePath>,
}

/// An agency that could lawfully take a referral today, under an MOU in force, from at least one other party of it.
#[derive(Clone, Debug, SimpleObject)]
pub struct CoveragePath {
    /// The agency.
    pub agency: Agency,
    /// The last day on which it could, as things stand: of all the MOUs under which it could, the latest.
    pub last_day: Date,
    /// Whether a notice, or a party that leaves, ends it on that day, before the one that was agreed.
    pub ends_early: bool,
}

/// Reading coverage.
#[derive(Default)]
pub struct CoverageQuery;

/// Reading coverage.
#[Object]
impl CoverageQuery {
    /// Who could take a referral today in a task force of your agency's, where nobody can, and when each path runs out: by what
    /// is promised in the MOUs that the task force follows. A coordinator is shown all of them, a member those that it is a party
    /// of. Null for what does not exist and for a task force in which your agency takes no part. Requires `mou.s`.
    async fn coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task force's id.")] task_force: ID,
        #[graphql(desc = "Which needs, at least one; all where you leave it out.")] needs: Option<
            Vec<Need>,
        >,
        #[graphql(
            desc = "For somebody who speaks this language; every language that is promised where you leave it out."
        )]
        language: Option<LanguageTag>,
    ) -> Option<Result<CoverageMap>> {
        let map = async {
            let request = ctx.request()?;
            request.caller.may(Resource::Mou.search())?;
            let mut faults = Faults::default();
            let id = faults.keep(page::id("taskForce", &task_force))?;
            lists::require_some(&mut faults, "needs", needs.as_ref());
            faults.none()?;
            let wanted = WantedCoverage {
                needs: needs.map(|needs| needs.into_iter().collect()),
                language: language.map(|tag| tag.as_str().to_owned()),
            };
            match id {
                Some(id) => Box::pin(of_task_force(request, id, wanted)).await,
                None => Ok(None),
            }
        };
        map.await.transpose()
    }
}

async fn of_task_force(
    request: &Request,
    id: TaskForceId,
    wanted: WantedCoverage,
) -> Result<Option<CoverageMap>> {
    let store = &request.worker.store;
    let reader = request.caller.agency();
    let released = request
        .disclose(|| async {
            let own = task_force::Entity::taken_part_in(reader, id);
            let found = disclose::one(store, own, &id, |row| row.id.to_string()).await?;
            let now = found.now;
            let place = membership::Entity::taken(reader, id);
            let place = match &found.content {
                Some(_) => place.one(&store.read).await?,
                None => None,
            };
            let grid = match &place {
                Some(place) => {
                    let follower = follower(place);
                    let facts = read_facts(store, reader, follower, Some(id), now).await?;
                    Some(draw(&facts, &wanted, now))
                }
                None => None,
            };
            Ok(found.map(|_| grid.map(|grid| (grid, now))))
        })
        .await?;
    let Some((grid, now)) = released.content() else {
        return Ok(None);
    };
    let told = grid
        .cells
        .iter()
        .flat_map(|cell| cell.paths.iter().take(MOST_PATHS));
    let told: HashSet<AgencyId> = told.map(|path| path.agency).collect();
    let agencies = request.worker.directory.among(store, told).await?;
    Ok(Some(CoverageMap::of(id, &grid, now, &agencies)))
}

/// As what an agency with this place is shown the MOUs that its task force follows.
pub(super) fn follower(place: &membership::Model) -> Follower {
    match place.role {
        MemberRole::Coordinator => Follower::CoordinatorOf(place.task_force_id),
        MemberRole::Member => Follower::Party,
    }
}

/// Reads what coverage is counted from: of the MOUs that this task force follows, or of all, those that the reader follows as
/// this. Four statements, however many there are.
pub(super) async fn read_facts(
    store: &Store,
    reader: AgencyId,
    follower: Follower,
    task_force: Option<TaskForceId>,
    now: Instant,
) -> Result<CoverageFacts> {
    let promising = mou::Entity::promising(reader, follower, task_force, now.minus(REMEMBERED));
    let ids = promising.clone().select_only().column(mou::Column::Id);
    let mous: Vec<CountedMou> = promising.into_partial_model().all(&store.read).await?;
    let parties = mou_party::Entity::under(ids.into_query());
    let parties: Vec<CountedParty> = parties.into_partial_model().all(&store.read).await?;
    let agencies: HashSet<AgencyId> = parties.iter().map(|party| party.agency_id).collect();
    let places = match task_force {
        Some(id) => membership::Entity::in_task_force(id),
        None => membership::Entity::of(agencies.iter().copied()),
    };
    let mut of_agency: HashMap<AgencyId, Vec<membership::Model>> = HashMap::new();
    for place in places.all(&store.read).await? {
        of_agency.entry(place.agency_id).or_default().push(place);
    }
    let absent = agency::Entity::absent_among(agencies)
        .select_only()
        .column(agency::Column::Id);
    let absent: Vec<AgencyId> = absent.into_tuple().all(&store.read).await?;
    let mut by_mou: HashMap<MouId, Vec<CountedParty>> = HashMap::new();
    for party in parties {
        by_mou.entry(party.mou_id).or_default().push(party);
    }
    let with_parties = mous.into_iter().map(|mou| {
        let parties = by_mou.remove(&mou.id).unwrap_or_default();
        (mou, parties)
    });
    Ok(CoverageFacts {
        mous: with_parties.collect(),
        places: of_agency,
        absent: absent.into_iter().collect(),
    })
}

impl CoverageMap {
    fn of(id: TaskForceId, grid: &CoverageGrid, now: Instant, agencies: &AgenciesById) -> Self {
        let cells = grid.cells.iter();
        Self {
            task_force: ID(id.to_string()),
            as_of: now.into(),
            cells: cells.map(|cell| CoverageCell::of(cell, agencies)).collect(),
            more_cells: count(grid.more),
        }
    }
}

impl CoverageCell {
    fn of(cell: &CoveredCell, agencies: &AgenciesById) -> Self {
        let paths = cell.paths.iter().take(MOST_PATHS);
        Self {
            need: cell.need,
            language: cell.language.clone().map(LanguageTag::from),
            area: cell.area.map(|area| area.to_string()),
            agencies: count(cell.paths.len()),
            paths: paths
                .map(|path| CoveragePath {
                    agency: Agency::from_directory(agencies, path.agency),
                    last_day: path.last_day.into(),
                    ends_early: path.ends_early,
                })
                .collect(),
        }
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
