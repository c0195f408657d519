//! When an agency is shut out, and when it may come back. Pure.

use concord_entities::agency;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AgencyStatus;

use crate::error::Error;
use crate::request::repeated::unless_repeated;

/// Letters in the longest reason.
pub const MAX_REASON: usize = 500;

/// What was done to an agency's standing, and by whom: by another agency, or by the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StandingAct<'r> {
    Suspend(Option<AgencyId>, &'r str),
    Reinstate(Option<AgencyId>),
}

/// Returns what an agency did to this one's standing last. What the operator did is nobody's to repeat.
fn last_act(agency: &agency::Model) -> Option<StandingAct<'_>> {
    let by = Some(agency.standing_set_by?);
    match agency.status {
        AgencyStatus::Active => Some(StandingAct::Reinstate(by)),
        AgencyStatus::Suspended => {
            let reason = agency.suspension_reason.as_deref()?;
            Some(StandingAct::Suspend(by, reason))
        }
    }
}

/// Returns the agency, shut out from `now` on for this reason, by an agency or the operator; none where the same one did that
/// last, for the same reason. Its tokens are over for good: a new epoch begins, so
/// that they stay dead when it takes part again.
///
/// # Errors
/// `INVALID_TRANSITION`: it is shut out already. `BAD_USER_INPUT`: no reason, or one that is too long.
pub fn suspended(
    agency: &agency::Model,
    reason: &str,
    by: Option<AgencyId>,
    now: Instant,
) -> Result<Option<agency::Model>, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(Error::input("reason", "1 to 500 characters"));
    }
    let act = StandingAct::Suspend(by, reason);
    unless_repeated(last_act(agency), &act, || match agency.status {
        AgencyStatus::Suspended => Err(Error::NotNow("this agency is suspended already".into())),
        AgencyStatus::Active => Ok(agency::Model {
            status: AgencyStatus::Suspended,
            suspension_reason: Some(reason.to_owned()),
            standing_set_by: by,
            // At the end of all epochs nothing can begin, but nothing is revived either: the status alone shuts out.
            token_epoch: agency.token_epoch.saturating_add(1),
            epoch_began_at: now,
            ..agency.clone()
        }),
    })
    .transpose()
}

/// Returns the agency, taking part again by the word of an agency or the operator; none where the same one did that last.
/// Its epoch stays the new one.
///
/// # Errors
/// `INVALID_TRANSITION`: it takes part.
pub fn reinstated(
    agency: &agency::Model,
    by: Option<AgencyId>,
) -> Result<Option<agency::Model>, Error> {
    let act = StandingAct::Reinstate(by);
    unless_repeated(last_act(agency), &act, || match agency.status {
        AgencyStatus::Active => Err(Error::NotNow("this agency is not suspended".into())),
        AgencyStatus::Suspended => Ok(agency::Model {
            status: AgencyStatus::Active,
            suspension_reason: None,
            standing_set_by: by,
            ..agency.clone()
        }),
    })
    .transpose()
}
