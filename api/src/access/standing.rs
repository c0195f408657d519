//! Whether a token that verifies still counts: its agency and its program take part, its epoch is
//! current, nobody took it back, and nobody retired the key that signed it.
//!
//! A token is a ceiling; this is read again with every decision. Whatever changes it bumps the sharing epoch, so an
//! answer that was read under an epoch holds for exactly as long as that epoch does, and the ledger looks at the
//! epoch before it lets anything leave.

use concord_entities::instant::Instant;
use moka::sync::Cache;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::Caller;
use super::caller::Key;
use crate::clock;
use crate::error::{Answer, Error};
use crate::store::Store;

/// Whether a caller's token counts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Good,
    /// It does not; the caller is not told why.
    Gone,
}

/// What was read of callers' standing, with the epoch under which it was read.
#[derive(Clone, Debug)]
pub struct Standings {
    known: Cache<Key, (i64, Standing)>,
}

impl Default for Standings {
    fn default() -> Self {
        Self {
            known: Cache::new(10_000),
        }
    }
}

impl Standings {
    /// The caller's standing under `epoch`; none where the epoch has passed meanwhile.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn under(
        &self,
        epoch: i64,
        store: &Store,
        caller: &Caller,
    ) -> Answer<Option<Standing>> {
        let key = caller.standing_key();
        if let Some((seen, standing)) = self.known.get(&key)
            && seen == epoch
        {
            return Ok(Some(standing));
        }
        let (standing, seen, _) = query(&store.read, store.backend, caller).await?;
        self.known.insert(key, (seen, standing));
        Ok((seen == epoch).then_some(standing))
    }
}

/// The caller's standing and the database's time, read within a change.
pub(crate) async fn read(
    database: &impl ConnectionTrait,
    backend: DbBackend,
    caller: &Caller,
) -> Answer<(Standing, Instant)> {
    let (standing, _, now) = query(database, backend, caller).await?;
    Ok((standing, now))
}

async fn query(
    database: &impl ConnectionTrait,
    backend: DbBackend,
    caller: &Caller,
) -> Answer<(Standing, i64, Instant)> {
    let sql = format!(
        "SELECT e.epoch, {now} AS now, a.status, a.token_epoch, t.denied_at, p.status AS application, \
         k.retired_at \
         FROM sharing_epoch e \
         LEFT JOIN agency a ON a.id = $1 \
         LEFT JOIN token_state t ON t.jti = $2 \
         LEFT JOIN application p ON p.id = $3 AND p.agency_id = $1 \
         LEFT JOIN token_key k ON k.kid = $4",
        now = clock::sql(backend),
    );
    let application = caller.application();
    let values = [
        caller.agency().into(),
        caller.token().into(),
        application.map(|id| id.0).into(),
        caller.kid().into(),
    ];
    let row = database
        .query_one_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?
        .ok_or_else(|| sea_orm::DbErr::RecordNotFound("the sharing epoch".to_owned()))?;
    let now: Instant = row.try_get("", "now")?;
    let status: Option<String> = row.try_get("", "status")?;
    let token_epoch: Option<i32> = row.try_get("", "token_epoch")?;
    let denied: Option<i64> = row.try_get("", "denied_at")?;
    let retired: Option<i64> = row.try_get("", "retired_at")?;
    let program: Option<String> = row.try_get("", "application")?;
    let good = status.as_deref() == Some("ACTIVE")
        && token_epoch.is_some_and(|epoch| epoch <= caller.token_epoch())
        && denied.is_none()
        && retired.is_none()
        && (application.is_none() || program.as_deref() == Some("ACTIVE"));
    let standing = if good { Standing::Good } else { Standing::Gone };
    Ok((standing, row.try_get("", "epoch")?, now))
}

impl Standing {
    /// Nothing, for a caller in good standing.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`.
    pub fn require(self) -> Answer<()> {
        match self {
            Self::Good => Ok(()),
            Self::Gone => Err(Error::Unauthenticated.into()),
        }
    }
}
