//! Finding a page of the log: along an index, and where none finds what is asked for, in bounded work.

use concord_entities::audit_event::reviewed::{self, Along, Reviewed};
use concord_entities::audit_event::{self, WithinReach};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::membership;
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, QueryResult, Select};
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
/// How many events of the whole log are looked at before each agency's own are walked.
const NEAR: u64 = 1_000;

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
    pub(crate) reached: Option<AuditEventId>,
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

/// How what is wanted is found.
pub(super) struct AuditLookup {
    /// The events, those within reach alone.
    pub(super) reviewed: Reviewed,
    /// Whether an index finds them: what else is asked for is looked for among what one has.
    by_index: bool,
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

    /// Returns how these events are found by an agency that reaches these agencies.
    pub(super) fn lookup(
        &self,
        backend: DbBackend,
        reader: AgencyId,
        reach: &[AgencyId],
    ) -> AuditLookup {
        let own_log = reach.iter().all(|agency| *agency == reader);
        let everything = if own_log {
            Along::Agency(reader)
        } else {
            Along::Whole
        };
        let reached = self.agency.filter(|agency| reach.contains(agency));
        let by = self.agency.zip(self.subject.clone());
        let (along, only, found) = match (&self.about, by, reached) {
            (Some(about), _, _) => (about.clone(), self.by_or_with(), true),
            (None, Some((agency, subject)), _) => {
                (Along::Subject(agency, subject), Condition::all(), true)
            }
            (None, None, Some(agency)) => (Along::Agency(agency), Condition::all(), true),
            (None, None, None) => (everything, self.by_or_with(), self.agency.is_none()),
        };
        let Period { since, until } = self.period;
        let reviewed = Reviewed {
            backend,
            reader,
            along,
            range: reviewed::ids_within(since, until),
            only: only.add(self.beside_index()),
        };
        AuditLookup {
            reviewed: reviewed.within_reach(),
            by_index: found && self.other.is_none(),
        }
    }
}

impl AuditSearch<'_> {
    /// Finds the page.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, where a period is too long; `UNAVAILABLE`.
    pub(crate) async fn find(&self) -> Result<Decided<AuditPage>> {
        let reach = reach_of(&self.store.read, self.reader).await?;
        let lookup = |wanted: &WantedEvents| wanted.lookup(self.store.backend, self.reader, &reach);
        let AuditLookup { reviewed, by_index } = lookup(self.wanted);
        if !by_index {
            let now = self.store.ping().await?;
            let WantedEvents {
                period, longest, ..
            } = self.wanted;
            let bounded = WantedEvents {
                period: period.bounded(now, *longest, self.place)?,
                ..self.wanted.clone()
            };
            return self.bounded(&lookup(&bounded).reviewed).await;
        }
        match &reviewed.along {
            Along::Agency(_) | Along::Subject(..) => {
                let select = |walk: Walk<AuditPlace>| select(&reviewed, walk, None);
                Ok(self.page_of(select).await?.map(whole))
            }
            // Of what is about a record, some may be beyond reach.
            Along::Object(_) | Along::Consent(_) => self.bounded(&reviewed).await,
            Along::Whole => {
                // Whoever reaches much of the log finds a page near, and whoever reaches little of it has few agencies.
                let (near, settled) = self.among(&reviewed, NEAR).await?;
                if settled {
                    return Ok(near);
                }
                let select = |walk: Walk<AuditPlace>| self.within_reach(walk);
                Ok(self.page_of(select).await?.map(whole))
            }
        }
    }

    /// Finds a page among as many events as one may look at.
    async fn bounded(&self, reviewed: &Reviewed) -> Result<Decided<AuditPage>> {
        let (found, _) = self.among(reviewed, EXAMINED).await?;
        Ok(found)
    }

    /// Finds a page among so many events at most, and says whether more of them would not change it.
    async fn among(
        &self,
        reviewed: &Reviewed,
        examined: u64,
    ) -> Result<(Decided<AuditPage>, bool)> {
        let there = self.bound(reviewed, self.page.walk(), examined).await?;
        let back = match self.page.behind() {
            Some(walk) => self.bound(reviewed, walk, examined).await?,
            None => None,
        };
        let forth = self.page.walk().order();
        let select = |walk: Walk<AuditPlace>| {
            let bound = if walk.order() == forth { there } else { back };
            select(reviewed, walk, bound)
        };
        let found = self.page_of(select).await?;
        let older = matches!(self.page.from, Towards::Older(_));
        let Page {
            has_next,
            has_previous,
            ..
        } = found.content;
        let (full, behind) = if older {
            (has_next, has_previous)
        } else {
            (has_previous, has_next)
        };
        let reached = there.filter(|_| !full).map(AuditEventId);
        let settled = reached.is_none() && (behind || back.is_none());
        let found = found.map(|mut page| {
            if older {
                page.has_next |= reached.is_some();
            } else {
                page.has_previous |= reached.is_some();
            }
            AuditPage { page, reached }
        });
        Ok((found, settled))
    }

    async fn page_of(
        &self,
        select: impl Fn(Walk<AuditPlace>) -> Select<audit_event::Entity>,
    ) -> Result<Decided<Page<audit_event::Model>>> {
        disclose::page_of(self.store, select, self.page, |row| row.id.to_string()).await
    }

    /// Returns how far a walk looks, where there is more than that.
    async fn bound(
        &self,
        reviewed: &Reviewed,
        walk: Walk<AuditPlace>,
        examined: u64,
    ) -> Result<Option<Uuid>> {
        let order = walk.order();
        let reviewed = along_walk(reviewed, &walk);
        let statement = reviewed.bounds(&order, examined);
        let found = self.store.read.query_all(&statement).await?;
        Ok(nearest(&found, &order)?)
    }

    fn within_reach(&self, walk: Walk<AuditPlace>) -> Select<audit_event::Entity> {
        let beyond = walk.beyond(&[(audit_event::Entity, audit_event::Column::Id)]);
        let Period { since, until } = self.wanted.period;
        let only = self.wanted.beside_index();
        WithinReach {
            backend: self.store.backend,
            reader: self.reader,
            only: only
                .add(reviewed::ids_within(since, until))
                .add_option(beyond),
            order: walk.order(),
            most: walk.most,
        }
        .select()
    }
}

/// Returns the agencies whose events an agency reads: itself, and those of the task forces that it coordinates.
///
/// # Errors
/// What the database says.
pub(super) async fn reach_of(
    database: &impl ConnectionTrait,
    reader: AgencyId,
) -> std::result::Result<Vec<AgencyId>, DbErr> {
    let reached = membership::Entity::reached_by(reader);
    let rows = database.query_all(&reached).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
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
    reviewed.page(&order, walk.most)
}
