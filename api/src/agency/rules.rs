//! When an agency is shut out, and when it may come back. Pure.

use concord_entities::agency;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AgencyStatus;

use crate::error::Error;

/// Letters in the longest reason.
pub const MAX_REASON: usize = 500;

/// Returns the agency, shut out from `now` on for this reason. Its tokens are over for good: a new epoch begins, so
/// that they stay dead when it takes part again.
///
/// # Errors
/// `INVALID_TRANSITION`: it is shut out already. `BAD_USER_INPUT`: no reason, or one that is too long.
pub fn suspended(
    agency: agency::Model,
    reason: &str,
    now: Instant,
) -> Result<agency::Model, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(Error::input("reason", "1 to 500 characters"));
    }
    match agency.status {
        AgencyStatus::Suspended => {
            return Err(Error::NotNow("this agency is suspended already".into()));
        }
        AgencyStatus::Active => {}
    }
    Ok(agency::Model {
        status: AgencyStatus::Suspended,
        suspension_reason: Some(reason.to_owned()),
        // At the end of all epochs nothing can begin, but nothing is revived either: the status alone shuts out.
        token_epoch: agency.token_epoch.saturating_add(1),
        epoch_began_at: now,
        ..agency
    })
}

/// Returns the agency, taking part again. Its epoch stays the new one.
///
/// # Errors
/// `INVALID_TRANSITION`: it takes part.
pub fn reinstated(agency: agency::Model) -> Result<agency::Model, Error> {
    match agency.status {
        AgencyStatus::Active => Err(Error::NotNow("this agency is not suspended".into())),
        AgencyStatus::Suspended => Ok(agency::Model {
            status: AgencyStatus::Active,
            suspension_reason: None,
            ..agency
        }),
    }
}
