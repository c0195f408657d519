//! How far a data store has come, and what is remembered of that where the data store is not: the witness in the keyring.
//!
//! An older copy of the data store, put back, is whole in itself: nothing in it tells of what came after. So the
//! integrator has the size and root that it is about to sign witnessed in the keyring first. A ledger that is shorter
//! than that, or does not begin with it, is a fork: the revocations, suspensions and erasures that were recorded since
//! are not in it, and a service that went on from there would share what it was told to end. It does not start.
//!
//! The highest sharing epoch and the latest time of the data store are remembered beside them, the epoch before an ending
//! is answered. A database that went over to a machine whose clock is slow would have what lapsed a moment ago in force
//! again: until its clock has caught up, nothing is answered. Of PostgreSQL its history is remembered, too: a primary that
//! runs on after its standby was promoted is behind, whatever its epoch.
//!
//! Each server remembers the same in its own [`state_folder`](super::state_folder); [`witnesses`](super::witnesses) holds a
//! store against all of them.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::ledger_witness;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::proof::{check_consistency, prove_consistency, tiles_for_consistency};
use super::stored;
use super::tree::{Digest, Head};
use crate::clock;
use crate::store::{Connections, Store};

/// How far a data store has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The size and root of its ledger.
    pub head: Head,
    /// Its sharing epoch.
    pub epoch: i64,
    /// The time by its clock.
    pub at: Instant,
    /// Which of PostgreSQL's histories it is; none on SQLite, and where an earlier release witnessed it.
    pub lineage: Option<Lineage>,
}

/// Which of PostgreSQL's histories a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The cluster's `system_identifier`, which its standbys and base backups share.
    pub system: i64,
    /// The timeline: a promotion begins a new one.
    pub timeline: i64,
}

impl Progress {
    /// Returns the farthest that both have come. A history takes the place of another cluster's, and of an earlier
    /// timeline's.
    #[must_use]
    pub fn farthest(self, other: Self) -> Self {
        let lineage = match (self.lineage, other.lineage) {
            (Some(mine), Some(theirs)) if theirs.is_before(mine) => Some(mine),
            (mine, theirs) => theirs.or(mine),
        };
        Self {
            head: if other.head.size > self.head.size {
                other.head
            } else {
                self.head
            },
            epoch: self.epoch.max(other.epoch),
            at: self.at.max(other.at),
            lineage,
        }
    }
}

impl Lineage {
    /// Returns whether this is an earlier timeline of the same cluster.
    #[must_use]
    pub fn is_before(self, other: Self) -> bool {
        self.system == other.system && self.timeline < other.timeline
    }
}

/// How a data store is behind what is remembered of it.
#[derive(Debug, thiserror::Error)]
pub enum BehindError {
    /// Its ledger ends too early.
    #[error(
        "the data store is an older copy: its ledger is a fork that ends after {size} events, and {signed} were signed \
         for. What was revoked, suspended or erased since then is not in it, so it is not served from. Put the newest \
         copy back; where there is none, `concord audit reopen` goes on from this one"
    )]
    Older {
        /// How many events it has.
        size: u64,
        /// How many were signed for.
        signed: u64,
    },
    /// Its sharing epoch is smaller than one that was in force.
    #[error(
        "the data store is an older copy: its sharing epoch is {epoch}, and was {witnessed}. What was revoked, suspended \
         or erased since then is not in it, so it is not served from. Put the newest copy back; where there is none, \
         `concord audit reopen` goes on from this one"
    )]
    EpochFell {
        /// The epoch now.
        epoch: i64,
        /// The highest that was witnessed.
        witnessed: i64,
    },
    /// It lacks an ending.
    #[error(
        "the data store is an older copy: the ending {event}, at {at}, is not in it. What it ended would be shared again, \
         so it is not served from. Put the newest copy back; where there is none, `concord audit reopen` goes on from \
         this one"
    )]
    EndingLost {
        /// The ending's audit event.
        event: String,
        /// When it was.
        at: Instant,
    },
    /// Its clock is behind a time that it has shown before.
    #[error(
        "the database's clock is {seconds} s behind a time that it showed before, so that what has lapsed would count \
         again: nothing is answered until it has caught up. Set the clock of the database's machine"
    )]
    ClockBehind {
        /// By how much, in seconds.
        seconds: u64,
        /// The time that it showed.
        shown: Instant,
    },
    /// A standby of it was promoted.
    #[error(
        "the data store is an older copy: it is on timeline {timeline}, and the service has gone on from timeline \
         {witnessed} of the same cluster: a standby of it was promoted, and what was revoked, suspended or erased there is \
         not here, so it is not served from. Name the new primary's URL; to go on from this one, `concord audit reopen`"
    )]
    OldPrimary {
        /// The timeline now.
        timeline: i64,
        /// The highest that was witnessed.
        witnessed: i64,
    },
    /// It does not begin with what was signed.
    #[error(
        "the data store is another one: its ledger is a fork that does not begin with the {signed} events that were \
         signed for. What was revoked, suspended or erased may not be in it, so it is not served from. Run `concord \
         audit verify`, and put the right copy back; where there is none, `concord audit reopen` goes on from this one"
    )]
    Different {
        /// How many events were signed for.
        signed: u64,
    },
}

impl BehindError {
    /// Returns whether the data store is not the one to go on from. A clock that is behind catches up.
    #[must_use]
    pub fn is_a_fork(&self) -> bool {
        match self {
            Self::ClockBehind { .. } => false,
            Self::Older { .. }
            | Self::EpochFell { .. }
            | Self::EndingLost { .. }
            | Self::OldPrimary { .. }
            | Self::Different { .. } => true,
        }
    }
}

/// A store does not answer, or the data store is behind.
#[derive(Debug, thiserror::Error)]
pub enum ComparisonError {
    /// It does not answer; this says nothing about the ledger.
    #[error("the ledger could not be held against its witness: {0}: try again")]
    Unread(#[from] DbErr),
    /// It is behind.
    #[error(transparent)]
    Behind(#[from] BehindError),
}

/// How far the database's clock may be behind the witnessed time: a read that began before the time was witnessed is
/// judged after it, and clocks that are kept by NTP are turned back by less.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// How far the time must have come to be witnessed anew, by whichever server.
const PACE: Duration = Duration::from_secs(1);

/// Checks that the database's clock shows no time that is over.
///
/// # Errors
/// [`BehindError::ClockBehind`].
pub fn check_clock(now: Instant, witnessed: Instant) -> Result<(), BehindError> {
    let behind = witnessed.since(now);
    if behind <= CLOCK_TOLERANCE {
        return Ok(());
    }
    let seconds = behind.as_secs();
    Err(BehindError::ClockBehind {
        seconds,
        shown: witnessed,
    })
}

/// How far the data store has come now, and when an older copy of it was gone on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// How far it has come.
    pub progress: Progress,
    /// When it was reopened last: what was witnessed before follows it.
    pub reopened_at: Option<Instant>,
}

/// Returns how far the data store has come, by one statement.
///
/// # Errors
/// What the database says.
pub async fn present(store: &Store) -> Result<Present, ComparisonError> {
    let lineage = if store.backend == DbBackend::Postgres {
        ", (SELECT system_identifier FROM pg_control_system()) AS system_identifier, \
         ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint AS timeline"
    } else {
        ", NULL AS system_identifier, NULL AS timeline"
    };
    let sql = format!(
        "SELECT sharing_epoch.epoch, {} AS latest_at, audit_tree.size, audit_tree.root, \
         (SELECT max(reopened_at) FROM store_identity) AS reopened_at{lineage} \
         FROM sharing_epoch LEFT JOIN audit_tree ON audit_tree.id = 1",
        clock::sql(store.backend)
    );
    let statement = Statement::from_string(store.backend, sql);
    let row = store.read.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    let head = match row.try_get::<Option<i64>>("", "size")? {
        Some(size) => head(size, row.try_get("", "root")?)
            .map_err(|_| BehindError::Different { signed: 0 })?,
        None => Head::EMPTY,
    };
    Ok(Present {
        progress: Progress {
            head,
            epoch: row.try_get("", "epoch")?,
            at: row.try_get("", "latest_at")?,
            lineage: lineage_in(&row)?,
        },
        reopened_at: row.try_get("", "reopened_at")?,
    })
}

fn lineage_in(row: &QueryResult) -> Result<Option<Lineage>, DbErr> {
    let system: Option<i64> = row.try_get("", "system_identifier")?;
    let timeline: Option<i64> = row.try_get("", "timeline")?;
    let both = system.zip(timeline);
    Ok(both.map(|(system, timeline)| Lineage { system, timeline }))
}

fn head(size: i64, root: Vec<u8>) -> Result<Head, DbErr> {
    let malformed = || DbErr::Type("the size and root of a ledger are malformed".to_owned());
    Ok(Head {
        size: u64::try_from(size).map_err(|_| malformed())?,
        root: Digest(root.try_into().map_err(|_| malformed())?),
    })
}

/// Returns what the keyring has witnessed; none before the first time.
///
/// # Errors
/// What the keyring says.
pub async fn witnessed(keyring: &Connections) -> Result<Option<Progress>, DbErr> {
    let Some(row) = ledger_witness::Entity::newest().one(keyring).await? else {
        return Ok(None);
    };
    let lineage = row.system_identifier.zip(row.timeline);
    Ok(Some(Progress {
        head: head(row.size, row.root)?,
        // Every epoch and every time comes after what was witnessed before there were these columns.
        epoch: row.epoch.unwrap_or(0),
        at: row.latest_at.unwrap_or(Instant(0)),
        lineage: lineage.map(|(system, timeline)| Lineage { system, timeline }),
    }))
}

/// Returns the size and root that were witnessed last; the empty ledger's before the first.
///
/// # Errors
/// What the keyring says.
pub async fn newest(keyring: &Connections) -> Result<Head, DbErr> {
    let witnessed = witnessed(keyring).await?;
    Ok(witnessed.map_or(Head::EMPTY, |witnessed| witnessed.head))
}

/// Returns whether there is something to witness anew: an epoch, a history, or a time that is a second later.
#[must_use]
pub fn has_moved(before: Option<Progress>, now: Progress) -> bool {
    before.is_none_or(|before| {
        now.epoch > before.epoch
            || now.at.since(before.at) > PACE
            || (now.lineage.is_some() && now.lineage != before.lineage)
    })
}

/// Has the data store's epoch, time and history witnessed, where they have come farther.
///
/// # Errors
/// What the keyring says.
pub async fn advance(keyring: &Connections, now: Progress) -> Result<(), DbErr> {
    let only = " WHERE coalesce(ledger_witness.epoch, 0) <= excluded.epoch \
         AND (ledger_witness.timeline IS NULL OR excluded.timeline IS NULL \
         OR ledger_witness.system_identifier <> excluded.system_identifier \
         OR ledger_witness.timeline <= excluded.timeline)";
    write_latest(keyring, now, only).await
}

async fn write_latest(keyring: &Connections, now: Progress, only: &str) -> Result<(), DbErr> {
    let later = "CASE WHEN coalesce(ledger_witness.latest_at, 0) < excluded.latest_at \
         THEN excluded.latest_at ELSE ledger_witness.latest_at END";
    let latest = if only.is_empty() {
        "excluded.latest_at"
    } else {
        later
    };
    let sql = format!(
        "INSERT INTO ledger_witness (id, size, root, epoch, latest_at, system_identifier, timeline) \
         VALUES (1, $1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, latest_at = {latest}, \
         system_identifier = coalesce(excluded.system_identifier, ledger_witness.system_identifier), \
         timeline = coalesce(excluded.timeline, ledger_witness.timeline){only}"
    );
    let values = [
        stored::in_column(Head::EMPTY.size)?.into(),
        Head::EMPTY.root.0.to_vec().into(),
        now.epoch.into(),
        now.at.into(),
        now.lineage.map(|lineage| lineage.system).into(),
        now.lineage.map(|lineage| lineage.timeline).into(),
    ];
    let statement = Statement::from_sql_and_values(keyring.get_database_backend(), sql, values);
    keyring.execute_raw(statement).await.map(|_| ())
}

/// Has a committed size and root witnessed, before it is signed. A smaller one than was witnessed changes nothing.
///
/// # Errors
/// What the keyring says.
pub async fn keep(keyring: &Connections, head: Head) -> Result<(), DbErr> {
    write(keyring, head, " WHERE ledger_witness.size < excluded.size").await
}

/// Has a data store witnessed as it stands, whatever was witnessed before: its operator answers for it.
///
/// # Errors
/// What the keyring says.
pub async fn follow(keyring: &Connections, now: Progress) -> Result<(), DbErr> {
    write(keyring, now.head, "").await?;
    write_latest(keyring, now, "").await
}

async fn write(keyring: &Connections, head: Head, only: &str) -> Result<(), DbErr> {
    let sql = format!(
        "INSERT INTO ledger_witness (id, size, root) VALUES (1, $1, $2) \
         ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root{only}"
    );
    let values = [
        stored::in_column(head.size)?.into(),
        head.root.0.to_vec().into(),
    ];
    let statement = Statement::from_sql_and_values(keyring.get_database_backend(), sql, values);
    keyring.execute_raw(statement).await.map(|_| ())
}

/// Checks that a data store is the witnessed one or has grown from it, on the same history or a later one, and that
/// neither epoch nor clock went back. Read what was witnessed before the store: it never tells of more than was committed
/// then.
///
/// # Errors
/// [`ComparisonError`].
pub async fn compare(
    store: &Store,
    now: Progress,
    witnessed: Progress,
) -> Result<(), ComparisonError> {
    if let (Some(here), Some(there)) = (now.lineage, witnessed.lineage)
        && here.is_before(there)
    {
        return Err(BehindError::OldPrimary {
            timeline: here.timeline,
            witnessed: there.timeline,
        }
        .into());
    }
    compare_ledger(store, now.head, witnessed.head).await?;
    if now.epoch < witnessed.epoch {
        return Err(BehindError::EpochFell {
            epoch: now.epoch,
            witnessed: witnessed.epoch,
        }
        .into());
    }
    Ok(check_clock(now.at, witnessed.at)?)
}

async fn compare_ledger(store: &Store, head: Head, witnessed: Head) -> Result<(), ComparisonError> {
    let signed = witnessed.size;
    if head == witnessed {
        return Ok(());
    }
    if head.size < signed {
        return Err(BehindError::Older {
            size: head.size,
            signed,
        }
        .into());
    }
    let different = |_| BehindError::Different { signed };
    let wanted = tiles_for_consistency(signed, head.size).map_err(different)?;
    let tiles = stored::tiles(&store.read, wanted).await?;
    let proof = prove_consistency(signed, head.size, &tiles).map_err(different)?;
    Ok(check_consistency(&proof, witnessed, head).map_err(different)?)
}
