//! Where a service is to be had, coded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An area of the United States: a state, district or territory by ISO 3166-2, such as `US-HI`, or a county of one by its five
/// digits of FIPS 6-4, such as `15003`, which begin with those of the state that it lies in.
///
/// That a state has a county of this number is not checked: the Census Bureau gives new ones, and takes others back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area {
    /// The state's digits of FIPS 5-2.
    state: u16,
    /// The county's own three digits; 0 where it is the whole state.
    county: u16,
}

/// The states, the district and the territories: their digits and letters.
const STATES: [(u16, &str); 57] = [
    (1, "AL"),
    (2, "AK"),
    (4, "AZ"),
    (5, "AR"),
    (6, "CA"),
    (8, "CO"),
    (9, "CT"),
    (10, "DE"),
    (11, "DC"),
    (12, "FL"),
    (13, "GA"),
    (15, "HI"),
    (16, "ID"),
    (17, "IL"),
    (18, "IN"),
    (19, "IA"),
    (20, "KS"),
    (21, "KY"),
    (22, "LA"),
    (23, "ME"),
    (24, "MD"),
    (25, "MA"),
    (26, "MI"),
    (27, "MN"),
    (28, "MS"),
    (29, "MO"),
    (30, "MT"),
    (31, "NE"),
    (32, "NV"),
    (33, "NH"),
    (34, "NJ"),
    (35, "NM"),
    (36, "NY"),
    (37, "NC"),
    (38, "ND"),
    (39, "OH"),
    (40, "OK"),
    (41, "OR"),
    (42, "PA"),
    (44, "RI"),
    (45, "SC"),
    (46, "SD"),
    (47, "TN"),
    (48, "TX"),
    (49, "UT"),
    (50, "VT"),
    (51, "VA"),
    (53, "WA"),
    (54, "WV"),
    (55, "WI"),
    (56, "WY"),
    (60, "AS"),
    (66, "GU"),
    (69, "MP"),
    (72, "PR"),
    (74, "UM"),
    (78, "VI"),
];

/// A text that codes no area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no area is coded so: write a state or territory by ISO 3166-2, such as `US-HI`, or a county by its five digits (FIPS), \
     such as `15003`"
)]
pub struct InvalidAreaError;

impl Area {
    /// Returns whether all of another area lies in this one.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        self.state == other.state && (self.county == 0 || self.county == other.county)
    }

    /// Returns the state that it is, or lies in.
    #[must_use]
    pub fn state(self) -> Self {
        Self { county: 0, ..self }
    }
}

impl FromStr for Area {
    type Err = InvalidAreaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_state = |(state, _): &(u16, &str)| Self {
            state: *state,
            county: 0,
        };
        if let Some(letters) = text.strip_prefix("US-") {
            let found = STATES.iter().find(|(_, known)| *known == letters);
            return found.map(of_state).ok_or(InvalidAreaError);
        }
        let is_five = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let digits: u32 = text.parse().map_err(|_| InvalidAreaError)?;
        let county = u16::try_from(digits % 1_000).map_err(|_| InvalidAreaError)?;
        let found = STATES
            .iter()
            .find(|(state, _)| u32::from(*state) == digits / 1_000);
        let found = found.filter(|_| is_five && county > 0);
        found
            .map(|state| Self {
                county,
                ..of_state(state)
            })
            .ok_or(InvalidAreaError)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.county > 0 {
            return write!(f, "{:02}{:03}", self.state, self.county);
        }
        let known = STATES.iter().find(|(state, _)| *state == self.state);
        write!(f, "US-{}", known.map_or("", |(_, letters)| letters))
    }
}

impl Serialize for Area {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Area {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
