//! The scalars of the wire.

use std::fmt;

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use concord_entities::instant::{Day, Instant};
use serde::{Deserialize, Serialize};

/// A moment: RFC 3339 in UTC, always written with six digits of the second's fraction, such as
/// `2026-03-01T09:30:00.000000Z`; read with any number of them and any offset, of the years 1900 to 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DateTime(pub Instant);

/// A day: ISO 8601, such as `2026-03-01`, of the years 1900 to 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Date(pub Day);

/// A time of day wherever somebody is: 24 hours, such as `09:30`; `24:00` is the day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalTime(u16);

/// A language, sign languages among them: a tag of BCP 47's registry, such as `es-GT`. Old tags are kept as those that took
/// their place: `iw` as `he`, `zh-yue` as `yue`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LanguageTag(String);

/// A SHA-256: 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sha256(String);

/// Reads a scalar that is written as text; the error names what was expected, never what was written.
fn text<T>(value: &Value) -> InputValueResult<T>
where
    T: TextScalar + ScalarType + async_graphql::InputType,
{
    match value {
        Value::String(text) => T::read(text).map_err(InputValueError::custom),
        Value::Null
        | Value::Number(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_)
        | Value::List(_)
        | Value::Object(_) => Err(InputValueError::custom("must be a text")),
    }
}

/// Says what is wrong with the text of a scalar, if anything is.
pub type ScalarCheck = fn(&str) -> Result<(), String>;

/// Returns how the text of the scalar of this name is judged, without what it says being repeated. None where the schema
/// has no such scalar.
#[must_use]
pub fn check_of(scalar: &str) -> Option<ScalarCheck> {
    match scalar {
        "DateTime" => Some(|text| DateTime::read(text).map(drop)),
        "Date" => Some(|text| Date::read(text).map(drop)),
        "LocalTime" => Some(|text| LocalTime::read(text).map(drop)),
        "LanguageTag" => Some(|text| LanguageTag::read(text).map(drop)),
        "Sha256" => Some(|text| Sha256::read(text).map(drop)),
        _ => None,
    }
}

/// A scalar that is written as text.
trait TextScalar: Sized {
    /// Reads it, or says what it is not and what to write.
    fn read(text: &str) -> Result<Self, String>;
}

impl TextScalar for DateTime {
    fn read(text: &str) -> Result<Self, String> {
        let read: Result<_, concord_entities::instant::InvalidTimeError> = text.parse();
        read.map(Self).map_err(|fault| fault.to_string())
    }
}

impl TextScalar for Date {
    fn read(text: &str) -> Result<Self, String> {
        let read: Result<_, concord_entities::instant::InvalidTimeError> = text.parse();
        read.map(Self).map_err(|fault| fault.to_string())
    }
}

impl TextScalar for LocalTime {
    fn read(text: &str) -> Result<Self, String> {
        Self::new(text)
            .ok_or_else(|| "not a time of day: write hours and minutes, such as `09:30`".to_owned())
    }
}

impl TextScalar for LanguageTag {
    fn read(text: &str) -> Result<Self, String> {
        Self::new(text).ok_or_else(|| {
            "not a language tag: write one of BCP 47's registry, such as `es-GT`".to_owned()
        })
    }
}

impl TextScalar for Sha256 {
    fn read(text: &str) -> Result<Self, String> {
        let fits = text.len() == 64
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
            .ok_or_else(|| "not a SHA-256: write its 64 lower-case hex digits".to_owned())
    }
}

/// A moment: RFC 3339 in UTC, always written with six digits of the second's fraction, such as
/// `2026-03-01T09:30:00.000000Z`; read with any number of them and any offset, of the years 1900 to 2200.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.in_full().to_string())
    }
}

/// A day: ISO 8601, such as `2026-03-01`, of the years 1900 to 2200.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A time of day wherever somebody is: 24 hours, such as `09:30`; `24:00` is the day's end.
#[Scalar(name = "LocalTime")]
impl ScalarType for LocalTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A language, sign languages among them: a tag of BCP 47's registry, such as `es-GT`. Old tags are kept as those that took
/// their place: `iw` as `he`, `zh-yue` as `yue`.
#[Scalar(
    name = "LanguageTag",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc5646"
)]
impl ScalarType for LanguageTag {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A SHA-256: 64 lower-case hex digits.
#[Scalar(name = "Sha256")]
impl ScalarType for Sha256 {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl LocalTime {
    /// Minutes in a day.
    pub const DAY: u16 = 24 * 60;

    /// Returns the time of day that a text is.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let two_digits = |part: &str| {
            let fits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
        let time = hours * 60 + minutes;
        (minutes < 60 && time <= Self::DAY).then_some(Self(time))
    }

    /// Minutes since the day began by the wall.
    #[must_use]
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for LocalTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| serde::de::Error::custom("not a time of day"))
    }
}

impl LanguageTag {
    /// Returns the canonical tag for the language that a text names (RFC 5646, 4.5), where the registry has it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let tag = language_tags::LanguageTag::parse(text).ok()?;
        tag.validate().ok()?;
        let canonical = tag.canonicalize().ok()?;
        Some(Self(canonical.into_string()))
    }

    /// Returns the tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for LanguageTag {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

impl Sha256 {
    /// Returns the hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Sha256 {
    fn from(stored: String) -> Self {
        Self(stored)
    }
}

impl From<&[u8]> for Sha256 {
    fn from(bytes: &[u8]) -> Self {
        Self(hex::encode(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Instant> for DateTime {
    fn from(instant: Instant) -> Self {
        Self(instant)
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        Self(day)
    }
}
