//! What can be said of a person's age. Pure.

use concord_entities::instant::Day;
use concord_entities::vocabulary::AgeGroup;

/// The longest that somebody is a minor yet, in days: eighteen years, and the month to which the day may be rounded.
const LONGEST: i32 = 18 * 366 + 31;

/// What keeps an age from being put on record. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// Only a minor becomes an adult.
    #[error("only for a `MINOR`: leave it out")]
    NotAMinor,
    /// The day is past.
    #[error("a day to come; from that day on the person is an `ADULT`")]
    Past,
    /// The day is too far away.
    #[error("the day on which the person becomes 18, at most eighteen years from now")]
    TooLate,
}

/// Checks that a person can be of this age, where today is `today`.
///
/// # Errors
/// [`AgeError`].
pub fn check_age(age: AgeGroup, minor_until: Option<Day>, today: Day) -> Result<(), AgeError> {
    match minor_until {
        Some(_) if age != AgeGroup::Minor => Err(AgeError::NotAMinor),
        Some(day) if day <= today => Err(AgeError::Past),
        Some(day) if day > today.plus_days(LONGEST) => Err(AgeError::TooLate),
        Some(_) | None => Ok(()),
    }
}
