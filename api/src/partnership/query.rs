//! Reading partnerships.

use async_graphql::{Context, Object};
use concord_entities::ids::{AgencyId, MouId, PartnershipId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::PartnershipStep;
use concord_entities::{mou, partnership, partnership_place};
use sea_orm::sea_query::IntoColumnRef;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::graphql::{Partnership, PartnershipFilter, PartnershipPlace, PartnershipView};
use super::rules;
use crate::access::grant::Resource;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::{InRequest, Request};
use crate::store::page::{self, PageRequest, Walk};
use crate::wire::connection::Connection;

/// Reading partnerships.
#[derive(Default)]
pub struct PartnershipQuery;

/// Reading partnerships.
#[Object]
impl PartnershipQuery {
    /// Your agency's partnerships; or, of a task force that it coordinates, those of every two of its agencies. Those that
    /// have taken the fewest steps come first, and of these the oldest.
    async fn partnerships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all of your agency's where you leave it out.")]
        filter: Option<PartnershipFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Partnership>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let wanted_of = PartnershipListing::parse(&filter.unwrap_or_default())?;
        list(request, wanted_of, wanted).await
    }
}

/// Which partnerships are listed.
#[derive(Clone, Copy, Debug)]
struct PartnershipListing {
    task_force: Option<TaskForceId>,
    partner: Option<AgencyId>,
    lacking: Option<PartnershipStep>,
}

impl PartnershipListing {
    fn parse(filter: &PartnershipFilter) -> Result<Self> {
        let task_force = filter.task_force.as_deref();
        let task_force = task_force.map(|id| page::id("filter.taskForce", id));
        let partner = filter.partner.as_deref();
        let partner = partner.map(|id| page::id("filter.partner", id));
        Ok(Self {
            task_force: task_force.transpose()?,
            partner: partner.transpose()?,
            lacking: filter.lacking,
        })
    }

    /// Selects the rows along a walk that `reader` may know of.
    fn rows(
        self,
        reader: AgencyId,
        in_force: &MousInForce,
        walk: Walk<PartnershipPlace>,
    ) -> Select<partnership::Entity> {
        let walk = walk.reversed();
        let Some(task_force) = self.task_force else {
            let columns = (partnership::Column::Steps, partnership::Column::Id);
            return self.along(partnership::Entity::of(reader), in_force, &walk, columns);
        };
        let among = partnership::Entity::seen_in(task_force, reader);
        // An index has a task force's partnerships in this order.
        let columns = (
            partnership_place::Column::Steps,
            partnership_place::Column::PartnershipId,
        );
        self.along(among, in_force, &walk, columns)
    }

    fn along<C: ColumnTrait>(
        self,
        mut among: Select<partnership::Entity>,
        in_force: &MousInForce,
        walk: &Walk<PartnershipPlace>,
        (steps, id): (C, C),
    ) -> Select<partnership::Entity> {
        if let Some(partner) = self.partner {
            among = partnership::Entity::with(among, partner);
        }
        match (
            self.lacking,
            self.lacking.and_then(rules::most_steps_lacking),
        ) {
            (_, Some(most)) => among = among.filter(steps.lte(most)),
            (Some(_), None) => {
                among = partnership::Entity::under_none_of(
                    among,
                    in_force.ids.iter().copied(),
                    in_force.at,
                );
            }
            (None, None) => {}
        }
        let columns = [steps, id].map(|column| column.as_column_ref().into_column_ref());
        if let Some(beyond) = walk.beyond(&columns) {
            among = among.filter(beyond);
        }
        let order = walk.order();
        among
            .order_by(steps, order.clone())
            .order_by(id, order)
            .limit(walk.most)
    }
}

async fn list(
    request: &Request,
    listing: PartnershipListing,
    wanted: PageRequest<PartnershipPlace>,
) -> Result<Connection<Partnership>> {
    let (store, reader) = (&request.worker.store, request.caller.agency());
    let released = request
        .disclose(|| async {
            let in_force = match listing.lacking {
                Some(PartnershipStep::Formalised) => MousInForce::read(request).await?,
                _ => MousInForce::NONE,
            };
            let select = |walk| listing.rows(reader, &in_force, walk);
            let found = disclose::page_of(store, select, wanted, |row| row.id.to_string()).await?;
            with_view(request, found, |page| page.entries.as_slice()).await
        })
        .await?;
    let (page, view, now) = released.content();
    Ok(Connection::from_page(
        page.map(|row| view.view(&row, now)),
        |one| one.place,
    ))
}

/// The MOUs that were in force at a moment, as far as a caller may follow them.
#[derive(Clone, Debug)]
struct MousInForce {
    ids: Vec<MouId>,
    at: Instant,
}

impl MousInForce {
    /// None, where nobody asks for them.
    const NONE: Self = Self {
        ids: Vec::new(),
        at: Instant(0),
    };

    async fn read(request: &Request) -> Result<Self> {
        let store = &request.worker.store;
        let at = store.ping().await?;
        let mous = mou::Entity::followed_by(request.caller.agency())
            .filter(mou::Column::SignedAt.is_not_null());
        let mous = mous.all(&store.read).await?;
        let in_force = mous.iter().filter(|mou| mou.dates().is_in_force(at));
        let ids = in_force.map(|mou| mou.id).collect();
        Ok(Self { ids, at })
    }
}

/// Reads what decided partnerships are shown with.
async fn with_view<T>(
    request: &Request,
    found: Decided<T>,
    rows: impl Fn(&T) -> &[partnership::Model],
) -> Result<Decided<(T, PartnershipView, Instant)>> {
    let view = PartnershipView::load(request, rows(&found.content)).await?;
    let now = found.now;
    Ok(found.map(|content| (content, view, now)))
}

/// Returns one partnership that the caller's agency may know of.
pub(crate) async fn partnership_by_id(
    request: &Request,
    id: PartnershipId,
) -> Result<Option<Partnership>> {
    request.caller.may(Resource::Mou.read())?;
    find_partnership(request, id).await
}

/// Returns a partnership to a caller whose change named it, and records the reading like any other.
pub(super) async fn find_partnership(
    request: &Request,
    id: PartnershipId,
) -> Result<Option<Partnership>> {
    let store = &request.worker.store;
    let released = request
        .disclose(|| async {
            let among = partnership::Entity::known_to(request.caller.agency(), id);
            let found = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
            with_view(request, found, |one| one.as_slice()).await
        })
        .await?;
    let (found, view, now) = released.content();
    Ok(found.map(|row| view.view(&row, now)))
}
