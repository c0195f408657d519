//! What the decision judges, read in one statement together with the rows, the sharing epoch and the time: the
//! protocol's step `Snapshot`.

use concord_entities::consent::ConsentDates;
use concord_entities::ids::{ConsentId, MouId, SurvivorAuditId};
use concord_entities::instant::Instant;
use concord_entities::mou::MouDates;
use concord_entities::vocabulary::Categories;
use concord_entities::{agency, consent, mou, sharing_epoch, survivor};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr, JoinType, QueryResult};

use super::decide::{ConsentFacts, Facts, MouFacts, Party};
use crate::clock;

/// What the statement calls the rows.
pub const ROWS: &str = "r";

/// The facts of one referral, and what else the decision's audit event names.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// What `decide` judges.
    pub facts: Facts,
    /// The consent that the referral stands on.
    pub consent: ConsentId,
    /// The MOU that it stands on.
    pub mou: Option<MouId>,
    /// The person, under the audit log's own id.
    pub survivor: SurvivorAuditId,
    /// The categories that there is something in.
    pub contains: Categories,
}

/// Returns the rows beside the sharing epoch and the time, with every fact where `with_facts`. There is always at least
/// one row: where nothing is found, its columns are null.
#[must_use]
pub fn beside_epoch(
    backend: DbBackend,
    rows: SelectStatement,
    with_facts: bool,
) -> SelectStatement {
    let mut statement = Query::select();
    statement
        .expr_as(Expr::col(("e", sharing_epoch::Column::Epoch)), "epoch")
        .expr_as(Expr::cust(clock::sql(backend)), "now")
        .expr(Expr::col((ROWS, sea_orm::sea_query::Asterisk)))
        .from_as(sharing_epoch::Entity, "e")
        .join_subquery(JoinType::LeftJoin, rows, ROWS, Expr::cust("1 = 1"));
    if with_facts {
        join_facts(&mut statement);
    }
    statement
}

fn join_facts(statement: &mut SelectStatement) {
    let to = |table: &'static str, id: &'static str, column: &'static str| {
        Expr::col((table, id)).equals((ROWS, column))
    };
    statement
        .join_as(
            JoinType::LeftJoin,
            consent::Entity,
            "c",
            to("c", "id", "consent_id"),
        )
        .join_as(
            JoinType::LeftJoin,
            mou::Entity,
            "m",
            to("m", "id", "mou_id"),
        )
        .join_as(
            JoinType::LeftJoin,
            survivor::Entity,
            "v",
            to("v", "id", "survivor_id"),
        )
        .join_as(
            JoinType::LeftJoin,
            agency::Entity,
            "s",
            to("s", "id", "sender_id"),
        )
        .join_as(
            JoinType::LeftJoin,
            agency::Entity,
            "t",
            to("t", "id", "recipient_id"),
        );
    for (table, columns) in [
        ("c", CONSENT.as_slice()),
        ("m", MOU.as_slice()),
        ("v", &["audit_id"]),
        ("s", &["status"]),
        ("t", &["status"]),
    ] {
        for column in columns {
            statement.expr_as(Expr::col((table, *column)), format!("{table}_{column}"));
        }
    }
    statement.expr_as(Expr::cust(BOUND_UNTIL), "m_bound_until");
    statement.expr_as(Expr::cust(PARTED), "m_parted");
}

/// Whether a suspended membership stands between the two, as [`parted`](super::memberships::parted) has it. What the first
/// two conditions look among is about no row: it is gathered once a statement, and nobody else's place is looked up. Who
/// left a task force is among these for ever.
const PARTED: &str = "CASE \
     WHEN NOT EXISTS (SELECT 1 FROM membership WHERE suspended_at IS NOT NULL) THEN 0 \
     WHEN r.sender_id NOT IN (SELECT agency_id FROM membership WHERE suspended_at IS NOT NULL) \
     AND r.recipient_id NOT IN (SELECT agency_id FROM membership WHERE suspended_at IS NOT NULL) THEN 0 \
     WHEN m.task_force_id IS NOT NULL THEN (SELECT count(*) FROM membership x WHERE x.suspended_at IS NOT NULL \
     AND x.task_force_id = m.task_force_id AND x.agency_id IN (r.sender_id, r.recipient_id)) \
     ELSE (SELECT min(CASE WHEN a.suspended_at IS NULL AND b.suspended_at IS NULL THEN 0 ELSE 1 END) \
     FROM membership a JOIN membership b ON b.task_force_id = a.task_force_id \
     WHERE a.agency_id = r.sender_id AND b.agency_id = r.recipient_id) END";

/// What a consent says.
pub(super) const CONSENT: [&str; 11] = [
    "version",
    "discloser_id",
    "recipient_id",
    "grants",
    "effective_at",
    "expires_at",
    "signed_at",
    "revoked_at",
    "superseded_at",
    "entered_in_error_at",
    "suspends_at",
];

/// What an MOU says.
pub(super) const MOU: [&str; 9] = [
    "version",
    "grants",
    "begins_at",
    "ends_at",
    "signed_at",
    "suspended_at",
    "terminated_at",
    "declined_at",
    "superseded_at",
];

/// Until when the MOU binds both agencies, as the earlier of the two leaves it; never, where not both have signed.
const BOUND_UNTIL: &str = "(SELECT CASE WHEN count(p.signed_at) = 2 THEN coalesce(min(p.leaves_at), 9223372036854775807) END \
     FROM mou_party p WHERE p.mou_id = r.mou_id AND p.agency_id IN (r.sender_id, r.recipient_id))";

/// Returns the epoch and the time that a statement was answered with.
///
/// # Errors
/// Where the epoch's row is missing.
pub fn epoch_and_time(found: &[QueryResult]) -> Result<(i64, Instant), DbErr> {
    let row = found
        .first()
        .ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    Ok((row.try_get("", "epoch")?, row.try_get("", "now")?))
}

/// Returns whether a row of the answer is more than the epoch.
#[must_use]
pub fn is_row(row: &QueryResult) -> bool {
    row.try_get::<Option<uuid::Uuid>>("", "id")
        .is_ok_and(|id| id.is_some())
}

impl Gathered {
    /// Returns the facts in a row of the answer.
    ///
    /// # Errors
    /// Where the row does not have them.
    pub fn from_row(row: &QueryResult) -> Result<Self, DbErr> {
        let parted = row.try_get::<Option<i64>>("", "m_parted")?.unwrap_or(0) > 0;
        Ok(Self {
            facts: of_row(row, parted)?,
            consent: row.try_get("", "consent_id")?,
            mou: row.try_get("", "mou_id")?,
            survivor: row.try_get("", "v_audit_id")?,
            contains: row.try_get("", "contains")?,
        })
    }
}

/// Returns what the decision judges, of a row that has it and a suspended membership that stands between the two, or not.
///
/// # Errors
/// Where the row does not have it.
pub(super) fn of_row(row: &QueryResult, parted: bool) -> Result<Facts, DbErr> {
    let consent: ConsentId = row.try_get("", "consent_id")?;
    let mou: Option<MouId> = row.try_get("", "mou_id")?;
    let party = |agency: &str, status: &str| -> Result<Party, DbErr> {
        Ok(Party {
            agency: row.try_get("", agency)?,
            status: row.try_get("", status)?,
        })
    };
    Ok(Facts {
        sender: party("sender_id", "s_status")?,
        recipient: party("recipient_id", "t_status")?,
        parted,
        status: row.try_get("", "status")?,
        answerable_until: row.try_get("", "expires_at")?,
        halted: row.try_get("", "halted")?,
        consent: consent_facts(row, consent)?,
        mou: mou.map(|id| mou_facts(row, id)).transpose()?,
    })
}

fn consent_facts(row: &QueryResult, id: ConsentId) -> Result<Option<ConsentFacts>, DbErr> {
    let Some(version) = row.try_get::<Option<i32>>("", "c_version")? else {
        return Ok(None);
    };
    Ok(Some(ConsentFacts {
        id,
        version,
        discloser: row.try_get("", "c_discloser_id")?,
        recipient: row.try_get("", "c_recipient_id")?,
        grants: row.try_get("", "c_grants")?,
        dates: ConsentDates {
            effective_at: row.try_get("", "c_effective_at")?,
            expires_at: row.try_get("", "c_expires_at")?,
            signed_at: row.try_get("", "c_signed_at")?,
            revoked_at: row.try_get("", "c_revoked_at")?,
            void_at: first(row, &["c_superseded_at", "c_entered_in_error_at"])?,
            suspends_at: row.try_get("", "c_suspends_at")?,
        },
    }))
}

fn mou_facts(row: &QueryResult, id: MouId) -> Result<MouFacts, DbErr> {
    let bound_until: Option<Instant> = row.try_get("", "m_bound_until")?;
    let ends_at: Instant = row.try_get("", "m_ends_at")?;
    Ok(MouFacts {
        id,
        version: row.try_get("", "m_version")?,
        binds_both: bound_until.is_some(),
        grants: row.try_get("", "m_grants")?,
        dates: MouDates {
            begins_at: row.try_get("", "m_begins_at")?,
            ends_at: bound_until.map_or(ends_at, |until| Ord::min(until, ends_at)),
            signed_at: row.try_get("", "m_signed_at")?,
            halted_at: first(
                row,
                &[
                    "m_suspended_at",
                    "m_terminated_at",
                    "m_declined_at",
                    "m_superseded_at",
                ],
            )?,
        },
    })
}

/// Returns the earliest of some moments, where there is any.
fn first(row: &QueryResult, columns: &[&str]) -> Result<Option<Instant>, DbErr> {
    let mut earliest: Option<Instant> = None;
    for column in columns {
        let moment: Option<Instant> = row.try_get("", column)?;
        earliest = earliest.into_iter().chain(moment).min();
    }
    Ok(earliest)
}
