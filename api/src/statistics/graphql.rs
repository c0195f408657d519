//! Statistics on the wire.

use std::collections::HashSet;
use std::str::FromStr;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::month::Month;
use concord_entities::referral_statistics::{self, StoredCell, StoredFigures, StoredTable};
use concord_entities::task_force;
use concord_entities::vocabulary::{Need, ReferralStatus};

use super::{collect, rules};
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::error::{Error, Faults, Result};
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::wire::scalars::DateTime;

/// Some months, the first and the last with them.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "PeriodInput")]
pub struct PeriodInput {
    /// The first month, such as `2026-01`: 7 characters, of the years 2000 to 2200.
    pub from: String,
    /// The last month, such as `2026-03`: 7 characters, over where the task force works, and at most 23 after the first.
    pub to: String,
}

/// What is told of the referrals in a task force, each month by itself. A referral is in the one month in which it was sent,
/// and in one task force: the one that follows its MOU; where none does, the one in which both agencies came together first.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReferralStatistics {
    /// The task force's id.
    pub task_force: ID,
    /// The months, the first first.
    pub months: Vec<MonthStatistics>,
}

/// What is told of the referrals that were sent in a month, from one agency to another that do not coordinate the task
/// force: your own you know. Computed once, after the month was over, and never changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct MonthStatistics {
    /// The month, such as `2026-03`.
    pub month: String,
    /// The month's first moment, where the task force works.
    pub begins_at: DateTime,
    /// The first moment after the month.
    pub ends_at: DateTime,
    /// As of when it was computed: the referrals stand where they stood then, and are as old as they were then.
    pub computed_at: DateTime,
    /// The referrals that were accepted or rejected, wherever they stood then.
    pub answered: StatisticsTable,
    /// The referrals that were not.
    pub unanswered: StatisticsTable,
}

/// Figures of some referrals, in all and by what they have in common. Where there are no figures there are under five, none
/// perhaps, or they would give away what is under five: nobody can tell which.
#[derive(Clone, Debug, SimpleObject)]
pub struct StatisticsTable {
    /// Of all of them; null where they are under five.
    pub total: Option<Figures>,
    /// By where they stood.
    pub by_status: Vec<StatusFigures>,
    /// By what was needed. A referral can name several needs.
    pub by_need: Vec<NeedFigures>,
    /// By the agency that was asked: each that the task force had when this was computed, its coordinators apart.
    pub by_agency: Vec<AgencyFigures>,
}

/// Figures of the referrals that stood somewhere.
#[derive(Clone, Debug, SimpleObject)]
pub struct StatusFigures {
    /// Where they stood.
    pub status: ReferralStatus,
    /// The figures; null where they are not told.
    pub figures: Option<Figures>,
}

/// Figures of the referrals that name a need.
#[derive(Clone, Debug, SimpleObject)]
pub struct NeedFigures {
    /// The need.
    pub need: Need,
    /// The figures; null where they are not told, also where all of the table but under five name it.
    pub figures: Option<Figures>,
}

/// Figures of the referrals that one agency was sent.
#[derive(Clone, Debug, SimpleObject)]
pub struct AgencyFigures {
    /// The agency.
    pub agency: Agency,
    /// The figures; null where they are not told.
    pub figures: Option<Figures>,
}

/// What is told of at least five referrals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct Figures {
    /// How many they are.
    pub count: i32,
    /// How long ago half of them were sent, at most: in days, to the nearest.
    pub median_age_days: i32,
    /// Within how long half of them were accepted or rejected: in hours, to the nearest; null where they were not.
    pub median_hours_to_answer: Option<i32>,
}

impl From<StoredFigures> for Figures {
    fn from(stored: StoredFigures) -> Self {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            count: number(stored.count),
            median_age_days: number(stored.age),
            median_hours_to_answer: stored.answer.map(number),
        }
    }
}

/// Reading statistics.
#[derive(Default)]
pub struct StatisticsQuery;

/// Reading statistics.
#[Object]
impl StatisticsQuery {
    /// Counts, ages and times to answer of the referrals in a task force that your agency coordinates: each month by itself,
    /// once it is over. Null for what does not exist and for a task force that your agency does not coordinate. Requires
    /// `mou.s`.
    async fn referral_statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task force's id.")] task_force: ID,
        #[graphql(desc = "Which months: at most 24.")] period: PeriodInput,
    ) -> Option<Result<ReferralStatistics>> {
        let statistics = async {
            let request = ctx.request()?;
            request.caller.may(Resource::Mou.search())?;
            let mut faults = Faults::default();
            let id = faults.keep(page::id("taskForce", &task_force))?;
            let months = period.read(&mut faults);
            faults.none()?;
            match id.zip(months) {
                Some((id, months)) => of_task_force(request, id, months).await,
                None => Ok(None),
            }
        };
        statistics.await.transpose()
    }
}

impl PeriodInput {
    /// Returns its first and its last month; none where it is wrong.
    fn read(&self, faults: &mut Faults) -> Option<(Month, Month)> {
        let mut month = |place: &'static str, text: &str| match Month::from_str(text) {
            Ok(month) => Some(month),
            Err(invalid) => {
                faults.add(place, invalid);
                None
            }
        };
        let (from, to) = month("period.from", &self.from).zip(month("period.to", &self.to))?;
        let in_order = (0..rules::MOST_MONTHS).contains(&to.since(from));
        let remedy = "`period.from` or one of the 23 months after it";
        faults.require(in_order, "period.to", remedy);
        in_order.then_some((from, to))
    }
}

async fn of_task_force(
    request: &Request,
    id: TaskForceId,
    (from, to): (Month, Month),
) -> Result<Option<ReferralStatistics>> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let own = task_force::Entity::coordinated_by(agency, id);
            let found = disclose::one(store, own, &id, |row| row.id.to_string()).await?;
            let Some(task_force) = found.content.clone() else {
                return Ok(found.map(|_| None));
            };
            if !rules::is_over(to, &task_force.time_zone, found.now) {
                let remedy = "a month that is over where the task force works";
                return Err(Error::input("period.to", remedy).into());
            }
            publish_missing(request, &task_force, (from, to)).await?;
            let published = referral_statistics::Entity::of(id, from, to);
            let published = published.all(&store.read).await?;
            Ok(found.map(|_| Some(published)))
        })
        .await?;
    let Some(published) = released.content() else {
        return Ok(None);
    };
    let directory = &request.worker.directory;
    let agencies = directory.among(store, agencies_of(&published)).await?;
    let months = published
        .iter()
        .map(|month| MonthStatistics::of(month, &agencies));
    Ok(Some(ReferralStatistics {
        task_force: ID(id.to_string()),
        months: months.collect(),
    }))
}

/// Publishes those of these months that were not asked for before, nor published by themselves.
async fn publish_missing(
    request: &Request,
    task_force: &task_force::Model,
    (from, to): (Month, Month),
) -> Result<()> {
    let store = &request.worker.store;
    request.worker.ledger.fork().refuse()?;
    let published = referral_statistics::Entity::of(task_force.id, from, to);
    let published = published.all(&store.read).await?;
    let mut month = from;
    while month <= to {
        if published.iter().all(|row| row.month != month) {
            collect::publish(store, task_force, month).await?;
        }
        month = month.next();
    }
    Ok(())
}

/// Returns the agencies that these months tell of.
fn agencies_of(months: &[referral_statistics::Model]) -> HashSet<AgencyId> {
    let mut agencies = HashSet::new();
    for month in months {
        for table in [&month.tables.answered, &month.tables.unanswered] {
            let told = keys(&table.agencies).into_iter();
            agencies.extend(told.map(|(id, _): (AgencyId, _)| id));
        }
    }
    agencies
}

/// Returns the cells of a breakdown with their keys read.
fn keys<K: FromStr>(cells: &[StoredCell]) -> Vec<(K, Option<Figures>)> {
    let read = |(key, figures): &StoredCell| {
        let key = key.parse().ok()?;
        Some((key, figures.map(Figures::from)))
    };
    cells.iter().filter_map(read).collect()
}

impl MonthStatistics {
    fn of(row: &referral_statistics::Model, agencies: &AgenciesById) -> Self {
        Self {
            month: row.month.to_string(),
            begins_at: row.begins_at.into(),
            ends_at: row.ends_at.into(),
            computed_at: row.computed_at.into(),
            answered: StatisticsTable::of(&row.tables.answered, agencies),
            unanswered: StatisticsTable::of(&row.tables.unanswered, agencies),
        }
    }
}

impl StatisticsTable {
    fn of(table: &StoredTable, agencies: &AgenciesById) -> Self {
        let statuses = keys(&table.statuses);
        let needs = keys(&table.needs);
        let sent = keys(&table.agencies);
        Self {
            total: table.total.map(Figures::from),
            by_status: statuses
                .into_iter()
                .map(|(status, figures)| StatusFigures { status, figures })
                .collect(),
            by_need: needs
                .into_iter()
                .map(|(need, figures)| NeedFigures { need, figures })
                .collect(),
            by_agency: sent
                .into_iter()
                .map(|(id, figures): (AgencyId, _)| AgencyFigures {
                    agency: Agency::from_directory(agencies, id),
                    figures,
                })
                .collect(),
        }
    }
}
