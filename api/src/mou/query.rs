//! Reading MOUs.

use async_graphql::{Context, ID, Object};
use concord_entities::ids::MouId;
use concord_entities::instant::Instant;
use concord_entities::mou;
use concord_entities::vocabulary::MouKind;

use super::find::FindMous;
use super::graphql::{Mou, MouView, read_mou};
use super::input::MouFilter;
use super::register::{MouOrder, MouPlace, MouRegister};
use super::template::graphql::MouTemplate;
use crate::access::grant::Resource;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::{InRequest, Request};
use crate::store::page::{self, Page, PageRequest};
use crate::wire::connection::Connection;
use crate::wire::scalars::LanguageTag;

/// Reading MOUs.
#[derive(Default)]
pub struct MouQuery;

/// Reading MOUs.
#[Object]
impl MouQuery {
    /// The MOUs that your agency is a party of, drafted, or follows as a coordinator. Every filter goes with every other and with
    /// each order.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn mous(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<MouFilter>,
        #[graphql(desc = "In which order; `NEWEST` where you leave it out.")] order_by: Option<
            MouOrder,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Mou>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let register = MouRegister {
            order: order_by.unwrap_or_default(),
            wanted: filter.unwrap_or_default().read()?,
        };
        register.check_place(&wanted)?;
        let page = read_list(request, &register, wanted).await?;
        Ok(Connection::from_page(page, |one| {
            register.place(&one.model)
        }))
    }

    /// Drafts to begin with, one for each kind: words for each clause, and what such MOUs usually permit. Each can be drafted as it
    /// is, with your parties and days. A lawyer reads what you make of it.
    async fn mou_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which kind; of every kind where you leave it out.")] kind: Option<
            MouKind,
        >,
        #[graphql(
            desc = "In which language: English (`en`) or Spanish (`es`); English for any other."
        )]
        language: Option<LanguageTag>,
    ) -> Result<Vec<MouTemplate>> {
        ctx.request()?.looks(Resource::Mou.create()).await?;
        MouTemplate::all(kind, language.as_ref())
    }

    /// One MOU that your agency may follow; null for what does not exist and for what you may not see.
    async fn mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
    ) -> Option<Result<Mou>> {
        let mou = async {
            let id = page::id("id", &id)?;
            mou_by_id(ctx.request()?, id).await
        };
        mou.await.transpose()
    }
}

/// Returns a page of the list, its reading on record.
pub(super) async fn read_list(
    request: &Request,
    register: &MouRegister,
    wanted: PageRequest<MouPlace>,
) -> Result<Page<Mou>> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let found = FindMous::of(store, register, agency).await?;
            let rows = |walk| found.rows(walk);
            let page = disclose::page_of(store, rows, wanted, |row| row.id.to_string()).await?;
            with_parties(request, page, |page| page.entries.as_slice()).await
        })
        .await?;
    let (page, views, now) = released.content();
    Ok(page.map(|model| views.view(model, now)))
}

/// Reads what decided MOUs are shown with.
async fn with_parties<T>(
    request: &Request,
    found: Decided<T>,
    mous: impl Fn(&T) -> &[mou::Model],
) -> Result<Decided<(T, MouView, Instant)>> {
    let views = MouView::load(request, mous(&found.content)).await?;
    let now = found.now;
    Ok(found.map(|content| (content, views, now)))
}

/// Returns one MOU that the caller's agency may follow.
pub(crate) async fn mou_by_id(request: &Request, id: MouId) -> Result<Option<Mou>> {
    request.caller.may(Resource::Mou.read())?;
    find_mou(request, id).await
}

/// Returns an MOU to a caller whose change named it, whether or not its token may read: decided and recorded like any
/// other read.
pub(super) async fn find_mou(request: &Request, id: MouId) -> Result<Option<Mou>> {
    read_mou(request, id).await
}
