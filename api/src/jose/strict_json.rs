//! A JSON object in which nothing is said twice.
//!
//! Two readers of `{"sub": "a", "sub": "b"}` may each believe another half of it (RFC 8725, 2.4), so a token that
//! repeats a member, at any depth and under any escape, is no token.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The members of a JSON object, each still as it was written.
pub struct JsonMembers<'text>(BTreeMap<String, &'text RawValue>);

/// Why a text is not such an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrictJsonError {
    /// It is no JSON object.
    NotAnObject,
    /// It says something twice.
    Repeated,
}

impl<'text> JsonMembers<'text> {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// When it is not an object, or says something twice.
    pub fn parse(json: &'text [u8]) -> Result<Self, StrictJsonError> {
        let text = str::from_utf8(json).map_err(|_| StrictJsonError::NotAnObject)?;
        let everything: BTreeMap<String, &RawValue> =
            serde_json::from_str(text).map_err(|_| StrictJsonError::NotAnObject)?;
        serde_json::from_str::<StrictObject>(text).map_err(|fault| {
            if fault.is_data() {
                StrictJsonError::Repeated
            } else {
                StrictJsonError::NotAnObject
            }
        })?;
        Ok(Self(everything))
    }

    /// Returns whether it has a member of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the names of its members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the member of this name, where it has one and it is a `T`.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }
}

/// Any JSON value whose objects, however deep, name each member once.
struct StrictObject;

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = StrictObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON that says nothing twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StrictObject, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(Error::custom("a member is repeated"));
            }
            map.next_value::<StrictObject>()?;
        }
        Ok(StrictObject)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<StrictObject, A::Error> {
        while list.next_element::<StrictObject>()?.is_some() {}
        Ok(StrictObject)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<StrictObject, E> {
        Ok(StrictObject)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<StrictObject, E> {
        Ok(StrictObject)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<StrictObject, E> {
        Ok(StrictObject)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<StrictObject, E> {
        Ok(StrictObject)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<StrictObject, E> {
        Ok(StrictObject)
    }

    fn visit_unit<E: Error>(self) -> Result<StrictObject, E> {
        Ok(StrictObject)
    }
}
