//! Notices on the wire: that a consent which named your agency has ended. Ids and codes, never content.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use concord_entities::ids::{ConsentId, NoticeId};
use concord_entities::notice::{self, Column};
use concord_entities::vocabulary::NoticeKind;
use sea_orm::Select;

use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::error::Result;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::page::{LARGEST_SIZE, Page, PageRequest, Towards};
use crate::wire::connection::Connection;
use crate::wire::scalars::DateTime;

/// What an agency is told without having asked. It names a record and says nothing of the person.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Notice {
    #[graphql(skip)]
    key: NoticeId,
    /// What it tells.
    pub kind: NoticeKind,
    /// The record that it tells of.
    pub object: ID,
    /// The agency that is told.
    pub recipient: Agency,
    /// When it was given.
    pub created_at: DateTime,
    /// When the agency said that it has seen it, by `markNoticeSeen`.
    pub seen_at: Option<DateTime>,
}

#[ComplexObject]
impl Notice {
    /// The notice's id.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }
}

impl Notice {
    fn show(row: notice::Model, agencies: &AgenciesById) -> Self {
        Self {
            key: row.id,
            kind: row.kind,
            object: ID(row.object),
            recipient: Agency::from_directory(agencies, row.agency_id),
            created_at: row.created_at.into(),
            seen_at: row.seen_at.map(DateTime::from),
        }
    }
}

/// Reading notices.
#[derive(Default)]
pub struct NoticeQuery;

/// Reading notices.
#[Object]
impl NoticeQuery {
    /// The notices to your agency, newest first. Reading changes nothing: say by `markNoticeSeen` what was seen.
    async fn notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Notice>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Consent.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let page = read(request, &notice::Entity::to(caller.agency()), wanted).await?;
        show_notices(request, page).await
    }
}

/// Returns one notice to the caller's agency.
pub(crate) async fn notice_by_id(request: &Request, id: NoticeId) -> Result<Option<Notice>> {
    request.caller.may(Resource::Consent.read())?;
    find_notice(request, id).await
}

/// Returns a notice to a caller whose change named it, and records the reading like any other.
pub(super) async fn find_notice(request: &Request, id: NoticeId) -> Result<Option<Notice>> {
    let among = notice::Entity::one_to(request.caller.agency(), id);
    let store = &request.worker.store;
    let released = request
        .disclose(|| disclose::one(store, among.clone(), &id, |row| row.id.to_string()))
        .await?;
    let page = Page {
        entries: released.content().into_iter().collect(),
        has_next: false,
        has_previous: false,
    };
    let shown = show_notices(request, page).await?;
    Ok(shown.edges.into_iter().map(|edge| edge.node).next())
}

/// Returns the notices that went out about these consents, whose discloser the caller speaks for.
pub(crate) async fn about(request: &Request, consents: &[ConsentId]) -> Result<Vec<Notice>> {
    let wanted = PageRequest {
        size: LARGEST_SIZE,
        from: Towards::Older(None),
    };
    let page = read(request, &notice::Entity::of(consents), wanted).await?;
    let shown = show_notices(request, page).await?;
    Ok(shown.edges.into_iter().map(|edge| edge.node).collect())
}

async fn read(
    request: &Request,
    among: &Select<notice::Entity>,
    wanted: PageRequest,
) -> Result<Page<notice::Model>> {
    let store = &request.worker.store;
    let released = request
        .disclose(|| {
            disclose::page(store, among.clone(), Column::Id, wanted, |row| {
                row.id.to_string()
            })
        })
        .await?;
    Ok(released.content())
}

async fn show_notices(request: &Request, page: Page<notice::Model>) -> Result<Connection<Notice>> {
    let worker = &request.worker;
    let told = page.entries.iter().map(|row| row.agency_id);
    let agencies = worker.directory.among(&worker.store, told).await?;
    Ok(Connection::from_page(
        page.map(|row| Notice::show(row, &agencies)),
        |one| one.key.0,
    ))
}
