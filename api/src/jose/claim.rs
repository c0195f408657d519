//! One claim of a JWT at a time, read strictly (RFC 7519, 4).

use std::time::Duration;

use concord_entities::instant::Instant;
use serde::de::DeserializeOwned;
use serde_json::Number;

use super::strict_json::JsonMembers;

/// Letters in the longest `jti` of an assertion or a proof.
const MAX_ID: usize = 128;

/// Why a claim cannot be read: for the log and the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// It is missing.
    #[error("the claim `{0}` is missing")]
    Missing(&'static str),
    /// It is not of its kind.
    #[error("the claim `{0}` is not of its kind")]
    Malformed(&'static str),
}

impl ClaimError {
    /// Returns the stable code of this fault.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing(_) => "missing_claim",
            Self::Malformed(_) => "malformed_claim",
        }
    }
}

/// Returns a claim that must be there.
///
/// # Errors
/// When it is not, or is no `T`.
pub(crate) fn claim<T: DeserializeOwned>(
    members: &JsonMembers<'_>,
    claimed: &'static str,
) -> Result<T, ClaimError> {
    if !members.has(claimed) {
        return Err(ClaimError::Missing(claimed));
    }
    members.read(claimed).ok_or(ClaimError::Malformed(claimed))
}

/// Returns a name that may stand in a log: not empty, not long, and nothing that a terminal would obey.
///
/// # Errors
/// When it is missing or no such name.
pub(crate) fn name(
    members: &JsonMembers<'_>,
    claimed: &'static str,
    longest: usize,
) -> Result<String, ClaimError> {
    let name: String = claim(members, claimed)?;
    is_name(&name, longest)
        .then_some(name)
        .ok_or(ClaimError::Malformed(claimed))
}

/// Returns whether a text may stand in a log as somebody's name: not empty, not long, and nothing that a terminal would
/// obey.
pub(crate) fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Reads `jti`: 1 to 128 visible letters of ASCII, by which what may be used once is remembered.
///
/// # Errors
/// When it is missing or no such name.
pub(crate) fn id(members: &JsonMembers<'_>) -> Result<String, ClaimError> {
    let id: String = claim(members, "jti")?;
    let well_formed =
        (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|letter| letter.is_ascii_graphic());
    well_formed
        .then_some(id)
        .ok_or(ClaimError::Malformed("jti"))
}

/// Reads `aud`: the one audience, alone or as the only one of a list (RFC 7519, 4.1.3); none where the list is longer
/// or empty.
///
/// # Errors
/// When it is missing, or neither text nor a list of texts.
pub(crate) fn audience(members: &JsonMembers<'_>) -> Result<Option<String>, ClaimError> {
    match members.read::<[String; 1]>("aud") {
        Some([audience]) => Ok(Some(audience)),
        None if members.read::<Vec<String>>("aud").is_some() => Ok(None),
        None => claim(members, "aud").map(Some),
    }
}

/// Reads `aud` as a list of audiences, of which it may be the only one (RFC 7519, 4.1.3).
///
/// # Errors
/// When it is missing, or neither text nor a list of texts.
pub(crate) fn audiences(members: &JsonMembers<'_>) -> Result<Vec<String>, ClaimError> {
    match members.read::<Vec<String>>("aud") {
        Some(audiences) => Ok(audiences),
        None => claim(members, "aud").map(|only| vec![only]),
    }
}

/// Returns a moment in whole seconds. RFC 7519 would let them have a fraction; we never write one.
///
/// # Errors
/// When it is missing or no such moment.
pub(crate) fn whole_second(
    members: &JsonMembers<'_>,
    claimed: &'static str,
) -> Result<Instant, ClaimError> {
    // A `u32` lasts until 2106 and leaves no room for a moment before the epoch or beyond arithmetic.
    let seconds: u32 = claim(members, claimed)?;
    Ok(Instant::from_unix_seconds(seconds.into()))
}

/// Returns a moment as others write them: a `NumericDate` (RFC 7519, 2), which may have a fraction; from 1970 to 2106.
///
/// # Errors
/// When it is missing or no such moment.
pub(crate) fn moment(
    members: &JsonMembers<'_>,
    claimed: &'static str,
) -> Result<Instant, ClaimError> {
    let malformed = ClaimError::Malformed(claimed);
    let seconds: Number = claim(members, claimed)?;
    let seconds = seconds.as_f64().ok_or(malformed)?;
    if seconds > f64::from(u32::MAX) {
        return Err(malformed);
    }
    let since = Duration::try_from_secs_f64(seconds).map_err(|_| malformed)?;
    Ok(Instant::from_unix_seconds(0).plus(since))
}

/// Returns a moment as others write them, where there is one.
///
/// # Errors
/// When it is there and no moment.
pub(crate) fn any_moment(
    members: &JsonMembers<'_>,
    claimed: &'static str,
) -> Result<Option<Instant>, ClaimError> {
    if members.has(claimed) {
        moment(members, claimed).map(Some)
    } else {
        Ok(None)
    }
}
