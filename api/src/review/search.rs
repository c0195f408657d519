//! Finding a page of the log: along an index, and where none finds what is asked for, in bounded work.

use concord_entities::audit_event::reviewed::{self, Along, Reviewed};
use concord_entities::audit_event::{self, WithinReach};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::membership;
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryResult, Select};
use uuid::Uuid;

use super::filter::WantedEvents;
use super::rules::Period;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::store::Store;
use crate::store::page::{self, CursorKey, Page, PageRequest, Towards, Walk};

/// How many events of each range of an index a page looks at, where not all of them are what is looked for.
pub(super) const EXAMINED: u64 = 10_000;

/// Where an event stands in a list of the log, and which list that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuditPlace {
    /// What the list's filter is.
    pub(super) filter: [u8; 8],
    /// The event's id.
    pub(super) id: Uuid,
}

impl AuditPlace {
    /// Returns where an event stands in the list of what is wanted.
    pub(crate) fn of(wanted: &WantedEvents, event: AuditEventId) -> Self {
        Self {
            filter: wanted.digest,
            id: event.0,
        }
    }
}

impl CursorKey for AuditPlace {
    fn bytes(&self) -> Vec<u8> {
        [self.filter.as_slice(), self.id.as_bytes()].concat()
    }

    fn columns(&self) -> Vec<Expr> {
        vec![Expr::value(self.id)]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (filter, id) = bytes.split_first_chunk()?;
        Some(Self {
            filter: *filter,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// A page of the log.
#[derive(Clone, Debug)]
pub(crate) struct AuditPage {
    /// The events.
    pub(crate) page: Page<audit_event::Model>,
    /// How far was looked, where that was not as far as there are events.
    pub(crate) reached: Option<Uuid>,
}

/// Who reads, what for, and which page.
pub(crate) struct AuditSearch<'s> {
    pub(crate) store: &'s Store,
    pub(crate) reader: AgencyId,
    pub(crate) wanted: &'s WantedEvents,
    pub(crate) page: PageRequest<AuditPlace>,
    /// The argument that has the filter.
    pub(crate) place: &'s str,
}

impl WantedEvents {
    /// Returns the page that the arguments of a connection ask for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, also for a cursor of another filter.
    pub(crate) fn page(
        &self,
        first: Option<i32>,
        after: Option<&str>,
        last: Option<i32>,
        before: Option<&str>,
    ) -> Result<PageRequest<AuditPlace>> {
        let page: PageRequest<AuditPlace> = PageRequest::parse(first, after, last, before)?;
        let (argument, from) = match page.from {
            Towards::Older(from) => ("after", from),
            Towards::Newer(from) => ("before", from),
        };
        if from.is_some_and(|from| from.filter != self.digest) {
            return Err(page::not_a_cursor(argument).into());
        }
        Ok(page)
    }
}

impl AuditSearch<'_> {
    /// Finds the page.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, where a period is too long; `UNAVAILABLE`.
    pub(crate) async fn find(&self) -> Result<Decided<AuditPage>> {
        let reach = self.reach().await?;
        let (along, mut only, by_index) = self.along(&reach);
        let by_index = by_index && self.wanted.other.is_none();
        let Period { since, until } = match reach.now.filter(|_| !by_index) {
            Some(now) => self
                .wanted
                .period
                .bounded(now, self.wanted.longest, self.place)?,
            None => self.wanted.period,
        };
        only = only
            .add_option(self.wanted.other.clone())
            .add(reviewed::recorded_within(since, until));
        let range = reviewed::ids_within(since, until);
        let Some(along) = along else {
            let only = only.add(range);
            let select = |walk: Walk<AuditPlace>| self.within_reach(&only, walk);
            return Ok(self.page_of(select).await?.map(whole));
        };
        let all_count = by_index && matches!(along, Along::Agency(_) | Along::Subject(..));
        let reviewed = Reviewed {
            backend: self.store.backend,
            reader: self.reader,
            along,
            range,
            only,
        }
        .within_reach();
        if all_count {
            let select = |walk: Walk<AuditPlace>| select(&reviewed, walk, None);
            return Ok(self.page_of(select).await?.map(whole));
        }
        self.bounded(&reviewed).await
    }

    /// Returns the events that are wanted, whichever index finds them, as they are walked along it; none where an index cannot.
    pub(super) async fn reviewed(&self) -> Result<Reviewed> {
        let reach = self.reach().await?;
        let (along, only, _) = self.along(&reach);
        let along = match along {
            Some(along) => along,
            None => self.everything_within_reach().await?,
        };
        let Period { since, until } = self.wanted.period;
        let only = only
            .add_option(self.wanted.other.clone())
            .add(reviewed::recorded_within(since, until));
        Ok(Reviewed {
            backend: self.store.backend,
            reader: self.reader,
            along,
            range: reviewed::ids_within(since, until),
            only,
        }
        .within_reach())
    }

    /// Finds a page among so many events at most.
    async fn bounded(&self, reviewed: &Reviewed) -> Result<Decided<AuditPage>> {
        let there = self.bound(reviewed, self.page.walk()).await?;
        let back = match self.page.behind() {
            Some(walk) => self.bound(reviewed, walk).await?,
            None => None,
        };
        let forth = self.page.walk().order();
        let select = |walk: Walk<AuditPlace>| {
            let bound = if walk.order() == forth { there } else { back };
            select(reviewed, walk, bound)
        };
        let found = self.page_of(select).await?;
        Ok(found.map(|mut page| {
            let older = matches!(self.page.from, Towards::Older(_));
            let full = if older {
                page.has_next
            } else {
                page.has_previous
            };
            let reached = there.filter(|_| !full);
            if older {
                page.has_next |= reached.is_some();
            } else {
                page.has_previous |= reached.is_some();
            }
            AuditPage { page, reached }
        }))
    }

    async fn page_of(
        &self,
        select: impl Fn(Walk<AuditPlace>) -> Select<audit_event::Entity>,
    ) -> Result<Decided<Page<audit_event::Model>>> {
        disclose::page_of(self.store, select, self.page, |row| row.id.to_string()).await
    }

    /// Returns how far a walk looks, where there is more than that.
    async fn bound(&self, reviewed: &Reviewed, walk: Walk<AuditPlace>) -> Result<Option<Uuid>> {
        let order = walk.order();
        let reviewed = along_walk(reviewed, &walk);
        let statement = reviewed.bounds(&order, EXAMINED);
        let found = self.store.read.query_all(&statement).await?;
        Ok(nearest(&found, &order)?)
    }

    /// Returns the index to walk along and what else must hold; whether all that is asked for is found by the index. None where
    /// everything within reach is.
    fn along(&self, reach: &AuditReach) -> (Option<Along>, Condition, bool) {
        let WantedEvents {
            agency,
            subject,
            about,
            ..
        } = self.wanted;
        let only = Condition::all();
        let by = subject
            .as_ref()
            .map(|subject| (agency.unwrap_or(self.reader), subject));
        match (about, by, agency) {
            (Some(about), by, agency) => {
                let by = by.map(|(agency, subject)| reviewed::acted(agency, subject));
                let part = agency.map(reviewed::has_part);
                (
                    Some(about.clone()),
                    only.add_option(by).add_option(part),
                    true,
                )
            }
            (None, Some((agency, subject)), _) => {
                (Some(Along::Subject(agency, subject.clone())), only, true)
            }
            (None, None, Some(agency)) if reach.has_agency => {
                (Some(Along::Agency(*agency)), only, true)
            }
            (None, None, Some(agency)) => (
                Some(self.everything(reach)),
                only.add(reviewed::has_part(*agency)),
                false,
            ),
            (None, None, None) if self.wanted.other.is_some() => {
                (Some(self.everything(reach)), only, true)
            }
            (None, None, None) => (None, only, true),
        }
    }

    /// Returns the index that has everything within reach.
    fn everything(&self, reach: &AuditReach) -> Along {
        if reach.coordinates {
            Along::Whole
        } else {
            Along::Agency(self.reader)
        }
    }

    /// Returns the agencies whose events an agency reads.
    pub(super) async fn reach_of(store: &Store, reader: AgencyId) -> Result<Vec<AgencyId>> {
        let reached = membership::Entity::reached_by(reader);
        let mut agencies = Vec::new();
        for row in store.read.query_all(&reached).await? {
            agencies.push(row.try_get_by_index(0)?);
        }
        Ok(agencies)
    }

    async fn everything_within_reach(&self) -> Result<Along> {
        let agencies = Self::reach_of(self.store, self.reader).await?;
        let alone = agencies.iter().all(|agency| *agency == self.reader);
        Ok(if alone {
            Along::Agency(self.reader)
        } else {
            Along::Whole
        })
    }

    async fn reach(&self) -> Result<AuditReach> {
        let WantedEvents { agency, other, .. } = self.wanted;
        let asks = other.is_some() || agency.is_some_and(|agency| agency != self.reader);
        if !asks {
            return Ok(AuditReach {
                now: None,
                has_agency: agency.is_some(),
                coordinates: false,
            });
        }
        let now = self.store.ping().await?;
        let agencies = Self::reach_of(self.store, self.reader).await?;
        Ok(AuditReach {
            now: Some(now),
            has_agency: agency.is_some_and(|agency| agencies.contains(&agency)),
            coordinates: agencies.iter().any(|agency| *agency != self.reader),
        })
    }

    fn within_reach(
        &self,
        only: &Condition,
        walk: Walk<AuditPlace>,
    ) -> Select<audit_event::Entity> {
        let beyond = walk.beyond(&[(audit_event::Entity, audit_event::Column::Id)]);
        WithinReach {
            reader: self.reader,
            only: only.clone().add_option(beyond),
            order: walk.order(),
            most: walk.most,
        }
        .select()
    }
}

/// Returns the bound that is nearest to where the walks in this order begin.
///
/// # Errors
/// What the database says.
pub(super) fn nearest(
    bounds: &[QueryResult],
    order: &Order,
) -> std::result::Result<Option<Uuid>, DbErr> {
    let mut nearest: Option<Uuid> = None;
    for row in bounds {
        let bound: Uuid = row.try_get_by_index(0)?;
        nearest = Some(match nearest {
            Some(before) if *order == Order::Asc => before.min(bound),
            Some(before) => before.max(bound),
            None => bound,
        });
    }
    Ok(nearest)
}

/// Returns whether `agency` is `reader`, or of a task force that it coordinates.
///
/// # Errors
/// What the database says.
pub(super) async fn in_reach(
    database: &impl ConnectionTrait,
    reader: AgencyId,
    agency: AgencyId,
) -> std::result::Result<bool, DbErr> {
    let reached = membership::Entity::reached_by(reader);
    for row in database.query_all(&reached).await? {
        if row.try_get_by_index::<AgencyId>(0)? == agency {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether an event within reach of `reader` is among those that are wanted.
///
/// # Errors
/// What the database says.
pub(super) async fn one_wanted(
    database: &impl ConnectionTrait,
    reader: AgencyId,
    wanted: &WantedEvents,
    event: AuditEventId,
) -> std::result::Result<bool, DbErr> {
    let WantedEvents {
        agency,
        subject,
        other,
        period,
        ..
    } = wanted;
    let by = subject
        .as_ref()
        .map(|subject| reviewed::acted(agency.unwrap_or(reader), subject));
    let part = agency.filter(|_| by.is_none()).map(reviewed::has_part);
    let only = Condition::all()
        .add(audit_event::Column::Id.eq(event))
        .add(reviewed::recorded_within(period.since, period.until))
        .add_option(by)
        .add_option(part)
        .add_option(other.clone());
    let among = WithinReach {
        reader,
        only,
        order: Order::Desc,
        most: 1,
    };
    Ok(among.select().one(database).await?.is_some())
}

/// What an agency reaches.
struct AuditReach {
    /// The time, where a period may end with it.
    now: Option<Instant>,
    /// The agency that is asked for is within it.
    has_agency: bool,
    /// Other agencies are.
    coordinates: bool,
}

fn whole(page: Page<audit_event::Model>) -> AuditPage {
    AuditPage {
        page,
        reached: None,
    }
}

fn along_walk(reviewed: &Reviewed, walk: &Walk<AuditPlace>) -> Reviewed {
    let beyond = walk.beyond(&[(audit_event::Entity, audit_event::Column::Id)]);
    let mut reviewed = reviewed.clone();
    reviewed.range = reviewed.range.add_option(beyond);
    reviewed
}

fn select(
    reviewed: &Reviewed,
    walk: Walk<AuditPlace>,
    bound: Option<Uuid>,
) -> Select<audit_event::Entity> {
    let order = walk.order();
    let mut reviewed = along_walk(reviewed, &walk);
    let id = audit_event::Column::Id;
    let bound = bound.map(|bound| {
        if order == Order::Asc {
            id.lte(bound)
        } else {
            id.gte(bound)
        }
    });
    reviewed.range = reviewed.range.add_option(bound);
    reviewed.page(order, walk.most)
}
