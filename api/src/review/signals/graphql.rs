//! What stands out among audit events, on the wire.

use std::collections::{HashMap, HashSet};

use async_graphql::{ID, SimpleObject};
use concord_entities::audit_event::reviewed::{self, ActorInLeaf, Reviewed};
use concord_entities::audit_event::{self, Column};
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{AuditOutcome, AuditSignalKind, AuditType};
use sea_orm::sea_query::Order;
use sea_orm::{ColumnTrait, ConnectionTrait};
use uuid::Uuid;

use super::rules::{self, LOOKS_BACK, ReviewedActor, SeenEvent, Signal, SignalFacts};
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::leaf::{self, Leaf};
use crate::audit::ledger::Decided;
use crate::error::{Refusal, Result};
use crate::request::Request;
use crate::review::filter::WantedEvents;
use crate::review::search::{AuditPlace, EXAMINED, nearest, reach_of};
use crate::store::Store;
use crate::store::page::{self, Towards};
use crate::wire::scalars::DateTime;

/// How many events are looked at at a time.
const AT_A_TIME: u64 = 2_000;
/// How many of the hour before are looked at again.
const AGAIN: u64 = 2_000;
/// How many people and programs are looked for at a time.
const ACTORS: usize = 100;

/// What stands out among some events.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditSignals {
    /// What stands out, oldest first.
    pub signals: Vec<AuditSignal>,
    /// How many events were looked at.
    pub examined: usize,
    /// Where to go on; null where all were looked at.
    pub end_cursor: Option<String>,
}

/// An event that stands out, and by which rule: a reason to look, and no more.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditSignal {
    /// By which rule.
    pub kind: AuditSignalKind,
    /// The event: where a rule counts several, the one that completes them.
    pub event: ID,
    /// When it was recorded.
    pub recorded_at: DateTime,
    /// The agency that acted.
    pub agency: Option<Agency>,
    /// The person or program that acted, as its agency calls it.
    pub subject: String,
    /// How many records, attempts or readers the rule counted; 1 where it counts nothing.
    pub count: usize,
}

/// The events to be looked at, with those of the hour before.
#[derive(Debug)]
struct SignalWindow {
    /// Oldest first.
    rows: Vec<audit_event::Model>,
    /// How many of them were looked at before.
    before: usize,
    /// Where to go on.
    end: Option<Uuid>,
}

/// Returns what stands out among the events that are wanted, after a cursor.
///
/// # Errors
/// `BAD_USER_INPUT`, for a cursor of something else; `UNAVAILABLE`.
pub(crate) async fn signals_of(
    request: &Request,
    wanted: &WantedEvents,
    after: Option<&str>,
) -> Result<AuditSignals> {
    let page = wanted.page(None, after, None, None)?;
    let (Towards::Older(from) | Towards::Newer(from)) = page.from;
    let from = from.map(|place| place.id);
    let reader = request.caller.agency();
    let store = &request.worker.store;
    let released = request
        .disclose(|| async {
            // The epoch first: what ends meanwhile makes the decision stale.
            let epoch = disclose::all(store, audit_event::Entity::any()).await?;
            let reach = reach_of(&store.read, reader).await?;
            let lookup = wanted.lookup(store.backend, reader, &reach);
            let window = window(store, &lookup.reviewed, from).await?;
            let found = signals(request, &window, &reach, epoch.now).await?;
            Ok(Decided {
                events: vec![Event::AuditRead],
                ..epoch.map(|_| (found, window))
            })
        })
        .await?;
    let (found, window) = released.content();
    let ids = found.iter().map(|signal| signal.actor.0);
    let agencies = request.worker.directory.among(store, ids).await?;
    let signals = found.into_iter().map(|signal| {
        let agency = agencies.get(&signal.actor.0).cloned();
        AuditSignal {
            kind: signal.kind,
            event: ID(signal.event.to_string()),
            recorded_at: signal.at.into(),
            agency: agency.map(Agency::named),
            subject: signal.actor.1,
            count: signal.count,
        }
    });
    Ok(AuditSignals {
        signals: signals.collect(),
        examined: window.rows.len().saturating_sub(window.before),
        end_cursor: window
            .end
            .map(|id| page::cursor_of(&AuditPlace::of(wanted, AuditEventId(id)))),
    })
}

async fn window(store: &Store, reviewed: &Reviewed, from: Option<Uuid>) -> Result<SignalWindow> {
    let mut onward = reviewed.clone();
    onward.range = onward
        .range
        .add_option(from.map(|from| Column::Id.gt(from)));
    let bounds = store
        .read
        .query_all(&onward.bounds(&Order::Asc, EXAMINED))
        .await?;
    let bound = nearest(&bounds, &Order::Asc)?;
    onward.range = onward
        .range
        .add_option(bound.map(|bound| Column::Id.lte(bound)));
    let found = onward.page(&Order::Asc, AT_A_TIME).all(&store.read).await?;
    let full = u64::try_from(found.len()).is_ok_and(|found| found == AT_A_TIME);
    let last = found.last().map(|row| row.id.0);
    let mut rows = match (from, found.first()) {
        (Some(from), Some(first)) => hour_before(store, reviewed, from, first.recorded_at).await?,
        _ => Vec::new(),
    };
    let before = rows.len();
    rows.extend(found);
    Ok(SignalWindow {
        rows,
        before,
        end: last.filter(|_| full).or(bound),
    })
}

/// Returns the events of the hour before one, oldest first.
async fn hour_before(
    store: &Store,
    reviewed: &Reviewed,
    from: Uuid,
    first: Instant,
) -> Result<Vec<audit_event::Model>> {
    let mut back = reviewed.clone();
    back.range = back.range.add(Column::Id.lte(from));
    let bounds = store
        .read
        .query_all(&back.bounds(&Order::Desc, EXAMINED))
        .await?;
    let bound = nearest(&bounds, &Order::Desc)?;
    back.range = back
        .range
        .add_option(bound.map(|bound| Column::Id.gte(bound)));
    let earliest = Instant(first.0.saturating_sub(LOOKS_BACK));
    back.only = back.only.add(Column::RecordedAt.gt(earliest));
    let mut rows = back.page(&Order::Desc, AGAIN).all(&store.read).await?;
    rows.reverse();
    Ok(rows)
}

async fn signals(
    request: &Request,
    window: &SignalWindow,
    reach: &[AgencyId],
    now: Instant,
) -> Result<Vec<Signal>> {
    let reader = request.caller.agency();
    let events = window
        .rows
        .iter()
        .map(|row| seen(row, reader))
        .collect::<Result<Vec<_>>>()?;
    let known = known(request, window, &events, reach, now).await?;
    Ok(rules::signals(&events, window.before, &known))
}

/// Returns what the rules look at of an event. Of whom something was read is told by the survivor where the reader may know, and
/// else by the referral: two referrals of one person are not told to be so.
fn seen(row: &audit_event::Model, reader: AgencyId) -> Result<SeenEvent> {
    let leaf: Leaf = serde_json::from_str(&row.leaf).map_err(Refusal::internal)?;
    let acting = leaf.acting_agency();
    let is_package = leaf.kind == AuditType::PackageRead;
    let of_person = matches!(
        leaf.kind,
        AuditType::PackageRead
            | AuditType::SafeContactRead
            | AuditType::ContactAdvised
            | AuditType::ConsentDocumentRead
    );
    let survivor = leaf.survivor_shown_to(reader).map(|id| id.to_string());
    let person = survivor.or_else(|| leaf.object.clone());
    let told = leaf.categories.is_some_and(|some| !some.is_empty());
    let foreign = is_package && told && leaf.discloser != acting;
    let package = leaf.object.clone().filter(|_| foreign);
    let mut read = Vec::new();
    if leaf.kind == AuditType::RecordsListed {
        read = leaf.objects;
    } else if is_package {
        read.extend(leaf.object);
    }
    Ok(SeenEvent {
        id: row.id,
        at: leaf.recorded_at,
        actor: acting.map(|agency| (agency, leaf.subject)),
        refused: leaf.outcome == AuditOutcome::Refused,
        read,
        person: person.filter(|_| of_person),
        package,
    })
}

async fn known(
    request: &Request,
    window: &SignalWindow,
    events: &[SeenEvent],
    reach: &[AgencyId],
    now: Instant,
) -> Result<SignalFacts> {
    let store = &request.worker.store;
    let agencies = request
        .worker
        .directory
        .among(store, reach.iter().copied())
        .await?;
    let zones: HashMap<_, _> = agencies
        .iter()
        .map(|(id, agency)| (*id, agency.time_zone.clone()))
        .collect();
    let actors: HashSet<&ReviewedActor> = events
        .iter()
        .filter_map(|event| event.actor.as_ref())
        .collect();
    // Whether somebody of an agency beyond reach acted before is not this reader's to know.
    let (within, beyond): (Vec<&ReviewedActor>, Vec<&ReviewedActor>) = actors
        .into_iter()
        .partition(|actor| reach.contains(&actor.0));
    let mut acted_before: HashSet<ReviewedActor> = beyond.into_iter().cloned().collect();
    if let Some(first) = window.rows.first() {
        for some in within.chunks(ACTORS) {
            acted_before.extend(who_acted_before(store, some, first.id.0).await?);
        }
    }
    Ok(SignalFacts {
        zones,
        acted_before,
        acted_on: acted_on(store, events).await?,
        now: Some(now),
    })
}

async fn who_acted_before(
    store: &Store,
    actors: &[&ReviewedActor],
    before: Uuid,
) -> Result<Vec<ReviewedActor>> {
    let mut written = Vec::with_capacity(actors.len());
    for (agency, subject) in actors {
        written.push((*agency, leaf::subject(subject)?));
    }
    let in_leaf: Vec<ActorInLeaf<'_>> = written.iter().map(|(id, by)| (*id, by)).collect();
    let statement = reviewed::acted_before(store.backend, &in_leaf, before);
    let mut found = Vec::new();
    for row in store.read.query_all(&statement).await? {
        let place: i64 = row.try_get_by_index(0)?;
        let actor = usize::try_from(place)
            .ok()
            .and_then(|place| actors.get(place));
        found.extend(actor.map(|actor| (*actor).clone()));
    }
    Ok(found)
}

/// Returns when each agency that read a package did something with the referral last.
async fn acted_on(
    store: &Store,
    events: &[SeenEvent],
) -> Result<HashMap<(AgencyId, String), Instant>> {
    let packages = events.iter().filter_map(|event| {
        let (agency, _) = event.actor.as_ref()?;
        Some((*agency, event.package.clone()?))
    });
    let packages: HashSet<(AgencyId, String)> = packages.collect();
    if packages.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = reviewed::last_acts(store.backend, packages.iter().map(|(_, one)| one.clone()));
    let mut acted = HashMap::new();
    for row in store.read.query_all(&statement).await? {
        let (agency, referral): (AgencyId, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        acted.insert((agency, referral), row.try_get_by_index(2)?);
    }
    Ok(acted)
}
