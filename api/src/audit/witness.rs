//! How far the ledger had come, remembered where the ledger is not: in the keyring.
//!
//! An older copy of the data store, put back, is whole in itself: nothing in it tells of what came after. So the
//! integrator has the size and root that it is about to sign witnessed in the keyring first. A ledger that is shorter
//! than that, or does not begin with it, is a fork: the revocations, suspensions and erasures that were recorded since
//! are not in it, and a service that went on from there would share what it was told to end. It does not start.
//!
//! The highest sharing epoch and the latest time of the data store are remembered beside them. A database that went over
//! to a machine whose clock is slow would have what lapsed a moment ago in force again: until its clock has caught up,
//! nothing is answered.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::ledger_witness;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::proof::{check_consistency, prove_consistency, tiles_for_consistency};
use super::stored;
use super::tree::{Digest, Head};
use crate::store::{Connections, Store};

/// Why a ledger is not the one that was witnessed.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A store does not answer; this says nothing about the ledger.
    #[error("the ledger could not be held against its witness: {0}: try again")]
    Unread(#[from] DbErr),
    /// It ends too early.
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
    /// Its clock is behind a time that it has shown before.
    #[error(
        "the database's clock is {seconds} s behind a time that it showed before, so that what has lapsed would count \
         again: nothing is answered until it has caught up. Set the clock of the database's machine"
    )]
    ClockBehind {
        /// By how much, in seconds.
        seconds: u64,
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

/// Returns the size and root that were witnessed last; the empty ledger's before the first.
///
/// # Errors
/// What the keyring says.
pub async fn newest(keyring: &Connections) -> Result<Head, DbErr> {
    let Some(row) = ledger_witness::Entity::newest().one(keyring).await? else {
        return Ok(Head::EMPTY);
    };
    let malformed = || DbErr::Type("the ledger's witness is malformed".to_owned());
    Ok(Head {
        size: u64::try_from(row.size).map_err(|_| malformed())?,
        root: Digest(row.root.try_into().map_err(|_| malformed())?),
    })
}

/// The highest epoch and time of the data store that were witnessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The sharing epoch.
    pub epoch: i64,
    /// The time by the database's clock.
    pub at: Instant,
}

/// How far the database's clock may be behind the witnessed time: a read that began before the time was witnessed is
/// judged after it, and clocks that are kept by NTP are turned back by less.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(2);

/// How far the time must have come to be witnessed anew, by whichever server.
const PACE: Duration = Duration::from_secs(1);

/// Checks that the database's clock shows no time that is over.
///
/// # Errors
/// [`WitnessError::ClockBehind`].
pub fn check_clock(now: Instant, witnessed: Instant) -> Result<(), WitnessError> {
    let behind = witnessed.since(now);
    if behind <= CLOCK_TOLERANCE {
        return Ok(());
    }
    let seconds = behind.as_secs();
    Err(WitnessError::ClockBehind { seconds })
}

/// Returns the highest epoch and time that were witnessed; none before the first.
///
/// # Errors
/// What the keyring says.
pub async fn latest(keyring: &Connections) -> Result<Option<Latest>, DbErr> {
    let row = ledger_witness::Entity::newest().one(keyring).await?;
    let latest = row.and_then(|row| Some((row.epoch?, row.latest_at?)));
    Ok(latest.map(|(epoch, at)| Latest { epoch, at }))
}

/// Has the data store's epoch and time witnessed, where they have come far enough since; says what had been witnessed.
///
/// # Errors
/// What the keyring says.
pub async fn advance(keyring: &Connections, now: Latest) -> Result<Option<Latest>, DbErr> {
    let before = latest(keyring).await?;
    let moved = before.is_none_or(|before| {
        now.epoch >= before.epoch && (now.epoch > before.epoch || now.at.since(before.at) > PACE)
    });
    if moved {
        let only = " WHERE coalesce(ledger_witness.epoch, 0) <= excluded.epoch \
             AND coalesce(ledger_witness.latest_at, 0) <= excluded.latest_at";
        write_latest(keyring, now, only).await?;
    }
    Ok(before)
}

async fn write_latest(keyring: &Connections, now: Latest, only: &str) -> Result<(), DbErr> {
    let sql = format!(
        "INSERT INTO ledger_witness (id, size, root, epoch, latest_at) VALUES (1, $1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, latest_at = excluded.latest_at{only}"
    );
    let values = [
        stored::in_column(Head::EMPTY.size)?.into(),
        Head::EMPTY.root.0.to_vec().into(),
        now.epoch.into(),
        now.at.into(),
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

/// Has the ledger as it stands witnessed, whatever was witnessed before: its operator answers for it.
///
/// # Errors
/// What the stores say.
pub async fn follow(store: &Store) -> Result<(), DbErr> {
    let malformed = || DbErr::Type("the head of the ledger is malformed".to_owned());
    let head = match stored::head(&store.read).await? {
        Some(row) => stored::size_and_root(&row).ok_or_else(malformed)?,
        None => Head::EMPTY,
    };
    write(&store.keyring, head, "").await?;
    let now = Latest {
        epoch: store.epoch().await?,
        at: store.ping().await?,
    };
    write_latest(&store.keyring, now, "").await
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

/// Checks that the ledger is the witnessed one or has grown from it, and that neither epoch nor clock went back.
///
/// # Errors
/// [`WitnessError`].
pub async fn compare(store: &Store) -> Result<(), WitnessError> {
    let latest = latest(&store.keyring).await?;
    compare_ledger(store).await?;
    if let Some(Latest {
        epoch: witnessed,
        at,
    }) = latest
    {
        let epoch = store.epoch().await?;
        if epoch < witnessed {
            return Err(WitnessError::EpochFell { epoch, witnessed });
        }
        check_clock(store.ping().await?, at)?;
    }
    Ok(())
}

async fn compare_ledger(store: &Store) -> Result<(), WitnessError> {
    // The witness first: it never tells of more than was committed before.
    let witnessed = newest(&store.keyring).await?;
    let signed = witnessed.size;
    let head = match stored::head(&store.read).await? {
        Some(row) => stored::size_and_root(&row).ok_or(WitnessError::Different { signed })?,
        None => Head::EMPTY,
    };
    if head.size < signed {
        return Err(WitnessError::Older {
            size: head.size,
            signed,
        });
    }
    let different = |_| WitnessError::Different { signed };
    let wanted = tiles_for_consistency(signed, head.size).map_err(different)?;
    let tiles = stored::tiles(&store.read, wanted).await?;
    let proof = prove_consistency(signed, head.size, &tiles).map_err(different)?;
    check_consistency(&proof, witnessed, head).map_err(different)
}
