//! Where a day begins and ends: a time zone of the IANA database, by the rules that the program was built with.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use sea_orm::DeriveValueType;

use crate::instant::{Day, Instant};

/// A time zone. Stored and written as its IANA name, such as `America/New_York`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct Zone(TimeZone);

/// A text names no time zone. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone: write its name in the IANA database, such as `America/New_York`")]
pub struct UnknownZoneError;

impl Zone {
    /// The world's time: what every day was counted in before there were zones.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Returns the day that a moment falls on here.
    #[must_use]
    pub fn day(&self, at: Instant) -> Day {
        self.local(at)
            .and_then(|local| number(local.date()))
            .unwrap_or_else(|| at.day())
    }

    /// Returns the first moment of a day here. Where clocks skip midnight, that is when they have done so.
    #[must_use]
    pub fn start(&self, day: Day) -> Instant {
        let start = date(day).and_then(|date| self.0.to_timestamp(date.at(0, 0, 0, 0)).ok());
        start.map_or_else(|| day.start(), |at| Instant(at.as_microsecond()))
    }

    /// Returns the first moment after a day here.
    #[must_use]
    pub fn end(&self, day: Day) -> Instant {
        self.start(day.plus_days(1))
    }

    /// Returns what the clocks here show at a moment; none beyond any calendar.
    #[must_use]
    pub fn local(&self, at: Instant) -> Option<civil::DateTime> {
        let at = Timestamp::from_microsecond(at.0).ok()?;
        Some(self.0.to_datetime(at))
    }

    /// Returns a city that has its time.
    #[must_use]
    pub fn city(&self) -> String {
        let name = self.to_string();
        name.rsplit('/').next().unwrap_or(&name).replace('_', " ")
    }

    /// Returns what people call the time here at a moment, such as `EDT`; none where they use only numbers.
    #[must_use]
    pub fn abbreviation(&self, at: Instant) -> Option<String> {
        let at = Timestamp::from_microsecond(at.0).ok()?;
        let called = self.0.to_offset_info(at).abbreviation().to_owned();
        called.starts_with(char::is_alphabetic).then_some(called)
    }
}

/// The day from which days are numbered.
const FIRST: civil::Date = civil::date(1970, 1, 1);

fn date(day: Day) -> Option<civil::Date> {
    FIRST
        .checked_add(jiff::Span::new().try_days(day.0).ok()?)
        .ok()
}

fn number(date: civil::Date) -> Option<Day> {
    Some(Day(FIRST.until(date).ok()?.get_days()))
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl FromStr for Zone {
    type Err = UnknownZoneError;

    fn from_str(name: &str) -> Result<Self, UnknownZoneError> {
        /// What the database has beside the zones: nobody works there.
        const PLACEHOLDERS: [&str; 4] = ["Etc/Unknown", "Factory", "localtime", "posixrules"];
        if PLACEHOLDERS
            .iter()
            .any(|one| one.eq_ignore_ascii_case(name))
        {
            return Err(UnknownZoneError);
        }
        let zone = TimeZone::get(name).map_err(|_| UnknownZoneError)?;
        let named = zone.iana_name().is_some() && !zone.is_unknown();
        named.then_some(Self(zone)).ok_or(UnknownZoneError)
    }
}
