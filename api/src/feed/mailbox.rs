//! What a badge shows: counts over narrow indexes, by one statement. It names no record.

use std::time::Duration;

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::{agency_change, notice, referral, sharing_epoch};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, JoinType, QueryResult, QuerySelect, QueryTrait,
    Select,
};

use super::query::{ask_log_end, at_end, log_end, subquery};
use super::rules::Cursor;
use crate::audit::ledger::Decided;
use crate::clock;
use crate::error::Result;
use crate::request::Request;
use crate::sharing::facts;
use crate::store::Store;

/// Up to how many are counted.
const MOST: u64 = 1000;
/// For how long an answer is new.
const NEW: Duration = Duration::from_hours(7 * 24);

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct MailboxCounts {
    pub(super) unanswered: i32,
    pub(super) overdue: i32,
    pub(super) answered: i32,
    pub(super) unseen_notices: i32,
    pub(super) changed_at: Option<Instant>,
    pub(super) cursor: Cursor,
}

/// Counts what waits for the caller's agency. Nothing is recorded: no record is named.
pub(super) async fn count(request: &Request) -> Result<MailboxCounts> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let released = request.disclose(|| find(store, agency)).await?;
    Ok(released.content())
}

async fn find(store: &Store, agency: AgencyId) -> Result<Decided<MailboxCounts>> {
    let found = store
        .read
        .query_all(&statement(store.backend, agency))
        .await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let row = found
        .first()
        .ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    Ok(Decided {
        epoch,
        now,
        content: MailboxCounts {
            unanswered: number(row, "unanswered")?,
            overdue: number(row, "overdue")?,
            answered: number(row, "answered")?,
            unseen_notices: number(row, "unseen_notices")?,
            changed_at: row.try_get("", "changed_at")?,
            cursor: at_end(log_end(row)?, agency),
        },
        events: Vec::new(),
    })
}

fn number(row: &QueryResult, column: &str) -> Result<i32, DbErr> {
    let count: i64 = row.try_get("", column)?;
    Ok(i32::try_from(count).unwrap_or(i32::MAX))
}

fn statement(backend: DbBackend, agency: AgencyId) -> SelectStatement {
    // Asked once a statement, so that an index can be walked from it on.
    let now = Expr::cust(format!("(SELECT {})", clock::sql(backend)));
    let new = i64::try_from(NEW.as_micros()).unwrap_or(i64::MAX);
    let waiting = some(
        referral::Entity::unanswered(agency, &now),
        referral::Column::RespondBy,
    );
    let overdue = Expr::case(Expr::col("respond_by").lte(now.clone()), 1);
    let waiting = Query::select()
        .expr_as(Func::count(Expr::col("at_all")), "unanswered")
        .expr_as(Func::count(overdue), "overdue")
        .from_subquery(waiting, "waiting")
        .to_owned();
    let answered = referral::Entity::answered(agency, now.clone().sub(new), &now);
    let changed_at = agency_change::Entity::newest_of(agency)
        .select_only()
        .column(agency_change::Column::ChangedAt)
        .limit(1);
    let mut statement = Query::select();
    statement
        .expr_as(Expr::col(("e", sharing_epoch::Column::Epoch)), "epoch")
        .expr_as(Expr::cust(clock::sql(backend)), "now")
        .columns([("inbox", "unanswered"), ("inbox", "overdue")])
        .expr_as(counted(answered, referral::Column::UpdatedAt), "answered")
        .expr_as(
            counted(notice::Entity::unseen_by(agency), notice::Column::AgencyId),
            "unseen_notices",
        )
        .expr_as(subquery(changed_at.into_query()), "changed_at")
        .from_as(sharing_epoch::Entity, "e")
        .join_subquery(JoinType::LeftJoin, waiting, "inbox", Expr::cust("1 = 1"));
    ask_log_end(&mut statement);
    statement
}

/// Returns this column of the first rows, as many as are counted.
fn some<E: EntityTrait>(rows: Select<E>, column: E::Column) -> SelectStatement {
    let rows = rows.select_only().column(column).limit(MOST);
    let mut rows = rows.into_query();
    rows.expr_as(Expr::value(1), "at_all");
    rows
}

/// Returns how many rows there are, as far as they are counted.
fn counted<E: EntityTrait>(rows: Select<E>, column: E::Column) -> Expr {
    let count = Query::select()
        .expr(Func::count(Expr::col("at_all")))
        .from_subquery(some(rows, column), "counted")
        .to_owned();
    subquery(count)
}
