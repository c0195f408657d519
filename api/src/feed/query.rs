//! Reading a page of the feed: one statement brings the rows, the epoch, the time, the end of the log and what the log has
//! at the reader's place; where nothing changed, that is all, and where somebody was told so just now there is none.

use std::sync::atomic::{AtomicBool, Ordering};

use concord_entities::ids::{AgencyId, AuditEventId, ConsentId, MouId, NoticeId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::ChangedKind;
use concord_entities::{agency_change, audit_event, audit_place, audit_tree};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::rules::{self, ChangedRecordRow, Cursor, EventInPlace, Fingerprint, Position};
use super::states;
use crate::access::Caller;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::log_end::{EndSeen, LogEnd};
use crate::request::{Request, Worker};
use crate::sharing::facts;
use crate::store::Store;

/// A page of the feed.
#[derive(Debug)]
pub(super) struct ChangePage {
    /// What is named, in order.
    pub(super) named: Vec<NamedChange>,
    /// Whether there are changes before the page.
    pub(super) has_previous: bool,
    /// Whether more follow.
    pub(super) has_next: bool,
    /// From where to go on.
    pub(super) end: Cursor,
}

/// A record that changed, with where it stands now.
#[derive(Debug)]
pub(super) struct NamedChange {
    pub(super) row: ChangedRecordRow,
    pub(super) state: &'static str,
    pub(super) cursor: Cursor,
}

/// Adds what [`log_end`] reads to a statement.
pub(super) fn ask_log_end(statement: &mut SelectStatement) {
    let size = || column(audit_tree::Entity, audit_tree::Column::Size);
    let newest = Query::select()
        .column((audit_place::Entity, audit_place::Column::EventId))
        .from(audit_place::Entity)
        .and_where(
            Expr::col((audit_place::Entity, audit_place::Column::LeafIndex))
                .eq(subquery(size()).sub(1)),
        )
        .to_owned();
    statement
        .expr_as(subquery(size()), "log_size")
        .expr_as(subquery(newest), "newest_event");
}

/// Reads the end of the log from a row of the answer.
pub(super) fn log_end(row: &QueryResult) -> Result<LogEnd, DbErr> {
    Ok(LogEnd {
        size: row.try_get::<Option<i64>>("", "log_size")?.unwrap_or(0),
        newest: row.try_get("", "newest_event")?,
    })
}

/// Returns the cursor at the end of an agency's feed.
pub(super) fn at_end(log: LogEnd, agency: AgencyId) -> Cursor {
    Cursor {
        agency,
        position: match log.newest {
            Some(_) => Position::end_of(log.size),
            None => Position::START,
        },
        event: Fingerprint::of(log.newest),
    }
}

/// Reads the page of up to `size` changes behind a cursor, or from the oldest that is kept. Decided and recorded like any
/// other read; where it names no record, nothing is recorded.
pub(super) async fn page(
    request: &Request,
    after: Option<Cursor>,
    size: u64,
) -> Result<ChangePage> {
    // Where it is overtaken it is read.
    let seen = AtomicBool::new(true);
    let released = request
        .disclose(|| async {
            let nothing = after.filter(|_| seen.swap(false, Ordering::Relaxed));
            match nothing.and_then(|cursor| nothing_since(&request.worker, cursor)) {
                Some(nothing) => Ok(nothing),
                None => find(&request.worker, &request.caller, after, size).await,
            }
        })
        .await?;
    Ok(released.content())
}

/// Returns the empty page of a reader who stands where the log ended just now.
fn nothing_since(worker: &Worker, cursor: Cursor) -> Option<Decided<ChangePage>> {
    let known = worker.ledger.fork().highest();
    let (seen, has_previous) = worker.seen_log_end.just_now(cursor.agency, known)?;
    let stands_there = cursor == at_end(seen.end, cursor.agency);
    stands_there.then_some(Decided {
        epoch: seen.epoch,
        now: seen.now,
        content: ChangePage {
            named: Vec::new(),
            has_previous,
            has_next: false,
            end: cursor,
        },
        events: Vec::new(),
    })
}

async fn find(
    worker: &Worker,
    caller: &Caller,
    after: Option<Cursor>,
    size: u64,
) -> Result<Decided<ChangePage>> {
    let (agency, store) = (caller.agency(), &worker.store);
    let asked = tokio::time::Instant::now();
    let from = after.map_or(Position::START, |cursor| cursor.position);
    let statement = statement(store, agency, from, size);
    let found = store.read.query_all(&statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let first = found
        .first()
        .ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    let log = log_end(first)?;
    if let Some(cursor) = &after {
        rules::go_on(cursor, in_place(first)?, log.size, now)?;
    }
    let rows = found.iter().filter(|row| facts::is_row(row)).map(changed);
    let mut rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let has_next = rows.len() > size;
    rows.truncate(size);
    let states = states::read(store, caller, &rows, now).await?;
    let named = rules::named(&rows, &states).into_iter();
    let named: Vec<_> = named
        .map(|(row, state)| NamedChange {
            row,
            state,
            cursor: cursor_of(agency, &row),
        })
        .collect();
    let told: Vec<String> = named.iter().map(|one| object(&one.row)).collect();
    let events = if told.is_empty() {
        Vec::new()
    } else {
        vec![Event::RecordsListed(told)]
    };
    let end = match rows.last().filter(|_| has_next) {
        Some(last) => cursor_of(agency, last),
        None => at_end(log, agency),
    };
    let has_previous = first.try_get::<i64>("", "changed_before")? > 0;
    if rows.is_empty() {
        let seen = EndSeen {
            asked,
            epoch,
            now,
            end: log,
        };
        worker.seen_log_end.remember(seen, agency, has_previous);
    }
    Ok(Decided {
        epoch,
        now,
        content: ChangePage {
            named,
            has_previous,
            has_next,
            end,
        },
        events,
    })
}

fn statement(store: &Store, agency: AgencyId, from: Position, size: u64) -> SelectStatement {
    let Position { place, object } = from;
    let rows = agency_change::Entity::behind(agency, place, object, size.saturating_add(1));
    let mut statement = facts::beside_epoch(store.backend, rows, false);
    ask_log_end(&mut statement);
    let there = || {
        Expr::col((audit_place::Entity, audit_place::Column::LeafIndex))
            .eq(Expr::value(Ord::max(place, 0)))
    };
    let event = Query::select()
        .column((audit_place::Entity, audit_place::Column::EventId))
        .from(audit_place::Entity)
        .and_where(there())
        .to_owned();
    let recorded = Query::select()
        .column((audit_event::Entity, audit_event::Column::RecordedAt))
        .from(audit_event::Entity)
        .inner_join(
            audit_place::Entity,
            Expr::col((audit_place::Entity, audit_place::Column::EventId))
                .equals((audit_event::Entity, audit_event::Column::Id)),
        )
        .and_where(there())
        .to_owned();
    let before = agency_change::Entity::up_to(agency, place, object)
        .select_only()
        .column(agency_change::Column::Place)
        .limit(1);
    let before = Query::select()
        .expr(Func::count(Expr::col("place")))
        .from_subquery(before.into_query(), "before")
        .to_owned();
    statement
        .expr_as(subquery(event), "event_there")
        .expr_as(subquery(recorded), "recorded_there")
        .expr_as(subquery(before), "changed_before")
        .order_by((facts::ROWS, "place"), Order::Asc)
        .order_by((facts::ROWS, "id"), Order::Asc);
    statement
}

fn column<E: sea_orm::EntityTrait>(table: E, column: E::Column) -> SelectStatement {
    Query::select()
        .column((table, column))
        .from(table)
        .to_owned()
}

pub(super) fn subquery(select: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(select.into()))
}

/// Reads what the log has at the reader's place.
fn in_place(row: &QueryResult) -> Result<Option<EventInPlace>, DbErr> {
    let id: Option<AuditEventId> = row.try_get("", "event_there")?;
    let recorded_at: Option<Instant> = row.try_get("", "recorded_there")?;
    Ok(id
        .zip(recorded_at)
        .map(|(id, recorded_at)| EventInPlace { id, recorded_at }))
}

fn changed(row: &QueryResult) -> Result<ChangedRecordRow, DbErr> {
    let object: Uuid = row.try_get("", "id")?;
    Ok(ChangedRecordRow {
        position: Position {
            place: row.try_get("", "place")?,
            object,
        },
        event: row.try_get("", "event_id")?,
        kind: row.try_get("", "kind")?,
        at: row.try_get("", "changed_at")?,
    })
}

fn cursor_of(agency: AgencyId, row: &ChangedRecordRow) -> Cursor {
    Cursor {
        agency,
        position: row.position,
        event: Fingerprint::of(Some(row.event)),
    }
}

/// Returns the id of a changed record on the wire.
pub(super) fn object(row: &ChangedRecordRow) -> String {
    let id = row.position.object;
    match row.kind {
        ChangedKind::Referral => ReferralId(id).to_string(),
        ChangedKind::Consent => ConsentId(id).to_string(),
        ChangedKind::Mou => MouId(id).to_string(),
        ChangedKind::Notice => NoticeId(id).to_string(),
    }
}
