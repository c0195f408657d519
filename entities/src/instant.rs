//! A moment, as every table stores it: whole microseconds since 1970-01-01T00:00:00Z.
//!
//! An integer is the same in both databases, sorts as time does, and has no zone to get wrong.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, Timelike, Utc};
use sea_orm::DeriveValueType;

/// A moment in UTC, in microseconds since the Unix epoch. Written as RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Instant(pub i64);

/// A calendar day in UTC, in days since 1970-01-01. Written as ISO 8601.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Day(pub i32);

/// The years of which anybody speaks. What is stored may be of others: a program before this one took them.
const YEARS: RangeInclusive<i32> = 1900..=2200;

/// Why a text is not a moment or a day. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimeError {
    /// Not a moment.
    #[error("not a moment: write RFC 3339 with a zone, such as `2026-03-01T09:30:00Z`")]
    Instant,
    /// Not a day.
    #[error("not a day: write ISO 8601, such as `2026-03-01`")]
    Day,
    /// A year of which nobody speaks here.
    #[error("a year from 1900 to 2200")]
    Year,
}

impl Instant {
    const DAY: i64 = 86_400_000_000;

    /// Returns this moment and `span` later; the end of time where that is beyond it.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// Returns this moment and `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// Returns the time from `earlier` to this moment; zero where `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns the day in UTC that this moment falls on.
    #[must_use]
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(Self::DAY)).unwrap_or(i32::MAX))
    }

    /// Returns whole seconds since the Unix epoch, as tokens count them.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the moment `seconds` after the Unix epoch.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }
}

impl Day {
    /// Returns the first moment of this day.
    #[must_use]
    pub fn start(self) -> Instant {
        Instant(i64::from(self.0).saturating_mul(Instant::DAY))
    }

    /// Returns the first moment after this day.
    #[must_use]
    pub fn end(self) -> Instant {
        Self(self.0.saturating_add(1)).start()
    }

    /// Returns this day and `days` later (earlier where negative).
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Returns the same day of the month `years` years earlier; of a leap day, the last day of that February.
    #[must_use]
    pub fn years_before(self, years: u32) -> Self {
        let earlier = DateTime::<Utc>::from_timestamp_micros(self.start().0)
            .and_then(|start| start.checked_sub_months(Months::new(years.saturating_mul(12))));
        earlier.map_or(self, |start| Instant(start.timestamp_micros()).day())
    }
}

impl Instant {
    /// Returns this moment as the wire writes it: always with six digits of a second's fraction, so that texts are in the
    /// order of their moments.
    #[must_use]
    pub fn in_full(self) -> InFull {
        InFull(self)
    }

    /// Writes this moment with as much of it as `length` says for its microseconds.
    fn write(self, f: &mut impl fmt::Write, length: impl Fn(u32) -> usize) -> fmt::Result {
        let Some(moment) = DateTime::<Utc>::from_timestamp_micros(self.0) else {
            // Beyond any calendar: a stored number that no clock gave. Writing it must not stop anything.
            return write!(f, "{} microseconds", self.0);
        };
        if !(0..=9999).contains(&moment.year()) {
            return f.write_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
        // Written by hand: a page writes a few hundred, and chrono's own way allocates for each.
        let mut text = *b"0000-00-00T00:00:00.000000";
        let micros = u32::try_from(self.0.rem_euclid(1_000_000)).map_err(|_| fmt::Error)?;
        let parts = [
            (0..4, moment.year().unsigned_abs()),
            (5..7, moment.month()),
            (8..10, moment.day()),
            (11..13, moment.hour()),
            (14..16, moment.minute()),
            (17..19, moment.second()),
            (20..26, micros),
        ];
        for (place, mut rest) in parts {
            for digit in text.get_mut(place).into_iter().flatten().rev() {
                *digit += u8::try_from(rest % 10).map_err(|_| fmt::Error)?;
                rest /= 10;
            }
        }
        let text = text.get(..length(micros)).unwrap_or_default();
        f.write_str(std::str::from_utf8(text).map_err(|_| fmt::Error)?)?;
        f.write_str("Z")
    }
}

/// A moment as the wire writes it.
#[derive(Clone, Copy, Debug)]
pub struct InFull(Instant);

impl fmt::Display for InFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, |_| 26)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |micros| match (micros, micros % 1000) {
            (0, _) => 19,
            (_, 0) => 23,
            (_, _) => 26,
        })
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = InvalidTimeError;

    fn from_str(text: &str) -> Result<Self, InvalidTimeError> {
        let (local, rest) = text.split_at_checked(19).ok_or(InvalidTimeError::Instant)?;
        let has_zone = rest.ends_with(['Z', 'z']) || is_like(rest, "+00:00", true);
        // The separator and the letters of RFC 3339; some who follow it write them small.
        if !is_like(local, "0000-00-00T00:00:00", false) || !has_zone {
            return Err(InvalidTimeError::Instant);
        }
        Self::read(text)?.of_our_time()
    }
}

impl Instant {
    /// Reads what was written once, of whatever year.
    fn read(text: &str) -> Result<Self, InvalidTimeError> {
        DateTime::parse_from_rfc3339(text)
            .map(|moment| Self(moment.timestamp_micros()))
            .map_err(|_| InvalidTimeError::Instant)
    }

    fn of_our_time(self) -> Result<Self, InvalidTimeError> {
        let year = DateTime::<Utc>::from_timestamp_micros(self.0).map(|moment| moment.year());
        let fits = year.is_some_and(|year| YEARS.contains(&year));
        fits.then_some(self).ok_or(InvalidTimeError::Year)
    }
}

/// Returns whether a text, or its end, has a digit wherever the form has one, and what the form has elsewhere.
fn is_like(text: &str, form: &str, at_end: bool) -> bool {
    let skipped = text.len().saturating_sub(form.len());
    let (Some(text), true) = (text.get(skipped..), at_end || skipped == 0) else {
        return false;
    };
    let like = |(one, form): (u8, u8)| match form {
        b'0' => one.is_ascii_digit(),
        b'+' => matches!(one, b'+' | b'-'),
        form => one.eq_ignore_ascii_case(&form),
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(like)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.start().0) {
            Some(date) => write!(f, "{}", date.date_naive()),
            None => write!(f, "{} days", self.0),
        }
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = InvalidTimeError;

    fn from_str(text: &str) -> Result<Self, InvalidTimeError> {
        if !is_like(text, "0000-00-00", false) {
            return Err(InvalidTimeError::Day);
        }
        let day = Self::read(text)?;
        day.start().of_our_time().map(|_| day)
    }
}

impl Day {
    /// Reads what was written once, of whatever year.
    fn read(text: &str) -> Result<Self, InvalidTimeError> {
        let date =
            NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| InvalidTimeError::Day)?;
        let start = date.and_time(chrono::NaiveTime::MIN).and_utc();
        Ok(Instant(start.timestamp_micros()).day())
    }
}

macro_rules! serde_as_text {
    ($($name:ident)*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::read(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}
serde_as_text! { Instant Day }
