//! How often an agency may end tokens and programs, and bring them back, at all servers together: each has every read under
//! way made again. Kept in the data store, within the change that ends: the allowance protects a promise, so that asking
//! another replica buys nothing.

use std::time::Duration;

use concord_entities::ending_allowance::{ActiveModel, Column, Entity, Model};
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};

use super::wait::Wait;
use crate::error::{Error, Refusal, Result};
use crate::settings::Allowances;

/// How fast an allowance fills up, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub struct EndingQuota {
    /// How long one takes to come back.
    interval: Duration,
    /// How far ahead of its filling an agency may be when it takes one more.
    ahead: Duration,
}

impl EndingQuota {
    /// Returns the quota that the operator allows.
    #[must_use]
    pub fn of(allowances: &Allowances) -> Self {
        let interval = Duration::from_secs(1) / allowances.endings_per_second.get();
        Self {
            interval,
            ahead: interval * (allowances.endings_burst.get() - 1),
        }
    }

    /// Returns from when on the allowance is full again once one more was taken from it.
    ///
    /// # Errors
    /// How long to wait until there is one.
    pub fn take(&self, full_at: Option<Instant>, now: Instant) -> Result<Instant, Wait> {
        let full_at = full_at.map_or(now, |full_at| full_at.max(now));
        let used = full_at.since(now);
        if used > self.ahead {
            return Err(Wait::of(used.saturating_sub(self.ahead)));
        }
        Ok(full_at.plus(self.interval))
    }
}

/// Looks whether an agency's allowance has one left, and returns from when on it would be full again without it. Before
/// anything is locked, so that whoever has to wait keeps nobody else waiting.
///
/// # Errors
/// `RATE_LIMITED`, `UNAVAILABLE`.
pub async fn look(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    now: Instant,
    quota: EndingQuota,
) -> Result<Instant> {
    let kept = Entity::of(agency).one(database).await?;
    let taken = quota.take(kept.map(|kept| kept.full_at), now);
    taken.map_err(|wait| {
        Refusal::from(Error::RateLimited {
            seconds: wait.seconds(),
        })
    })
}

/// Takes one from an agency's allowance, within the change that needs it and while it holds the lock.
///
/// # Errors
/// `RATE_LIMITED`, `UNAVAILABLE`.
pub async fn charge(
    change: &impl ConnectionTrait,
    agency: AgencyId,
    now: Instant,
    quota: EndingQuota,
) -> Result<()> {
    let full_at = look(change, agency, now, quota).await?;
    let row: ActiveModel = Model {
        agency_id: agency,
        full_at,
    }
    .into_active_model();
    let again = OnConflict::column(Column::AgencyId)
        .update_column(Column::FullAt)
        .to_owned();
    Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(change)
        .await?;
    Ok(())
}
