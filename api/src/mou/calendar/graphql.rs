//! Calendars of MOUs' days on the wire.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::ids::MouCalendarId;
use concord_entities::mou_calendar;

use crate::access::grant::Resource;
use crate::audit::disclose;
use crate::error::Result;
use crate::request::{InRequest, Request};
use crate::store::page::PageRequest;
use crate::wire::connection::Connection;
use crate::wire::scalars::DateTime;

/// A calendar of MOUs' review days, last days and notices, to which calendar programs subscribe.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MouCalendar {
    #[graphql(skip)]
    key: MouCalendarId,
    /// The task force whose MOUs it shows; null where it shows your agency's own.
    pub task_force: Option<ID>,
    /// Who made it, as your agency calls them. With their tokens it is over.
    pub subject: String,
    /// When it was made.
    pub created_at: DateTime,
    /// When it was revoked; null where nobody did.
    pub revoked_at: Option<DateTime>,
}

#[ComplexObject]
impl MouCalendar {
    /// The calendar's id.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }
}

impl From<mou_calendar::Model> for MouCalendar {
    fn from(row: mou_calendar::Model) -> Self {
        Self {
            key: row.id,
            task_force: row.task_force_id.map(|id| ID(id.to_string())),
            subject: row.subject,
            created_at: row.created_at.into(),
            revoked_at: row.revoked_at.map(DateTime::from),
        }
    }
}

/// A calendar that was made.
#[derive(Clone, Debug, SimpleObject)]
pub struct CreatedMouCalendar {
    /// The calendar.
    pub calendar: MouCalendar,
    /// Its path under this service's address, told this once: whoever has it reads the calendar, until it is revoked. Null
    /// where the same key made it before.
    pub path: Option<String>,
}

/// Which calendar is to be made.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MouCalendarInput {
    /// Of the MOUs that this task force follows, which your agency coordinates; of your agency's own where you leave it out.
    pub task_force: Option<ID>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// Reading which calendars there are.
#[derive(Default)]
pub struct MouCalendarQuery;

/// Reading which calendars there are.
#[Object]
impl MouCalendarQuery {
    /// The calendars of MOUs' days that your agency's people made, newest first.
    async fn mou_calendars(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<MouCalendar>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Mou.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let released = request
            .disclose(|| async {
                let among = mou_calendar::Entity::of(caller.agency());
                let key = mou_calendar::Column::Id;
                disclose::page(&request.worker.store, among, key, wanted, |row| {
                    row.id.to_string()
                })
                .await
            })
            .await?;
        Ok(Connection::from_page(
            released.content().map(MouCalendar::from),
            |one| one.key.0,
        ))
    }
}

/// Returns one calendar of the caller's agency.
pub(crate) async fn mou_calendar_by_id(
    request: &Request,
    id: MouCalendarId,
) -> Result<Option<MouCalendar>> {
    request.caller.may(Resource::Mou.read())?;
    find_calendar(request, id).await
}

/// Returns a calendar to a caller whose change named it, and records the reading like any other.
pub(super) async fn find_calendar(
    request: &Request,
    id: MouCalendarId,
) -> Result<Option<MouCalendar>> {
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let among = mou_calendar::Entity::one_of(agency, id);
            disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await
        })
        .await?;
    Ok(released.content().map(MouCalendar::from))
}
