//! What the decision would have judged at a moment in the past: the facts as they were then, of what is kept of them
//! ([`past_facts`](concord_entities::past_facts)).

use std::collections::{BTreeSet, HashMap};

use concord_entities::ids::{AgencyId, ReferralId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::{
    agency, agency_past, consent, consent_past, membership, membership_past, mou, mou_past,
    referral, referral_past,
};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, JoinType, QueryResult};

use super::decide::Facts;
use super::facts::{self, CONSENT, MOU, ROWS};
use super::memberships::{parted, places_at};

/// A referral's facts at a moment.
#[derive(Clone, Debug)]
pub struct PastFacts {
    /// What `decide` would have judged.
    pub facts: Facts,
    /// When its consent would end by itself, as its row said.
    pub consent_until: Option<Instant>,
    /// When its MOU would.
    pub mou_until: Option<Instant>,
    /// Since when its facts are known: since it was drafted, or since they are kept.
    pub known_since: Instant,
}

/// What decides of a referral itself.
const REFERRAL: [&str; 9] = [
    "sender_id",
    "recipient_id",
    "consent_id",
    "mou_id",
    "status",
    "expires_at",
    "consent_until",
    "mou_until",
    "halted",
];

/// Reads the facts of these referrals, which the caller has found by a scoped finder, at each of these moments.
///
/// # Errors
/// What the database says.
pub async fn read(
    database: &impl ConnectionTrait,
    referrals: &[ReferralId],
    moments: &BTreeSet<Instant>,
) -> Result<HashMap<(ReferralId, Instant), PastFacts>, DbErr> {
    let Some(earliest) = moments.first().filter(|_| !referrals.is_empty()) else {
        return Ok(HashMap::new());
    };
    let rows = database.query_all(&statement(referrals, moments)).await?;
    let mut agencies = BTreeSet::new();
    for row in &rows {
        agencies.extend(pair(row)?);
    }
    let places = membership::Entity::of(agencies.iter().copied());
    let places = places.all(database).await?;
    // Read afterwards: what changes in between is told by the version that was over then.
    let past = membership_past::Entity::over_after(*earliest, agencies);
    let past = past.all(database).await?;
    let mut known = HashMap::new();
    for row in &rows {
        let moment: Instant = row.try_get("", "moment")?;
        let followed_by: Option<TaskForceId> = row.try_get("", "m_task_force_id")?;
        let parted = parted(&places_at(moment, &places, &past), pair(row)?, followed_by);
        let facts = PastFacts {
            facts: facts::of_row(row, parted)?,
            consent_until: row.try_get("", "consent_until")?,
            mou_until: row.try_get("", "mou_until")?,
            known_since: Ord::max(
                row.try_get("", "created_at")?,
                row.try_get("", "kept_since")?,
            ),
        };
        known.insert((row.try_get("", "id")?, moment), facts);
    }
    Ok(known)
}

fn pair(row: &QueryResult) -> Result<[AgencyId; 2], DbErr> {
    Ok([
        row.try_get("", "sender_id")?,
        row.try_get("", "recipient_id")?,
    ])
}

/// Returns a row for each referral and moment, with what the tables and their versions that are over say.
#[must_use]
pub fn statement(referrals: &[ReferralId], moments: &BTreeSet<Instant>) -> SelectStatement {
    let mut statement = Query::select();
    statement
        .expr(Expr::col((ROWS, sea_orm::sea_query::Asterisk)))
        .from_subquery(rows(referrals, moments), ROWS);
    join(
        &mut statement,
        "c",
        consent::Entity,
        consent_past::Entity,
        "consent_id",
    );
    join(&mut statement, "m", mou::Entity, mou_past::Entity, "mou_id");
    join(
        &mut statement,
        "s",
        agency::Entity,
        agency_past::Entity,
        "sender_id",
    );
    join(
        &mut statement,
        "t",
        agency::Entity,
        agency_past::Entity,
        "recipient_id",
    );
    for (table, columns) in [
        ("c", CONSENT.as_slice()),
        ("m", MOU.as_slice()),
        ("m", &["task_force_id"]),
        ("s", &["status"]),
        ("t", &["status"]),
    ] {
        for column in columns {
            statement.expr_as(then(table, column), format!("{table}_{column}"));
        }
    }
    statement
        .expr_as(Expr::cust(BOUND_UNTIL), "m_bound_until")
        .expr_as(
            Expr::cust("(SELECT kept_since FROM past_facts)"),
            "kept_since",
        );
    statement
}

/// Until when the MOU was to bind both agencies; never, where not both had signed.
const BOUND_UNTIL: &str = "(SELECT CASE WHEN count(CASE WHEN pp.until IS NULL THEN p.signed_at ELSE pp.signed_at END) = 2 \
     THEN coalesce(min(CASE WHEN pp.until IS NULL THEN p.leaves_at ELSE pp.leaves_at END), 9223372036854775807) END \
     FROM mou_party p LEFT JOIN mou_party_past pp \
     ON pp.mou_id = p.mou_id AND pp.agency_id = p.agency_id AND pp.until = (SELECT min(o.until) FROM mou_party_past o \
     WHERE o.mou_id = p.mou_id AND o.agency_id = p.agency_id AND o.until > r.moment) \
     WHERE p.mou_id = r.mou_id AND p.agency_id IN (r.sender_id, r.recipient_id))";

/// Returns the referrals as they were at each of the moments.
fn rows(referrals: &[ReferralId], moments: &BTreeSet<Instant>) -> SelectStatement {
    let mut each = moments.iter().map(|moment| {
        Query::select()
            .expr_as(Expr::value(*moment), "moment")
            .to_owned()
    });
    let first = each.next().unwrap_or_default();
    let moments = each.fold(first, |mut all, one| {
        all.union(sea_orm::sea_query::UnionType::All, one)
            .to_owned()
    });
    let mut rows = Query::select();
    rows.column(("w", "moment"))
        .column(("x", "id"))
        .column(("x", "created_at"))
        .from_subquery(moments, "w")
        .join_as(
            JoinType::InnerJoin,
            referral::Entity,
            "x",
            Expr::cust("1 = 1"),
        )
        .join_as(
            JoinType::LeftJoin,
            referral_past::Entity,
            "xp",
            version("referral_past", "x", "w"),
        )
        .and_where(Expr::col(("x", "id")).is_in(referrals.iter().copied()));
    for column in REFERRAL {
        rows.expr_as(then("x", column), column);
    }
    rows
}

/// Joins the record that a column names, and the version of it that was over first after the row's moment.
fn join(
    statement: &mut SelectStatement,
    table: &'static str,
    entity: impl EntityTrait,
    past: impl EntityTrait,
    column: &'static str,
) {
    let of_row = Expr::col((table, "id")).equals((ROWS, column));
    let version = version(past.table_name(), table, ROWS);
    statement
        .join_as(JoinType::LeftJoin, entity, table, of_row)
        .join_as(JoinType::LeftJoin, past, format!("{table}p"), version);
}

/// Returns the condition that a version is the one that was over first after the moment.
fn version(past: &str, table: &str, moments: &str) -> Expr {
    Expr::cust(format!(
        "{table}p.id = {table}.id AND {table}p.until = \
         (SELECT min(o.until) FROM {past} o WHERE o.id = {table}.id AND o.until > {moments}.moment)"
    ))
}

/// Returns what a column said then.
fn then(table: &str, column: &str) -> Expr {
    Expr::cust(format!(
        "CASE WHEN {table}p.until IS NULL THEN {table}.{column} ELSE {table}p.{column} END"
    ))
}
