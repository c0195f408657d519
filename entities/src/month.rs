//! A calendar month, such as `2026-03`.

use std::fmt;
use std::str::FromStr;

use jiff::{Span, civil};
use sea_orm::DeriveValueType;

use crate::instant::Day;

/// A calendar month, in months since the year 0. Written as ISO 8601.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Month(pub i32);

/// A text is not a month. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a month: write ISO 8601, such as `2026-03`, of the years 2000 to 2200")]
pub struct InvalidMonthError;

/// The day from which days are numbered.
const FIRST: civil::Date = civil::date(1970, 1, 1);

impl Month {
    /// Returns the month that a day is in; none beyond any calendar.
    #[must_use]
    pub fn of(day: Day) -> Option<Self> {
        let date = FIRST.checked_add(Span::new().try_days(day.0).ok()?).ok()?;
        Some(Self(
            i32::from(date.year()) * 12 + i32::from(date.month()) - 1,
        ))
    }

    /// Returns its first day.
    #[must_use]
    pub fn first_day(self) -> Day {
        let year = i16::try_from(self.0.div_euclid(12)).ok();
        let month = i8::try_from(self.0.rem_euclid(12) + 1).ok();
        let first = year.zip(month).and_then(|(year, month)| {
            let first = civil::Date::new(year, month, 1).ok()?;
            FIRST.until(first).ok()
        });
        Day(first.map_or(i32::MAX, |days| days.get_days()))
    }

    /// Returns the month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the month before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Returns how many months it is later than `other`.
    #[must_use]
    pub fn since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.0.div_euclid(12), self.0.rem_euclid(12) + 1);
        write!(f, "{year:04}-{month:02}")
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Month {
    type Err = InvalidMonthError;

    fn from_str(text: &str) -> Result<Self, InvalidMonthError> {
        let number = |text: &str| -> Option<i32> {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten()
        };
        let (year, month) = text
            .split_once('-')
            .filter(|(year, month)| (year.len(), month.len()) == (4, 2))
            .ok_or(InvalidMonthError)?;
        let read = number(year).zip(number(month));
        let (year, month) = read.ok_or(InvalidMonthError)?;
        if (2000..=2200).contains(&year) && (1..=12).contains(&month) {
            Ok(Self(year * 12 + month - 1))
        } else {
            Err(InvalidMonthError)
        }
    }
}
