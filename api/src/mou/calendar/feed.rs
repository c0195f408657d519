//! What a secret opens: a calendar of MOUs' days, with agencies' names and dates and nothing else, on record before it leaves.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::Instant;
use concord_entities::{mou, mou_calendar, mou_party};
use sea_orm::sea_query::Expr;

use super::ical::{self, DayEvent};
use super::rules::{self, MouDay, MouDayKind};
use crate::access::token_status::{self, LinkMaker};
use crate::application::secret;
use crate::audit::disclose;
use crate::audit::event::{Agent, Event, RequestMeta};
use crate::audit::ledger::Decided;
use crate::clock;
use crate::error::Result;
use crate::request::Worker;
use crate::request::directory::AgenciesById;
use crate::store::Store;

/// The most MOUs of one calendar: those that end soonest.
const MOST: u64 = 500;
/// How many of them one event names.
const AN_EVENT: usize = 100;
/// How many versions before one are followed to the first.
const VERSIONS: usize = 50;
/// What a program shows above the events.
const NAME: &str = "MOUs";

/// A calendar as it goes out.
#[derive(Clone, Debug)]
pub(crate) struct CalendarFeed {
    /// The calendar.
    pub(crate) text: String,
    /// Its entity tag: the same for the same calendar.
    pub(crate) tag: String,
}

/// Returns the calendar that a secret opens, whoever made it.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn opened(store: &Store, secret: &str) -> Result<Option<mou_calendar::Model>> {
    let calendar = mou_calendar::Entity::opened_by(&secret::hash(secret));
    Ok(calendar.one(&store.read).await?)
}

/// Returns what a calendar shows, on record; none where it was revoked, or whoever made it takes part no more. What whoever
/// asks `has` already, by its tag, is told to nobody.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn read(
    worker: &Worker,
    calendar: &mou_calendar::Model,
    meta: &RequestMeta,
    has: impl Fn(&str) -> bool,
) -> Result<Option<CalendarFeed>> {
    let agent = Agent {
        agency: Some(calendar.agency_id),
        subject: calendar.subject.clone(),
        client: calendar.id.to_string(),
        token: None,
        program: None,
        operator: None,
    };
    let released = worker
        .release(&agent, meta, || decide(worker, calendar, &has))
        .await?;
    Ok(released.content())
}

async fn decide(
    worker: &Worker,
    calendar: &mou_calendar::Model,
    has: &impl Fn(&str) -> bool,
) -> Result<Option<Decided<Option<CalendarFeed>>>> {
    let store = &worker.store;
    let now = Expr::cust(clock::of_statement(store.backend));
    let among = mou::Entity::in_calendar(calendar.agency_id, calendar.task_force_id, &now, MOST);
    let found = disclose::all(store, among).await?;
    clock::trust(found.now)?;
    // Read after the epoch: what ends meanwhile makes the decision stale.
    if !stands(store, calendar).await? {
        return Ok(Some(found.map(|_| None)));
    }
    let feed = written(worker, &found.content, calendar.agency_id, found.now).await?;
    let told = !has(&feed.tag);
    let ids: Vec<String> = found.content.iter().map(|mou| mou.id.to_string()).collect();
    let events = ids.chunks(AN_EVENT).filter(|_| told);
    let events = events
        .map(|ids| Event::RecordsListed(ids.to_vec()))
        .collect();
    Ok(Some(Decided {
        events,
        ..found.map(|_| Some(feed))
    }))
}

/// Returns whether the calendar is not revoked, and whoever made it still takes part.
async fn stands(store: &Store, calendar: &mou_calendar::Model) -> Result<bool> {
    let maker = LinkMaker {
        agency: calendar.agency_id,
        application: calendar.application_id,
        issuer: calendar.issuer_id,
        subject: &calendar.subject,
        made_at: calendar.created_at,
    };
    let takes_part = token_status::takes_part(&store.read, store.backend, maker).await?;
    let standing = mou_calendar::Entity::opened_by(&calendar.hash);
    Ok(takes_part && standing.one(&store.read).await?.is_some())
}

async fn written(
    worker: &Worker,
    mous: &[mou::Model],
    reader: AgencyId,
    now: Instant,
) -> Result<CalendarFeed> {
    let store = &worker.store;
    let parties = mou_party::Entity::of(mous.iter().map(|mou| mou.id));
    let parties = parties.all(&store.read).await?;
    let named = parties.iter().map(|party| party.agency_id);
    let agencies = worker.directory.among(store, named).await?;
    let firsts = first_versions(store, mous, reader).await?;
    let mut events = Vec::new();
    for mou in mous {
        let between = names(&agencies, rules::staying(&parties, mou.id, now));
        let said = mou.signed_at.into_iter();
        let of_mou = parties.iter().filter(|party| party.mou_id == mou.id);
        let said = said.chain(of_mou.filter_map(|party| party.ended_at));
        let changed_at = said.max().unwrap_or(mou.created_at);
        let first = firsts.get(&mou.id).copied().unwrap_or(mou.id);
        for day in rules::days_of(mou, &parties, now) {
            events.push(DayEvent {
                uid: uid(first, &day),
                sequence: day.sequence,
                changed_at,
                on: day.on,
                summary: summary(&day, &between, &agencies),
            });
        }
    }
    let text = ical::calendar(NAME, &events);
    let tag = hex::encode(digest(&SHA256, text.as_bytes()));
    Ok(CalendarFeed { text, tag })
}

/// Returns the first version of each of these MOUs: an event stays the same one when its MOU is renewed or amended.
async fn first_versions(
    store: &Store,
    mous: &[mou::Model],
    reader: AgencyId,
) -> Result<HashMap<MouId, MouId>> {
    let mut firsts = HashMap::new();
    let mut open: HashMap<MouId, MouId> = HashMap::new();
    for mou in mous {
        firsts.insert(mou.id, mou.supersedes.unwrap_or(mou.id));
        open.extend(mou.supersedes.map(|before| (before, mou.id)));
    }
    for _ in 0..VERSIONS {
        if open.is_empty() {
            break;
        }
        let before = mou::Entity::among(reader, open.keys().copied());
        let mut next = HashMap::new();
        for version in before.all(&store.read).await? {
            let Some((latest, before)) = open.get(&version.id).copied().zip(version.supersedes)
            else {
                continue;
            };
            firsts.insert(latest, before);
            next.insert(before, latest);
        }
        open = next;
    }
    Ok(firsts)
}

/// Returns by what a program knows an event again: it tells of no record.
fn uid(first: MouId, day: &MouDay) -> String {
    let what = match day.kind {
        MouDayKind::Review => "review".to_owned(),
        // One event, whatever ends the MOU.
        MouDayKind::LastDay | MouDayKind::LastDayUnlessReviewed | MouDayKind::NoticeEnds => {
            "end".to_owned()
        }
        MouDayKind::Leaves(agency) => agency.to_string(),
    };
    let known_by = digest(&SHA256, format!("{first} {what}").as_bytes());
    format!("{}@concord", hex::encode(known_by))
}

fn summary(day: &MouDay, between: &str, agencies: &AgenciesById) -> String {
    match day.kind {
        MouDayKind::Review => format!("Review of the MOU of {between}"),
        MouDayKind::LastDay => format!("Last day of the MOU of {between}"),
        MouDayKind::LastDayUnlessReviewed => {
            format!("Last day, unless it is reviewed, of the MOU of {between}")
        }
        MouDayKind::NoticeEnds => format!("Last day, by notice, of the MOU of {between}"),
        MouDayKind::Leaves(agency) => {
            let who = names(agencies, [agency]);
            format!("Last day of {who} in the MOU of {between}")
        }
    }
}

fn names(agencies: &AgenciesById, named: impl IntoIterator<Item = AgencyId>) -> String {
    let named = named.into_iter().filter_map(|id| agencies.get(&id));
    let named: Vec<&str> = named.map(|agency| agency.name.as_str()).collect();
    named.join(", ")
}
